"""How much of memory the disks of a lab's nodes may take."""

from __future__ import annotations

from lvsnet.engine.runtimes import disks

MEMINFO = """\
MemTotal:         502688 kB
MemFree:          383104 kB
MemAvailable:     453176 kB
SwapTotal:             0 kB
"""


def test_half_of_what_is_available_stays_for_processes() -> None:
    assert disks.limit(MEMINFO, None) == 453176 * 1024 // 2


def test_half_of_what_nodes_may_take_stays_for_them() -> None:
    assert disks.limit(MEMINFO, 400 * 2**20) == 200 * 2**20
    assert disks.limit(MEMINFO, 500 * 2**20) == 453176 * 1024 // 2
