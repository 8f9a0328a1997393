"""When a site is up: each VIP has one holder, each checked real server is in the tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lvsnet.observe.model import Address, Node, RealServer, Service, Site
from lvsnet.observe.site import lacks
from lvsnet.plan.model import AddressHeld, Plan, RealServerListed

VIP = "192.168.10.100"
RIPS = ("192.168.10.13:80", "192.168.10.14:80")
PLAN = Plan(
    lab="dr",
    segments=(),
    nodes=(),
    kernel=(),
    held=(AddressHeld(VIP, ("lb01", "lb02")),),
    listed=tuple(
        RealServerListed(node, "tcp", f"{VIP}:80", rip) for node in ("lb01", "lb02") for rip in RIPS
    ),
)


def table(*rips: str, protocol: str = "tcp") -> tuple[Service, ...]:
    servers = tuple(RealServer(rip, "dr", 1, 0, 0) for rip in rips)
    return (Service(protocol, f"{VIP}:80", "rr", servers),)


def director(name: str, *addresses: str, services: tuple[Service, ...] = table(*RIPS)) -> Node:
    own = tuple(Address("eth1", address) for address in addresses)
    return Node(name, "director", True, own, (("keepalived", True),), services)


REAL_SERVER = Node("nginx01", "realserver", True, (Address("lo", f"{VIP}/32"),), (), ())
"""Holds the VIP on lo, as with method dr."""
UP = director("lb01", f"{VIP}/32")
BACKUP = director("lb02")


def site_of(*nodes: Node) -> Site:
    return Site(nodes, (VIP,))


def test_a_site_that_is_up_lacks_nothing() -> None:
    assert lacks(PLAN, site_of(UP, BACKUP, REAL_SERVER)) == []
    assert site_of(UP, BACKUP, REAL_SERVER).holders(VIP) == ["lb01"]


def test_a_real_server_holds_an_address_of_its_own() -> None:
    rip = "192.168.10.90"
    shared = replace(REAL_SERVER, addresses=(*REAL_SERVER.addresses, Address("eth1", f"{rip}/24")))
    plan = replace(PLAN, held=(AddressHeld(rip, ("nginx01", "nginx02")),), listed=())
    assert site_of(UP, shared).holders(rip) == ["nginx01"]
    assert lacks(plan, site_of(UP, shared)) == []
    assert lacks(plan, site_of(UP, REAL_SERVER)) == [f"VIP {rip} is on none of nginx01, nginx02"]


def test_a_real_server_with_the_vip_on_lo_is_no_holder() -> None:
    site = site_of(director("lb01"), BACKUP, REAL_SERVER)
    assert lacks(PLAN, site) == [f"VIP {VIP} is on none of lb01, lb02"]


def test_a_director_with_the_vip_on_lo_is_no_holder() -> None:
    on_lo = replace(UP, addresses=(Address("lo", f"{VIP}/32"),))
    assert site_of(on_lo).holders(VIP) == []


@pytest.mark.parametrize("other", ["192.168.10.10/32", "192.168.10.1/32", "92.168.10.100/32"])
def test_another_address_is_not_the_vip(other: str) -> None:
    assert site_of(director("lb01", other)).holders(VIP) == []


def test_two_holders_are_one_too_many() -> None:
    site = site_of(UP, director("lb02", f"{VIP}/24"), REAL_SERVER)
    assert lacks(PLAN, site) == [f"VIP {VIP} is on lb01 and lb02"]


def test_a_node_that_is_not_one_of_the_instance_does_not_count() -> None:
    site = site_of(director("lb01"), BACKUP, director("lb03", f"{VIP}/32"))
    assert lacks(PLAN, site) == [f"VIP {VIP} is on none of lb01, lb02"]


@pytest.mark.parametrize("services", [(), table(), table(RIPS[0])])
def test_each_real_server_must_be_in_each_directors_table(services: tuple[Service, ...]) -> None:
    site = site_of(UP, replace(BACKUP, services=services))
    assert f"lb02 does not list {RIPS[1]} for {VIP}:80" in lacks(PLAN, site)


def test_the_same_address_for_udp_is_another_service() -> None:
    site = site_of(UP, replace(BACKUP, services=table(*RIPS, protocol="udp")))
    assert len(lacks(PLAN, site)) == 2


def test_a_site_without_directors_is_up() -> None:
    assert (
        lacks(
            replace(PLAN, held=(), listed=()),
            site_of(
                REAL_SERVER,
            ),
        )
        == []
    )


def test_nobody_waits_for_real_servers_that_a_backup_does_not_look_at() -> None:
    """ha_suspend of keepalived: they are in the table of the director that has the VIP."""
    suspended = tuple(replace(one, suspended=True) for one in PLAN.listed)
    empty = director("lb02", services=())
    assert lacks(replace(PLAN, listed=suspended), site_of(UP, empty, REAL_SERVER)) == []
    assert lacks(PLAN, site_of(UP, empty, REAL_SERVER)) != []
