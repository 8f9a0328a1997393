"""Who takes part in a service whose real servers are given by their addresses."""

from __future__ import annotations

import pytest
from plans import compiled, content, node, replaced

from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Address, AddressHeld

SITE = """
name: site
segments: {front: 192.0.2.0/24, back: 10.0.0.0/24}
nodes:
  lb01: {role: director, interfaces: {front: 192.0.2.2, back: 10.0.0.2}}
  lb02: {role: director, interfaces: {back: 10.0.0.3, front: 192.0.2.3}}
  rs1: {role: realserver, interfaces: {front: 192.0.2.11, back: 10.0.0.11}}
  rs2: {role: realserver, interfaces: {front: 192.0.2.12, back: 10.0.0.12}}
  rs3: {role: realserver, interfaces: {front: 192.0.2.13, back: 10.0.0.13}}
vrrp:
  VI_1:
    segment: front
    virtual_router_id: 1
    addresses: [192.0.2.100]
    priority: {lb01: 9, lb02: 8}
  WEB:
    segment: front
    virtual_router_id: 2
    addresses: [192.0.2.90/24]
    priority: {rs1: 9, rs2: 8}
services:
  web: {address: 192.0.2.100, port: 80, method: dr, scheduler: rr, real_servers: [rs1]}
"""
KEEPALIVED = "/etc/keepalived/keepalived.conf"


def by(*real_servers: str) -> str:
    return replaced(SITE, ("[rs1]", f"[{', '.join(real_servers)}]"))


def test_an_address_says_by_which_segment_a_real_server_is_reached() -> None:
    plan = compiled(by("10.0.0.11"))
    assert "real_server 10.0.0.11 80 {" in content(plan, "lb01", KEEPALIVED)
    assert {one.real_server for one in plan.listed} == {"10.0.0.11:80"}
    assert node(plan, "rs1").addresses == (Address("lo", "192.0.2.100/32"),)
    assert node(plan, "rs2").addresses == ()


def test_a_node_is_reached_by_its_first_segment() -> None:
    assert {one.real_server for one in compiled(SITE).listed} == {"192.0.2.11:80"}


def test_requests_may_come_in_by_another_segment_than_answers_leave() -> None:
    # The strict reverse path filter would drop them; for the segment of the VIP it would not.
    assert ("net.ipv4.conf.eth2.rp_filter", "2") in node(compiled(by("10.0.0.11")), "rs1").sysctls
    filters = [key for key, _ in node(compiled(SITE), "rs1").sysctls if "rp_filter" in key]
    assert filters == []


def test_all_that_can_hold_the_address_of_a_real_server_are_ready_for_it() -> None:
    plan = compiled(by("{address: 192.0.2.90, port: 80, weight: 5}"))
    for name in ("rs1", "rs2"):
        assert node(plan, name).addresses == (Address("lo", "192.0.2.100/32"),)
        assert ("net.ipv4.conf.all.arp_ignore", "1") in node(plan, name).sysctls
        assert node(plan, name).daemons[0].listens == (80,)
    assert node(plan, "rs3").addresses == ()
    conf = content(plan, "lb02", KEEPALIVED)
    assert "real_server 192.0.2.90 80 {\n        weight 5\n" in conf


def test_vips_of_real_servers_are_awaited_on_them() -> None:
    assert AddressHeld("192.0.2.90", ("rs1", "rs2")) in compiled(SITE).held


def test_nginx_listens_for_all_the_addresses_of_a_machine() -> None:
    plan = compiled(
        SITE + "  api: {address: 192.0.2.100, port: 81, method: dr, real_servers: [192.0.2.90]}\n"
    )
    assert node(plan, "rs1").daemons[0].listens == (80, 81)
    assert node(plan, "rs2").daemons[0].listens == (81,)


def test_an_address_of_nobody_is_an_error() -> None:
    with pytest.raises(LvsnetError, match=r"services\.web: 10\.0\.0\.99 is the address of no node"):
        compiled(by("10.0.0.99"))


def test_a_port_that_direct_routing_cannot_reach_is_written_and_not_awaited() -> None:
    plan = compiled(by("rs1", "{node: rs2, port: 8080}"))
    assert "real_server 192.0.2.12 8080 {" in content(plan, "lb01", KEEPALIVED)
    assert {one.real_server for one in plan.listed} == {"192.0.2.11:80"}
