"""Services that ipvsadm configures, and the timeouts of IPVS."""

from __future__ import annotations

import pytest
from plans import below, compiled, content, node, paths, replaced, statements

from lvsnet.plan.model import Plan

SITE = """
name: site
segments: {front: 192.0.2.0/24, back: 10.0.0.0/24}
nodes:
  lb01: {role: director, interfaces: {back: 10.0.0.2, front: 192.0.2.2}}
  lb02: {role: director, interfaces: {back: 10.0.0.3, front: 192.0.2.3}}
  rs1: {role: realserver, interfaces: {back: 10.0.0.11}}
  rs2: {role: realserver, interfaces: {back: 10.0.0.12}}
vrrp:
  VI_1:
    segment: front
    virtual_router_id: 1
    addresses: [192.0.2.100]
    priority: {lb01: 9, lb02: 8}
services:
  web:
    address: 192.0.2.100
    port: 80
    method: dr
    scheduler: wrr
    configured_by: ipvsadm
    real_servers: [{node: rs1, weight: 3}, rs2]
"""
CHECKED = "  api: {address: 192.0.2.100, port: 81, method: dr, real_servers: [rs2]}\n"
TIMEOUTS = "timeouts: {tcp: 15m, udp: 20s}\n"

RULES = "/etc/ipvsadm.rules"
DEFAULTS = "/etc/default/ipvsadm"
KEEPALIVED = "/etc/keepalived/keepalived.conf"
ORDER = "/etc/systemd/system/keepalived.service.d/50-lvsnet.conf"
LOAD = ("sh", "-c", "grep -v '^#' /etc/ipvsadm.rules | ipvsadm --restore")


def rules(plan: Plan, name: str = "lb01") -> list[str]:
    """What Debian's init script gives to ipvsadm -R."""
    lines = content(plan, name, RULES).splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_rules_are_as_ipvsadm_saves_them() -> None:
    plan = compiled(SITE)
    assert rules(plan) == [
        "-A -t 192.0.2.100:80 -s wrr",
        "-a -t 192.0.2.100:80 -r 10.0.0.11:80 -g -w 3",
        "-a -t 192.0.2.100:80 -r 10.0.0.12:80 -g -w 1",
    ]
    # The backup director has them too.
    assert rules(plan, "lb02") == rules(plan)


def test_nat_is_masquerading_to_ipvsadm() -> None:
    text = replaced(SITE, ("method: dr", "method: nat"), ("rs2]", "{node: rs2, port: 8080}]"))
    assert rules(compiled(text))[-1] == "-a -t 192.0.2.100:80 -r 10.0.0.12:8080 -m -w 1"


def test_defaults_load_the_rules_at_the_start_of_a_machine() -> None:
    lines = content(compiled(SITE), "lb01", DEFAULTS).splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'AUTO="true"',
        'DAEMON="none"',
        'IFACE="eth2"',
    ]


def test_rules_are_loaded_before_the_users_own_commands() -> None:
    own = "lb01: {role: director, exec: [ipvsadm -Z],"
    plan = compiled(replaced(SITE, ("lb01: {role: director,", own)))
    assert node(plan, "lb01").commands == (LOAD, ("sh", "-c", "ipvsadm -Z"))
    assert node(plan, "lb02").commands == (LOAD,)
    assert node(plan, "rs1").commands == ()


def test_keepalived_is_for_vrrp_only() -> None:
    conf = content(compiled(SITE), "lb01", KEEPALIVED)
    assert "vrrp_instance VI_1" in conf
    assert "virtual_server" not in conf


def test_what_nobody_checks_is_in_the_table_from_the_start() -> None:
    assert len(compiled(SITE).listed) == 4


def test_a_director_has_services_of_both_kinds() -> None:
    plan = compiled(SITE + CHECKED)
    assert len(rules(plan)) == 3
    assert "virtual_server 192.0.2.100 81 {" in content(plan, "lb01", KEEPALIVED)
    assert "virtual_server 192.0.2.100 80 {" not in content(plan, "lb01", KEEPALIVED)
    assert len(plan.listed) == 6


def test_ipvsadm_comes_first_where_both_have_a_part_in_the_table() -> None:
    # Its init script empties the table.
    assert "After=ipvsadm.service\n" in content(compiled(SITE + CHECKED), "lb01", ORDER)
    assert ORDER not in paths(compiled(SITE), "lb01")
    assert ORDER not in paths(compiled(SITE.replace("configured_by: ipvsadm", "")), "lb01")


def test_rules_of_the_users_own_are_loaded_and_nothing_is_awaited_of_them() -> None:
    own = f"lb01: {{role: director, files: {{{RULES}: ''}},"
    plan = compiled(replaced(SITE + CHECKED, ("lb01: {role: director,", own)))
    assert content(plan, "lb01", RULES) == ""
    assert node(plan, "lb01").commands == (LOAD,)
    assert {one.service for one in plan.listed if one.node == "lb01"} == {"192.0.2.100:81"}
    assert len([one for one in plan.listed if one.node == "lb02"]) == 3


@pytest.mark.parametrize(
    ("timeouts", "rule"),
    [
        ("{tcp: 15m, udp: 20s}", "--set 900 0 20"),
        ("{tcp_fin: 30s}", "--set 0 30 0"),
        ("{tcp: 1h, tcp_fin: 1s, udp: 1m}", "--set 3600 1 60"),
    ],
)
def test_ipvsadm_sets_the_timeouts_where_it_is_alone(timeouts: str, rule: str) -> None:
    plan = compiled(f"{SITE}timeouts: {timeouts}\n")
    assert rules(plan)[0] == rule
    assert len(rules(plan)) == 4
    assert "lvs_timeouts" not in content(plan, "lb01", KEEPALIVED)


@pytest.mark.parametrize(
    ("timeouts", "line"),
    [
        ("{tcp: 15m, udp: 20s}", "lvs_timeouts tcp 900 udp 20"),
        ("{tcp_fin: 30s}", "lvs_timeouts tcpfin 30"),
    ],
)
def test_keepalived_sets_the_timeouts_where_it_has_virtual_servers(
    timeouts: str, line: str
) -> None:
    plan = compiled(f"{SITE}{CHECKED}timeouts: {timeouts}\n")
    assert line in below(content(plan, "lb01", KEEPALIVED), "global_defs")
    assert not [rule for rule in rules(plan) if rule.startswith("--set")]


def test_no_timeouts_are_set_that_are_not_given() -> None:
    plan = compiled(SITE + CHECKED)
    assert rules(plan)[0].startswith("-A")
    conf = content(plan, "lb01", KEEPALIVED)
    assert statements(conf)[:1] == [("global_defs", "router_id lb01")]
    assert "lvs_timeouts" not in conf


@pytest.mark.parametrize("own", ["", "keepalived: {content: own},"])
def test_timeouts_hold_on_a_director_without_services_or_with_its_own(own: str) -> None:
    text = replaced(
        SITE + CHECKED + TIMEOUTS,
        ("{lb01: 9, lb02: 8}", "{lb02: 8}"),
        ("lb01: {role: director,", f"lb01: {{role: director, {own}"),
    )
    plan = compiled(text)
    assert rules(plan) == ["--set 900 0 20"]
    assert 'AUTO="true"\n' in content(plan, "lb01", DEFAULTS)
    assert "IFACE" not in content(plan, "lb01", DEFAULTS)
    assert (ORDER in paths(plan, "lb01")) == bool(own)


def test_what_a_configuration_of_the_users_own_leaves_out_ipvsadm_sets() -> None:
    own = "lb01: {role: director, keepalived: {content: own},"
    text = replaced(SITE + CHECKED + TIMEOUTS, ("lb01: {role: director,", own))
    assert rules(compiled(text))[0] == "--set 900 0 20"
    assert not rules(compiled(text), "lb02")[0].startswith("--set")


def test_timeouts_are_for_directors() -> None:
    assert RULES not in paths(compiled(SITE + TIMEOUTS), "rs1")
