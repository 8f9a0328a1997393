"""Directors that are real servers as well."""

from __future__ import annotations

import pytest
from plans import compiled, content, node, paths, replaced
from test_export_topology import EXAMPLES, plan_of
from test_lab_checks import rules

from lvsnet.export.packages import lists, of_machine
from lvsnet.plan.model import Address

SITE = """
name: site
segments: {lan: 192.0.2.0/24}
nodes:
  lb01: {role: director, interfaces: {lan: 192.0.2.2}}
  lb02: {role: director, interfaces: {lan: 192.0.2.3}}
vrrp:
  VI_1: {segment: lan, virtual_router_id: 7, addresses: [192.0.2.100], priority: {lb01: 9, lb02: 8}}
sync_daemon: {segment: lan}
services:
  web: {address: 192.0.2.100, port: 80, method: dr, scheduler: rr, real_servers: [lb01, lb02]}
"""


def test_a_director_that_serves_is_both() -> None:
    plan = compiled(SITE)
    for name in ("lb01", "lb02"):
        director = node(plan, name)
        assert [daemon.name for daemon in director.daemons] == ["nginx", "keepalived"]
        assert director.addresses == (Address("lo", "192.0.2.100/32"),)
        assert {
            ("net.ipv4.conf.all.arp_ignore", "1"),
            ("net.ipv4.vs.backup_only", "1"),
        } <= set(director.sysctls)
        # The sysctl is there only once the module is.
        assert "/etc/modules-load.d/ipvs.conf" in paths(plan, name)
        conf = content(plan, name, "/etc/keepalived/keepalived.conf")
        assert "real_server 192.0.2.2 80" in conf
        assert "real_server 192.0.2.3 80" in conf
        assert "lvs_sync_daemon eth1 inst VI_1 id 7" in conf


@pytest.mark.parametrize("method", ["nat", "tun"])
def test_by_other_methods_a_lone_director_serves_too(method: str) -> None:
    alone = replaced(SITE, ("method: dr", f"method: {method}"), ("[lb01, lb02]", "[lb01]"))
    plan = compiled(replaced(alone, ("lb01: 9, lb02: 8", "lb01: 9")))
    director = node(plan, "lb01")
    assert director.routes == ()
    assert [one.interface for one in director.addresses] == (["tunl0"] if method == "tun" else [])
    assert "nginx" in [daemon.name for daemon in director.daemons]


def test_a_director_of_other_services_is_a_real_server_as_any() -> None:
    other = replaced(
        SITE,
        ("vrrp:\n", "  lb03: {role: director, interfaces: {lan: 192.0.2.4}}\nvrrp:\n"),
        ("[lb01, lb02]", "[lb03]"),
    )
    third = node(compiled(other), "lb03")
    assert third.addresses == (Address("lo", "192.0.2.100/32"),)
    assert "net.ipv4.vs.backup_only" not in dict(third.sysctls)


def test_a_machine_has_nginx_only_where_it_serves() -> None:
    for lab, wanted in (("dr", False), ("local-director", True)):
        machine = node(plan_of(EXAMPLES[lab]), "lb01")
        assert ("nginx-light" in of_machine(machine, lists())) is wanted


def test_the_lab_is_refused_without_its_sync_daemon() -> None:
    text = EXAMPLES["local-director"].read_text()
    assert rules(text) == []
    assert rules(replaced(text, ("sync_daemon: {segment: lan}\n", ""))) == ["director-loop"]
    # Both of ipvsadm's daemons run all the time, so neither director would balance.
    by_ipvsadm = replaced(text, ("{segment: lan}", "{segment: lan, configured_by: ipvsadm}"))
    assert rules(by_ipvsadm) == ["director-loop"]
