"""Stopping a node is its power loss: nothing in it can say goodbye, on whatever link."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from e2e.sites import answers, heard, listen, moves
from e2e.users import User
from lvsnet.resources import example_labs

FRONT = "192.168.10.100"
CLIENT = "192.168.10.10"
LINKS = ("eth1", "eth2")


@pytest.fixture(scope="module")
def site(warm_held: User) -> User:
    warm_held.does("deploy", str(example_labs()["nat"]))
    return warm_held


@pytest.fixture(scope="module")
def adverts(site: User) -> list[str]:
    """What lb02 hears of lb01's VRRP on both of its links while lb01 loses power."""
    assert answers(site, 4)
    for link in LINKS:
        listen(site, "lb02", f"-v -i {link} vrrp", link)
    site.passes(3)
    site.does("stop", "lb01")
    moves(site, FRONT, "lb02")
    return [line for link in LINKS for line in heard(site, "lb02", 0, link)]


def test_no_advert_with_priority_zero_is_sent(adverts: list[str]) -> None:
    """By RFC 3768 5.3.4 it says that the master stops taking part: no power loss does that."""
    priorities = [int(found[1]) for line in adverts if (found := re.search(r"prio (\d+)", line))]
    assert priorities, adverts
    assert 0 not in priorities


def test_a_node_that_starts_again_knows_nothing(site: User, adverts: list[str]) -> None:
    assert adverts
    site.does("start", "lb01")
    moves(site, FRONT, "lb01", 20)
    site.does("exec", "client", "curl", "-s", "-m", "5", FRONT)
    site.does("exec", "lb01", "ip", "route", "add", "blackhole", "203.0.113.0/24")
    before = memory(site, "lb01")
    assert before.connections
    assert before.neighbours >= {CLIENT}
    assert "blackhole 203.0.113.0/24" in before.routes
    site.does("stop", "lb01")
    site.does("start", "lb01")
    moves(site, FRONT, "lb01", 20)
    after = memory(site, "lb01")
    assert not after.connections
    assert CLIENT not in after.neighbours
    assert after.routes == [one for one in before.routes if "blackhole" not in one]
    assert "no answer" not in answers(site, 4)


@dataclass(frozen=True)
class Memory:
    """What a node's kernel remembers."""

    connections: list[str]
    """Of IPVS."""
    neighbours: set[str]
    routes: list[str]


def memory(site: User, node: str) -> Memory:
    def said(*command: str) -> str:
        return site.does("exec", node, *command)

    return Memory(
        connections=said("ipvsadm", "-Lnc").splitlines()[2:],
        neighbours={line.split()[0] for line in said("ip", "neigh").splitlines()},
        routes=[line.strip() for line in said("ip", "route").splitlines()],
    )
