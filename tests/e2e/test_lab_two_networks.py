"""labs/two-networks.yaml: clients in front; checks, monitoring and the directors' load behind."""

from __future__ import annotations

import pytest

from e2e.sites import answers, listed, moves, seen
from e2e.users import VIP, User

NGINX01, NGINX02 = "172.16.10.13:80", "172.16.10.14:80"


@pytest.fixture(scope="module")
def site(held: User) -> User:
    held.does("deploy", "two-networks")
    return held


def test_the_directors_have_the_real_servers_by_their_back_addresses(site: User) -> None:
    for director in ("lb01", "lb02"):
        assert listed(site, director) == {NGINX01: ("Route", "1"), NGINX02: ("Route", "1")}


def test_requests_are_spread(site: User) -> None:
    assert answers(site, 10) == {"nginx01": 5, "nginx02": 5}


def test_checks_and_requests_come_by_the_back_network(site: User) -> None:
    for what in ("src 172.16.10.11 and dst 172.16.10.13", f"src 192.168.10.10 and dst {VIP}"):
        assert seen(site, "nginx01", f"-i eth2 'tcp dst port 80 and {what}'", 5), what


def test_no_packet_of_a_request_comes_by_the_front_network(site: User) -> None:
    assert not seen(site, "nginx01", "-i eth1 'tcp dst port 80'", 5)


def test_the_monitoring_machine_reaches_the_real_servers_behind(site: User) -> None:
    assert site.does("exec", "monitor", "curl", "-s", "172.16.10.14") == "nginx02\n"


def test_a_director_that_loses_its_back_link_gives_the_vip_away(site: User) -> None:
    site.does("exec", "lb01", "ip", "link", "set", "eth2", "down")
    moves(site, VIP, "lb02")
    assert answers(site, 4) == {"nginx01": 2, "nginx02": 2}
    site.does("exec", "lb01", "ip", "link", "set", "eth2", "up")
    moves(site, VIP, "lb01", 20)


def test_a_director_that_dies_is_followed(site: User) -> None:
    moves(site, VIP, "lb01")
    site.does("stop", "lb01")
    moves(site, VIP, "lb02")
    assert answers(site, 4) == {"nginx01": 2, "nginx02": 2}
