"""What of a guest's memory its nodes may take."""

from __future__ import annotations

import pytest

from lvsnet.engine import cgroups
from lvsnet.engine.runtimes import oci
from lvsnet.guest import mounts

MEMINFO = """\
MemTotal:         {} kB
MemFree:          {} kB
MemAvailable:     {} kB
"""


@pytest.mark.parametrize(
    ("sizes", "beside"),
    [((116192, 84676, 93224), 49), ((502688, 469332, 473824), 67)],
    ids=["128M", "512M"],
)
def test_what_runs_beside_nodes_keeps_its_memory(sizes: tuple[int, int, int], beside: int) -> None:
    """With a site of five nodes it takes 42 MB, of guests of either size."""
    room = mounts.room(MEMINFO.format(*sizes))
    assert (sizes[0] * 1024 - room) // 2**20 == beside


def test_the_limit_is_that_of_the_group_of_all_nodes() -> None:
    assert str(mounts.NODES) == f"/sys/fs/cgroup{oci.TOP_CGROUP}"


def test_a_group_that_is_not_there_has_no_limit() -> None:
    assert cgroups.room("/lvsnet-none") is None
