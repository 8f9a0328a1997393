"""VRRP's settings and IPVS's, each seen to work and not only written down."""

from __future__ import annotations

import pytest

from e2e.sites import TAKEOVER, holders, listed, moves
from e2e.users import VIP, User

LAB = """\
name: settings
segments:
  lan: 192.168.10.0/24
nodes:
  client: {role: client, interfaces: {lan: 192.168.10.10}}
  lb01: &director
    role: director
    interfaces: {lan: 192.168.10.11}
    sysctls: {net.ipv4.vs.expire_nodest_conn: 1, net.ipv4.vs.conn_reuse_mode: 0}
    files:
      /usr/local/sbin/told: {mode: "0755", content: "#!/bin/sh\\necho $@ >> /root/told\\n"}
      /usr/local/sbin/well: {mode: "0755", content: "#!/bin/sh\\n[ ! -e /root/unwell ]\\n"}
  lb02: {<<: *director, interfaces: {lan: 192.168.10.12}}
  web: {role: realserver, interfaces: {lan: 192.168.10.13}}
vrrp:
  VI_1:
    segment: lan
    virtual_router_id: 33
    addresses: [192.168.10.100]
    priority: {lb01: 150, lb02: 100}
    authentication: {auth_pass: secret}
    nopreempt: true
    unicast: true
    notify_master: /usr/local/sbin/told master
    notify: /usr/local/sbin/told change
  VI_2:
    segment: lan
    virtual_router_id: 34
    addresses: [192.168.10.101]
    priority: {lb01: 150, lb02: 100}
    track_script: [{script: well, weight: -60}]
vrrp_script:
  well: {script: /usr/local/sbin/well, interval: 500ms, fall: 2, rise: 2, user: nobody}
global_defs: {script_user: root}
timeouts: {tcp: 10m, udp: 1m}
services:
  web:
    address: 192.168.10.100
    port: 80
    method: dr
    real_servers: [web]
    check: {type: tcp}
  static:
    address: 192.168.10.101
    port: 80
    method: dr
    configured_by: ipvsadm
    real_servers: [{node: web, weight: 7}]
"""
SECOND = "192.168.10.101"


@pytest.fixture(scope="module")
def site(held: User) -> User:
    path = held.home / "settings.yaml"
    path.write_text(LAB)
    done = held.tries("deploy", "--strict", str(path))
    assert done.code == 0, done
    return held


def test_sysctls_of_ipvs_are_set(site: User) -> None:
    for director in ("lb01", "lb02"):
        keys = ("net.ipv4.vs.expire_nodest_conn", "net.ipv4.vs.conn_reuse_mode")
        assert site.does("exec", director, "sysctl", "-n", *keys).split() == ["1", "0"]


def test_timeouts_of_ipvs_are_set_and_what_is_not_given_stays(site: User) -> None:
    shown = site.does("exec", "lb01", "ipvsadm", "-L", "--timeout")
    assert shown == "Timeout (tcp tcpfin udp): 600 120 60\n"


def test_keepalived_and_ipvsadm_share_a_directors_table(site: User) -> None:
    table = site.does("exec", "lb02", "ipvsadm", "-Sn").splitlines()
    assert f"-A -t {VIP}:80 -s wlc" in table
    assert f"-a -t {SECOND}:80 -r 192.168.10.13:80 -g -w 7" in table
    assert len(listed(site, "lb02")) == 1  # the same real server in both services


def test_advertisements_go_to_the_other_director_alone(site: User) -> None:
    watch = "timeout 20 tcpdump -nlc 2 -i eth1 'proto 112 and {}' 2>/dev/null"
    unicast = watch.format("src 192.168.10.11 and dst 192.168.10.12")
    seen = site.does("exec", "lb02", "sh", "-c", unicast)
    assert seen.count("192.168.10.11 > 192.168.10.12: VRRPv2") == 2
    assert "vrid 33" in seen
    assert "authtype simple" in seen
    multicast = site.does("exec", "lb02", "sh", "-c", watch.format("dst 224.0.0.18"))
    assert "vrid 34" in multicast
    assert "vrid 33" not in multicast


def test_a_script_that_fails_lowers_the_priority_and_moves_the_address(site: User) -> None:
    moves(site, SECOND, "lb01")
    site.does("exec", "lb01", "sh", "-c", "chmod 755 /root; touch /root/unwell")
    moves(site, SECOND, "lb02")
    assert holders(site) == ["lb01"]
    site.does("exec", "lb01", "rm", "/root/unwell")
    moves(site, SECOND, "lb01")


def test_commands_are_told_of_changes(site: User) -> None:
    said = "change INSTANCE VI_1 MASTER 150"
    site.comes(f"exec lb01: grep -qx '{said}' /root/told", TAKEOVER)
    lines = site.does("exec", "lb01", "cat", "/root/told").splitlines()
    assert sorted(line for line in lines if "MASTER" in line or "master" in line) == [
        said,
        "master",
    ]


def test_with_nopreempt_the_vip_stays_where_it_is(site: User) -> None:
    site.does("stop", "lb01")
    moves(site, VIP, "lb02")
    site.does("start", "lb01")
    # The other instance has no nopreempt: once it is back, this one would be, too.
    moves(site, SECOND, "lb01", 20)
    site.never(f"vip {VIP} on lb01", 60)
    assert holders(site) == ["lb02"]
