"""labs/source-vrrp.yaml: static rules over addresses that VRRP moves, and the flaw in it."""

from __future__ import annotations

import pytest

from e2e.sites import CHECKED, answers, holders, listed, moves, start_nginx, stop_nginx
from e2e.users import VIP, User

FIRST, SECOND = "192.168.10.90", "192.168.10.91"


@pytest.fixture(scope="module")
def site(held: User) -> User:
    held.does("deploy", "source-vrrp")
    return held


def test_ten_requests_go_five_and_five(site: User) -> None:
    assert (holders(site, FIRST), holders(site, SECOND)) == (["nginx01"], ["nginx02"])
    assert listed(site, "lb01") == {f"{FIRST}:80": ("Route", "1"), f"{SECOND}:80": ("Route", "1")}
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}


def test_a_real_server_whose_nginx_fails_gives_its_address_away_and_takes_it_back(
    site: User,
) -> None:
    stop_nginx(site, "nginx01")
    moves(site, FIRST, "nginx02", CHECKED)
    assert answers(site, 10) == {"nginx02": 10}
    start_nginx(site, "nginx01")
    moves(site, FIRST, "nginx01", CHECKED)
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}


def test_the_vip_moves_when_a_director_dies(site: User) -> None:
    site.does("stop", "lb01")
    moves(site, VIP, "lb02")
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}
    site.does("start", "lb01")
    moves(site, VIP, "lb01", 20)


def test_the_rules_are_loaded_again_with_a_boot(site: User) -> None:
    assert listed(site, "lb01") == {f"{FIRST}:80": ("Route", "1"), f"{SECOND}:80": ("Route", "1")}


def test_the_flaw_an_unhealthy_real_server_takes_the_address_of_one_that_dies(site: User) -> None:
    """Facts on VRRP's BACKUP state: without a script it asks nobody whether it is well."""
    stop_nginx(site, "nginx02")
    moves(site, SECOND, "nginx01", CHECKED)
    assert answers(site, 10) == {"nginx01": 10}
    site.does("stop", "nginx01")
    moves(site, FIRST, "nginx02", CHECKED)
    refused = site.tries("exec", "client", "curl", "-sS", "-m", "2", FIRST)
    assert refused.code == 7
    assert "refused" in refused.err.lower() or "could not connect" in refused.err.lower()
    assert holders(site, SECOND) == []
