"""The sync daemon: who starts it, and with what."""

from __future__ import annotations

from plans import compiled, content, node, paths, replaced, statements

SITE = """
name: site
segments: {front: 192.0.2.0/24, back: 10.0.0.0/24}
nodes:
  lb01: {role: director, interfaces: {back: 10.0.0.2, front: 192.0.2.2}}
  lb02: {role: director, interfaces: {front: 192.0.2.3, back: 10.0.0.3}}
  idle: {role: director, interfaces: {front: 192.0.2.4, back: 10.0.0.4}}
  rs1: {role: realserver, interfaces: {front: 192.0.2.11}}
vrrp:
  VI_1:
    segment: front
    virtual_router_id: 51
    addresses: [192.0.2.100]
    priority: {lb01: 9, lb02: 8}
services:
  web: {address: 192.0.2.100, port: 80, method: dr, real_servers: [rs1]}
sync_daemon: {segment: back}
"""
ALL = ", syncid: 7, group: 239.1.2.3, port: 8850, ttl: 2, maxlen: 1000}"
KEEPALIVED = "/etc/keepalived/keepalived.conf"
DEFAULTS = "/etc/default/ipvsadm"


def told(text: str, name: str) -> list[str]:
    found = statements(content(compiled(text), name, KEEPALIVED))
    return [line for *_, line in found if line.startswith("lvs_sync_daemon")]


def test_keepalived_starts_it_for_the_instance_of_the_services() -> None:
    # Interfaces are numbered in the order of the file.
    assert told(SITE, "lb01") == ["lvs_sync_daemon eth1 inst VI_1 id 51"]
    assert told(SITE, "lb02") == ["lvs_sync_daemon eth2 inst VI_1 id 51"]
    assert KEEPALIVED not in paths(compiled(SITE), "idle")
    assert all(command[:1] != ("ipvsadm",) for command in node(compiled(SITE), "lb01").commands)


def test_keepalived_gets_every_option() -> None:
    text = replaced(SITE, ("{segment: back}", "{segment: back, instance: VI_1" + ALL))
    line = "lvs_sync_daemon eth1 inst VI_1 id 7 maxlen 1000 port 8850 ttl 2 group 239.1.2.3"
    assert told(text, "lb01") == [line]


def test_ipvsadm_starts_both_on_every_director_of_a_service() -> None:
    text = replaced(SITE, ("{segment: back}", "{segment: back, configured_by: ipvsadm" + ALL))
    plan = compiled(text)
    assert told(text, "lb01") == []
    options = (
        *("--mcast-interface", "eth2", "--syncid", "7", "--mcast-group", "239.1.2.3"),
        *("--mcast-port", "8850", "--mcast-ttl", "2", "--sync-maxlen", "1000"),
    )
    assert node(plan, "lb02").commands == tuple(
        ("ipvsadm", "--start-daemon", state, *options) for state in ("master", "backup")
    )
    assert node(plan, "idle").commands == ()


def test_debians_start_script_starts_both() -> None:
    text = replaced(SITE, ("{segment: back}", "{segment: back, configured_by: ipvsadm}"))
    lines = content(compiled(text), "lb01", DEFAULTS).splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'AUTO="false"',
        'DAEMON="both"',
        'IFACE="eth1"',
        'SYNCID="51"',
    ]
