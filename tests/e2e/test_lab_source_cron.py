"""labs/source-cron.yaml: cron on the directors tests the real servers once a minute."""

from __future__ import annotations

import pytest

from e2e.sites import answers, listed, moves, start_nginx, stop_nginx
from e2e.users import VIP, User, eventually

NGINX01, NGINX02 = "192.168.10.13:80", "192.168.10.14:80"
MINUTE = 80.0
"""Seconds in which cron runs what is to be run every minute, and the script its requests."""
CHECK = "/usr/local/sbin/check-real-servers"


@pytest.fixture(scope="module")
def site(resident: User) -> User:
    resident.does("deploy", "source-cron")
    return resident


def test_requests_are_spread(site: User) -> None:
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}


def test_cron_takes_a_dead_real_server_out_of_both_directors(site: User) -> None:
    stop_nginx(site, "nginx01")
    assert set(listed(site, "lb01")) == {NGINX01, NGINX02}
    for director in ("lb01", "lb02"):
        eventually(
            lambda director=director: set(listed(site, director)) == {NGINX02},  # type: ignore[misc]
            MINUTE,
            f"{director} has taken nginx01 out",
        )
    assert answers(site, 10) == {"nginx02": 10}


def test_the_script_puts_it_back_and_does_nothing_more(site: User) -> None:
    start_nginx(site, "nginx01")
    for director in ("lb01", "lb02"):
        for _ in range(2):
            site.does("exec", director, CHECK)
        assert listed(site, director) == {NGINX01: ("Route", "1"), NGINX02: ("Route", "1")}
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}


def test_the_vip_moves_when_a_director_dies(site: User) -> None:
    site.does("stop", "lb01")
    moves(site, VIP, "lb02")
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}
