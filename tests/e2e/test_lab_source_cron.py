"""labs/source-cron.yaml: cron on the directors tests the real servers once a minute."""

from __future__ import annotations

import pytest

from e2e.sites import answers, listed, moves, start_nginx, stop_nginx
from e2e.users import VIP, User

NGINX01, NGINX02 = "192.168.10.13:80", "192.168.10.14:80"
MINUTE = 61.0
"""Seconds of the lab's time in which cron runs what is to be run every minute, and the script its
requests."""
CHECK = "/usr/local/sbin/check-real-servers"


@pytest.fixture(scope="module")
def site(held: User) -> User:
    held.does("deploy", "source-cron")
    return held


def test_requests_are_spread(site: User) -> None:
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}


def test_cron_takes_a_dead_real_server_out_of_both_directors(site: User) -> None:
    stop_nginx(site, "nginx01")
    assert set(listed(site, "lb01")) == {NGINX01, NGINX02}
    site.comes("real_server nginx01 out of lb01 and real_server nginx01 out of lb02", MINUTE)
    assert [set(listed(site, one)) for one in ("lb01", "lb02")] == [{NGINX02}, {NGINX02}]
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
