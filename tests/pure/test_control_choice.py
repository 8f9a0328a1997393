"""Where a lab runs, by what is wished and what there is."""

from __future__ import annotations

import pytest

from lvsnet.control.choice import Surroundings, Wish, choose
from lvsnet.errors import LvsnetError

EVERYTHING = Surroundings(root=True, no_docker="", no_ipvs="")
NO_IPVS = Surroundings(root=True, no_docker="", no_ipvs="this machine's kernel has no IPVS")
NO_DOCKER = Surroundings(root=True, no_docker="no Docker engine answers", no_ipvs="")
NOTHING = Surroundings(False, "no Docker engine answers", "this machine's kernel has no IPVS")
ORDINARY = Surroundings(root=False, no_docker="no Docker engine answers", no_ipvs="")


@pytest.mark.parametrize(
    ("wish", "there", "runtime", "kernel", "reason"),
    [
        (Wish(), EVERYTHING, "docker", "host", "a Docker engine answers, and this machine's"),
        (Wish(), NO_IPVS, "crun", "guest", "this machine's kernel has no IPVS"),
        (Wish(), NO_DOCKER, "crun", "guest", "no Docker engine answers"),
        (Wish(), NOTHING, "crun", "guest", "no Docker engine answers, and this machine's kernel"),
        (Wish(), ORDINARY, "crun", "guest", "no Docker engine answers"),
        (Wish(kernel="host"), EVERYTHING, "docker", "host", "a Docker engine answers"),
        (Wish(kernel="host"), NO_DOCKER, "crun", "host", "no Docker engine answers"),
        (Wish(kernel="guest"), EVERYTHING, "crun", "guest", "as it was asked for"),
        (Wish("crun"), EVERYTHING, "crun", "guest", "needs no Docker engine"),
        (Wish("crun", "host"), EVERYTHING, "crun", "host", "as it was asked for"),
        (Wish("crun", "guest"), ORDINARY, "crun", "guest", "as it was asked for"),
        (Wish("docker"), NO_IPVS, "docker", "host", "as it was asked for"),
        (Wish("docker", "host"), NO_DOCKER, "docker", "host", "as it was asked for"),
        (Wish("containerlab"), EVERYTHING, "containerlab", "host", "as it was asked for"),
    ],
)
def test_where_a_lab_runs_and_why(
    wish: Wish, there: Surroundings, runtime: str, kernel: str, reason: str
) -> None:
    choice = choose(wish, lambda: there)
    assert (choice.runtime, choice.kernel) == (runtime, kernel)
    assert choice.reason.startswith(reason)


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish("docker", "guest"), "--runtime docker runs on this machine's own kernel only"),
        (Wish("containerlab", "guest"), "--runtime containerlab runs on this machine's own"),
        (Wish("crun", "host"), "needs root; use sudo, or --kernel guest"),
        (Wish(kernel="host"), "no Docker engine answers, and without Docker it needs root"),
    ],
)
def test_what_cannot_be_had_is_refused_with_the_way_out(wish: Wish, message: str) -> None:
    with pytest.raises(LvsnetError, match=message):
        choose(wish, lambda: ORDINARY)
