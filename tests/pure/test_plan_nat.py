"""NAT: the way back leads through the director that works."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from plans import compiled, content, node, paths, replaced, to_lab

from lvsnet.errors import LvsnetError
from lvsnet.lab.checks import nat
from lvsnet.lab.gateways import gateways
from lvsnet.plan.model import Route

SITE = """
name: site
segments: {front: 192.0.2.0/24, back: 10.0.0.0/24}
nodes:
  client: {role: client, interfaces: {front: 192.0.2.1}}
  lb01: {role: director, interfaces: {front: 192.0.2.2, back: 10.0.0.2}}
  lb02: {role: director, interfaces: {front: 192.0.2.3, back: 10.0.0.3}}
  rs1: {role: realserver, interfaces: {back: 10.0.0.11}}
  rs2: {role: realserver, interfaces: {back: 10.0.0.12}}
vrrp:
  FRONT:
    segment: front
    virtual_router_id: 1
    addresses: [192.0.2.100]
    priority: {lb01: 9, lb02: 8}
  BACK:
    segment: back
    virtual_router_id: 2
    addresses: [10.0.0.1/24]
    priority: {lb01: 9, lb02: 8}
services:
  web:
    address: 192.0.2.100
    port: 80
    method: nat
    scheduler: rr
    real_servers: [rs1, {node: rs2, port: 8080}]
"""
BACK = SITE[SITE.index("  BACK:") : SITE.index("services:")]
"""The VRRP instance of the gateway."""


def default_route(text: str, name: str = "rs1") -> list[str]:
    return [one.via for one in node(compiled(text), name).routes if one.destination == "default"]


def test_real_servers_answer_through_the_vip_that_the_directors_share_in_their_segment() -> None:
    assert node(compiled(SITE), "rs1").routes == (Route("default", "10.0.0.1"),)
    assert "via: 10.0.0.1\n" in content(compiled(SITE), "rs1", "/etc/netplan/50-lvsnet.yaml")


def test_real_servers_need_nothing_else() -> None:
    real_server = node(compiled(SITE), "rs1")
    assert real_server.addresses == ()
    assert real_server.sysctls == ()
    assert not {path for path in paths(compiled(SITE), "rs1") if "sysctl" in path or "lo_" in path}


def test_directors_forward() -> None:
    assert node(compiled(SITE), "lb02").sysctls == (("net.ipv4.ip_forward", "1"),)
    path = "/etc/sysctl.d/10-ipvsadm.conf"
    assert "net.ipv4.ip_forward = 1\n" in content(compiled(SITE), "lb02", path)


def test_keepalived_is_told_nat_and_the_port_of_each_real_server() -> None:
    conf = content(compiled(SITE), "lb01", "/etc/keepalived/keepalived.conf")
    assert "lb_kind NAT\n" in conf
    assert "real_server 10.0.0.11 80 {" in conf
    assert "real_server 10.0.0.12 8080 {" in conf
    assert "listen 8080;" in content(compiled(SITE), "rs2", "/etc/nginx/nginx.conf")


def test_real_servers_are_awaited_at_their_own_ports() -> None:
    assert {one.real_server for one in compiled(SITE).listed} == {"10.0.0.11:80", "10.0.0.12:8080"}


def test_a_default_route_of_the_users_takes_the_gateways_place() -> None:
    own = "rs1: {role: realserver, routes: [{to: default, via: 10.0.0.2}],"
    text = replaced(SITE, ("rs1: {role: realserver,", own))
    assert default_route(text) == ["10.0.0.2"]
    assert default_route(text, "rs2") == ["10.0.0.1"]


def test_other_routes_of_the_users_come_after_it() -> None:
    own = "rs1: {role: realserver, routes: [{to: 192.0.2.0/24, via: 10.0.0.2}],"
    text = replaced(SITE, ("rs1: {role: realserver,", own))
    assert node(compiled(text), "rs1").routes == (
        Route("default", "10.0.0.1"),
        Route("192.0.2.0/24", "10.0.0.2"),
    )


def test_a_vip_that_not_all_directors_can_hold_is_no_gateway() -> None:
    text = replaced(SITE, (BACK, BACK.replace(", lb02: 8", "")))
    assert default_route(text) == []


def test_a_lone_director_is_the_gateway_by_its_own_address() -> None:
    text = replaced(SITE, ("priority: {lb01: 9, lb02: 8}", "priority: {lb01: 9}"))
    assert default_route(text) == ["10.0.0.1"]
    text = replaced(SITE, (BACK, ""), ("priority: {lb01: 9, lb02: 8}", "priority: {lb01: 9}"))
    assert default_route(text) == ["10.0.0.2"]


def test_the_services_own_vip_is_no_gateway() -> None:
    one_armed = replaced(
        SITE, ("10.0.0.1/24", "10.0.0.100"), ("address: 192.0.2.100", "address: 10.0.0.100")
    )
    assert default_route(one_armed) == []
    beside = replaced(one_armed, ("[10.0.0.100]", "[10.0.0.100, 10.0.0.1]"))
    assert default_route(beside) == ["10.0.0.1"]


SECOND = (
    "\n  SECOND: {segment: back, virtual_router_id: 3, addresses: [10.0.0.5],"
    " priority: {lb01: 8, lb02: 9}}"
)


@pytest.mark.parametrize("group", ["[FRONT, BACK]", "[FRONT, SECOND]"])
def test_the_gateway_that_moves_with_the_service_comes_first(group: str) -> None:
    text = replaced(
        SITE, ("\nservices:", f"{SECOND}\nvrrp_sync_group: {{SITE: {group}}}\nservices:")
    )
    assert default_route(text) == ["10.0.0.1" if "BACK" in group else "10.0.0.5"]


def test_an_address_that_clients_ask_for_is_gateway_only_without_another() -> None:
    api = "  api: {address: 10.0.0.1, port: 81, method: dr, real_servers: [rs2]}\n"
    assert default_route(SITE + api) == ["10.0.0.1"]
    another = replaced(SITE, ("\nservices:", f"{SECOND}\nservices:"))
    assert default_route(another + api) == ["10.0.0.5"]


def test_two_services_agree_on_a_gateway() -> None:
    # By itself the second would rather have the address that its own instance moves.
    text = replaced(SITE, ("addresses: [10.0.0.1/24]", "addresses: [10.0.0.99, 10.0.0.1/24]"))
    api = "  api: {address: 10.0.0.99, port: 81, method: nat, real_servers: [rs1]}\n"
    assert default_route(text + api) == ["10.0.0.1"]


def test_services_that_want_different_gateways_are_an_error() -> None:
    text = SITE.replace("priority: {lb01: 9, lb02: 8}", "priority: {lb01: 9}")
    others = replaced(
        text,
        (
            "\nservices:",
            SECOND.replace("SECOND: {segment: back", "F2: {segment: front")
            .replace("10.0.0.5", "192.0.2.101")
            .replace("lb01: 8, ", "")
            + "\nservices:",
        ),
    )
    api = "  api: {address: 192.0.2.101, port: 80, method: nat, real_servers: [rs1]}\n"
    with pytest.raises(
        LvsnetError, match=r"node rs1: .* 10\.0\.0\.1; 10\.0\.0\.3\. .* routes of its own"
    ):
        compiled(others + api)
    own = "rs1: {role: realserver, routes: [{to: default, via: 10.0.0.3}],"
    assert default_route(replaced(others + api, ("rs1: {role: realserver,", own))) == ["10.0.0.3"]


def test_directors_send_no_redirects_where_clients_are_neighbours_of_real_servers() -> None:
    # Redirects are sent where either all or the interface says so.
    text = replaced(
        SITE,
        (
            "client: {role: client, interfaces: {front: 192.0.2.1}}",
            "client: {role: client, interfaces: {back: 10.0.0.9}}",
        ),
    )
    assert node(compiled(text), "lb01").sysctls == (
        ("net.ipv4.ip_forward", "1"),
        ("net.ipv4.conf.all.send_redirects", "0"),
        ("net.ipv4.conf.default.send_redirects", "0"),
        ("net.ipv4.conf.eth2.send_redirects", "0"),
    )


def test_a_client_beside_a_real_servers_other_interface_is_its_neighbour_too() -> None:
    text = replaced(SITE, ("{back: 10.0.0.11}", "{back: 10.0.0.11, front: 192.0.2.11}"))
    assert ("net.ipv4.conf.eth1.send_redirects", "0") in node(compiled(text), "lb01").sysctls


def test_one_real_server_serves_by_nat_and_by_dr() -> None:
    api = "  api: {address: 192.0.2.100, port: 443, method: dr, real_servers: [rs1]}\n"
    real_server = node(compiled(SITE + api), "rs1")
    assert real_server.routes == (Route("default", "10.0.0.1"),)
    assert [address.address for address in real_server.addresses] == ["192.0.2.100/32"]
    assert real_server.daemons[0].listens == (80, 443)
    assert node(compiled(SITE + api), "rs2").addresses == ()


def test_gateways_are_looked_for_once_a_way_back_and_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vips = [f"192.0.2.{number}" for number in range(100, 120)]
    text = SITE.replace("addresses: [192.0.2.100]", f"addresses: [{', '.join(vips)}]")
    _, _, web = text.partition("  web:\n")
    for number, vip in enumerate(vips[1:]):
        text += f"  web-{number}:\n{web.replace('192.0.2.100', vip)}"
    found = Mock(side_effect=gateways)
    monkeypatch.setattr(nat, "gateways", found)
    lab = to_lab(text)
    for check in (nat.return_path, nat.one_gateway, nat.gateway_apart):
        found.reset_mock()
        list(check(lab))
        assert found.call_count == 2 * len(vips), check
