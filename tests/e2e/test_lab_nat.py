"""labs/nat.yaml: the answers pass the director, and its gateway address moves with the VIP."""

from __future__ import annotations

import pytest

from e2e.sites import answers, inactive, listed, moves, seen
from e2e.users import VIP, User

GATEWAY = "172.16.10.1"
NGINX01, NGINX02 = "172.16.10.13:8080", "172.16.10.14:8080"


@pytest.fixture(scope="module")
def site(held: User) -> User:
    held.does("deploy", "nat")
    return held


def test_requests_are_spread_and_masqueraded(site: User) -> None:
    assert listed(site, "lb01") == {NGINX01: ("Masq", "1"), NGINX02: ("Masq", "1")}
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}
    assert inactive(site, "lb01") == {NGINX01: 5, NGINX02: 5}


def test_a_real_server_sees_the_clients_address_and_answers_through_the_director(
    site: User,
) -> None:
    route = site.does("exec", "nginx01", "ip", "route", "get", "192.168.10.10")
    assert f"via {GATEWAY} dev eth1 src 172.16.10.13" in route
    request = "tcp dst port 8080 and src 192.168.10.10"
    assert seen(site, "nginx01", f"-i eth1 '{request}'", 0.1)


def test_both_addresses_move_when_only_the_front_link_is_lost(site: User) -> None:
    site.does("exec", "lb01", "ip", "link", "set", "eth1", "down")
    moves(site, VIP, "lb02")
    moves(site, GATEWAY, "lb02")
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}
    site.does("exec", "lb01", "ip", "link", "set", "eth1", "up")
    moves(site, VIP, "lb01", 20)
    moves(site, GATEWAY, "lb01")


def test_both_addresses_move_when_a_director_dies(site: User) -> None:
    moves(site, VIP, "lb01")
    site.does("stop", "lb01")
    moves(site, VIP, "lb02")
    moves(site, GATEWAY, "lb02")
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}
