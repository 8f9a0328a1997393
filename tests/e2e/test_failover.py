"""A director loses power and comes back, in real time; the tests of this module go through that.

What clients see of it say the labs' scenarios, which run in virtual time.
"""

from __future__ import annotations

import pytest

from e2e.users import User, eventually, holds, requests, table

BOUND = 8.0
"""Seconds: 3 x advert_int + skew is 3.61 s for priority 100 (RFC 3768 6.1), and a margin."""


@pytest.fixture(scope="module")
def site(warm_resident: User) -> User:
    warm_resident.does("deploy", warm_resident.lab("failover"))
    requests(warm_resident, 4)
    warm_resident.does("exec", "lb01", "sh", "-c", "echo kept >/root/disk; echo lost >/run/memory")
    return warm_resident


@pytest.fixture(scope="module")
def without_lb01(site: User) -> float:
    """Seconds from the loss of lb01 until lb02 has the VIP."""
    assert holds(site, "lb01")
    site.does("stop", "lb01")
    return eventually(lambda: holds(site, "lb02"), 20, "lb02 holds the VIP")


@pytest.fixture(scope="module")
def lb01_again(site: User, without_lb01: float) -> float:
    """Seconds from lb01's boot until it has taken the VIP back."""
    assert without_lb01
    site.does("start", "lb01")
    return eventually(
        lambda: holds(site, "lb01") and not holds(site, "lb02"), 20, "lb01 alone holds the VIP"
    )


def test_the_backup_takes_the_vip_within_the_protocols_bound(without_lb01: float) -> None:
    # The backup cannot know of the loss before its master down interval is over.
    assert 1.0 < without_lb01 < BOUND


@pytest.mark.usefixtures("without_lb01")
def test_a_node_without_power_runs_nothing(site: User) -> None:
    done = site.tries("exec", "lb01", "true")
    assert done.code == 1
    assert "lb01 does not run; `lvsnet start lb01` starts it" in done.err
    again = site.tries("stop", "lb01")
    assert (again.code, again.err.count("\n")) == (1, 1)


def test_the_master_takes_the_vip_back(lb01_again: float) -> None:
    assert lb01_again < BOUND


@pytest.mark.usefixtures("lb01_again")
def test_a_reboot_empties_the_kernels_tables(site: User) -> None:
    assert set(table(site, "lb01").values()) == {(0, 0)}
    assert len(table(site, "lb01")) == 2


@pytest.mark.usefixtures("lb01_again")
def test_the_disk_outlives_a_reboot_and_run_does_not(site: User) -> None:
    assert site.does("exec", "lb01", "cat", "/root/disk") == "kept\n"
    assert site.tries("exec", "lb01", "test", "-e", "/run/memory").code == 1


@pytest.mark.usefixtures("lb01_again")
def test_a_node_that_runs_cannot_be_started(site: User) -> None:
    done = site.tries("start", "lb01")
    assert (done.code, done.err) == (1, "lvsnet: lb01 runs already\n")


def test_a_node_that_is_not_there_is_told_with_those_that_are(site: User) -> None:
    for command in ("stop", "start"):
        done = site.tries(command, "lb03")
        assert done.code == 1
        assert "no node lb03; it has client, lb01, lb02, nginx01, nginx02" in done.err
