"""labs/source-virtual-server.yaml: keepalived on the directors checks the real servers."""

from __future__ import annotations

import pytest

from e2e.sites import CHECKED, answers, listed, moves, start_nginx, stop_nginx
from e2e.users import VIP, User

NGINX01, NGINX02 = "192.168.10.13:80", "192.168.10.14:80"


@pytest.fixture(scope="module")
def site(held: User) -> User:
    held.does("deploy", "source-virtual-server")
    return held


def lists(site: User, *real_servers: str) -> bool:
    return all(set(listed(site, one)) == set(real_servers) for one in ("lb01", "lb02"))


def test_requests_are_spread(site: User) -> None:
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}


def test_a_dead_real_server_leaves_both_tables_and_comes_back(site: User) -> None:
    stop_nginx(site, "nginx01")
    site.comes("real_server nginx01 out of lb01 and real_server nginx01 out of lb02", CHECKED)
    assert lists(site, NGINX02)
    assert answers(site, 10) == {"nginx02": 10}
    start_nginx(site, "nginx01")
    site.comes("real_server nginx01 in lb01 and real_server nginx01 in lb02", CHECKED)
    assert lists(site, NGINX01, NGINX02)
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}


def test_the_vip_moves_when_a_director_dies(site: User) -> None:
    site.does("stop", "lb01")
    moves(site, VIP, "lb02")
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}
