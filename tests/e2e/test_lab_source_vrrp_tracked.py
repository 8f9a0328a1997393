"""labs/source-vrrp-tracked.yaml: a machine whose nginx does not run takes no address."""

from __future__ import annotations

import pytest

from e2e.sites import CHECKED, TAKEOVER, answers, holders, moves, stop_nginx
from e2e.users import User

FIRST, SECOND = "192.168.10.90", "192.168.10.91"


@pytest.fixture(scope="module")
def site(held: User) -> User:
    held.does("deploy", "source-vrrp-tracked")
    return held


def test_an_unhealthy_real_server_takes_no_address(site: User) -> None:
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}
    stop_nginx(site, "nginx02")
    moves(site, SECOND, "nginx01", CHECKED)
    site.does("stop", "nginx01")
    fault = "(NGINX_01) Entering FAULT STATE"
    site.passes(TAKEOVER)
    assert fault in site.does("logs", "nginx02")
    assert (holders(site, FIRST), holders(site, SECOND)) == ([], [])


def test_it_takes_none_for_longer_than_a_backup_waits_for_its_master(site: User) -> None:
    """The master down interval for priority 50 is 3.8 s (RFC 3768 6.1)."""
    for address in (FIRST, SECOND):
        site.never(f"vip {address} on nginx02", 60)
    assert (holders(site, FIRST), holders(site, SECOND)) == ([], [])


def test_the_site_answers_again_when_one_that_is_well_is_back(site: User) -> None:
    site.does("start", "nginx01")
    moves(site, FIRST, "nginx01", 20)
    moves(site, SECOND, "nginx01", 20)
    assert answers(site, 10) == {"nginx01": 10}
