"""Firewall marks and groups of virtual servers on a real kernel, by keepalived and by ipvsadm."""

from __future__ import annotations

import re

import pytest

from e2e.users import VIP, User

LAB = f"""
name: marks
segments: {{front: [192.168.10.0/24, "fd00:10::/64"], back: 172.16.10.0/24}}
nodes:
  client: {{role: client, interfaces: {{front: [192.168.10.10, "fd00:10::10"]}}}}
  lb01:
    role: director
    interfaces: {{front: [192.168.10.11, "fd00:10::11"], back: 172.16.10.11}}
    exec: [nft add table inet own]
  dr01: {{role: realserver, interfaces: {{front: [192.168.10.13, "fd00:10::13"]}}}}
  dr02: {{role: realserver, interfaces: {{front: [192.168.10.14, "fd00:10::14"]}}}}
  nat01: {{role: realserver, interfaces: {{back: 172.16.10.13}}}}
vrrp:
  FRONT:
    segment: front
    virtual_router_id: 33
    addresses: [{VIP}, 192.168.10.101]
    priority: {{lb01: 150}}
  FRONT6:
    segment: front
    version: 3
    virtual_router_id: 34
    addresses: ["fd00:10::100"]
    priority: {{lb01: 150}}
services:
  group:
    virtual_server_group:
      - {{address: {VIP}-101, ports: 8080-8081}}
      - {{fwmark: 3, marks: [{{address: {VIP}, ports: 9000}}]}}
    method: dr
    scheduler: rr
    real_servers: [dr01, dr02]
    check: {{type: http, interval: 2s, retry: 0}}
  group-by-nat:
    virtual_server_group: [{{address: {VIP}, ports: [6000, 6001]}}]
    method: nat
    real_servers: [nat01]
    check: {{type: tcp}}
  group-by-ipvsadm:
    virtual_server_group: [{{address: {VIP}, ports: [7000, 7001]}}]
    method: nat
    configured_by: ipvsadm
    real_servers: [{{node: nat01, port: 6000}}]
  of-ipv6:
    fwmark: 6
    marks: [{{address: "fd00:10::100", ports: [80, 443]}}]
    method: dr
    scheduler: rr
    configured_by: ipvsadm
    real_servers: [dr01, dr02]
  files:
    fwmark: 21
    marks: [{{address: 192.168.10.101, ports: [21, 50000-50099]}}]
    application: ftp
    method: dr
    scheduler: rr
    persistence_timeout: 60s
    real_servers: [dr01, dr02]
    check: {{type: tcp}}
"""
TABLE = f"""\
TCP {VIP}:6000 wlc: 172.16.10.13:0 Masq
TCP {VIP}:6001 wlc: 172.16.10.13:0 Masq
TCP {VIP}:7000 wlc: 172.16.10.13:6000 Masq
TCP {VIP}:7001 wlc: 172.16.10.13:6000 Masq
TCP {VIP}:8080 rr: 192.168.10.13:8080 Route, 192.168.10.14:8080 Route
TCP {VIP}:8081 rr: 192.168.10.13:8081 Route, 192.168.10.14:8081 Route
TCP 192.168.10.101:8080 rr: 192.168.10.13:8080 Route, 192.168.10.14:8080 Route
TCP 192.168.10.101:8081 rr: 192.168.10.13:8081 Route, 192.168.10.14:8081 Route
FWM 3 rr: 192.168.10.13:0 Route, 192.168.10.14:0 Route
FWM 21 rr: 192.168.10.13:0 Route, 192.168.10.14:0 Route
FWM 6 rr: [fd00:10::13]:0 Route, [fd00:10::14]:0 Route
"""


@pytest.fixture(scope="module")
def site(warm_held: User) -> User:
    file = warm_held.home / "marks.yaml"
    file.write_text(LAB)
    warm_held.does("deploy", str(file))
    return warm_held


def asks(user: User, *urls: str) -> list[str]:
    """The answers; a connection for each."""
    once = ("-s", "-m", "2", "-H", "Connection: close")
    return user.does("exec", "client", "curl", *once, *urls).split()


def table(user: User) -> list[str]:
    """A line for each service, with its real servers in the order of their addresses."""
    listed = user.does("exec", "lb01", "ipvsadm", "-Ln")
    found: dict[str, list[str]] = {}
    for line in listed.splitlines():
        if head := re.match(r"(TCP|FWM) +(\S+) (?:IPv6 )?(\w+)", line):
            servers = found.setdefault(" ".join(head.groups()), [])
        elif real := re.match(r"  -> (\S+:\d+) +(\w+)", line):
            servers.append(" ".join(real.groups()))
    return [f"{service}: {', '.join(sorted(servers))}" for service, servers in found.items()]


def test_the_table_has_a_line_for_each_address_and_port_and_each_mark(site: User) -> None:
    assert sorted(table(site)) == sorted(TABLE.splitlines())


def test_each_line_of_a_group_balances_for_itself(site: User) -> None:
    for host in (VIP, "192.168.10.101"):
        for port in (8080, 8081):
            assert sorted(asks(site, *[f"http://{host}:{port}"] * 2)) == ["dr01", "dr02"]
    assert sorted(asks(site, *[f"http://{VIP}:9000"] * 2)) == ["dr01", "dr02"]


def test_a_real_server_without_a_port_is_asked_at_the_client_s(site: User) -> None:
    ports = (6000, 6001, 7000, 7001)
    assert asks(site, *(f"http://{VIP}:{port}" for port in ports)) == ["nat01"] * 4
    connections = site.does("exec", "lb01", "ipvsadm", "-Lnc")
    reached = re.findall(rf"{VIP}:([67]\d+) +172\.16\.10\.13:(\d+)", connections)
    assert sorted(reached) == [
        ("6000", "6000"),
        ("6001", "6001"),
        ("7000", "6000"),
        ("7001", "6000"),
    ]


def test_a_mark_of_ipv6_is_one_service_for_two_ports(site: User) -> None:
    urls = [f"http://[fd00:10::100]:{port}" for port in (80, 443)]
    assert sorted(asks(site, *urls)) == ["dr01", "dr02"]
    other = ("exec", "client", "curl", "-s", "-m", "2", "http://[fd00:10::100]:8080")
    assert site.tries(*other).code != 0


def test_ftp_by_direct_routing_with_the_passive_ports_in_the_mark(site: User) -> None:
    """Persistence brings the data connection to the real server that waits for it."""
    for how in ((), ("--disable-epsv", "--no-ftp-skip-pasv-ip")):
        (found,) = asks(site, *how, "ftp://192.168.10.101/name.txt")
        assert found in ("dr01", "dr02")


def test_keepalived_has_nothing_to_say_of_it(site: User) -> None:
    assert site.does("exec", "lb01", "sh", "-c", "keepalived -t 2>&1") == ""


def test_rules_that_are_loaded_again_replace_their_own_alone(site: User) -> None:
    again = "nft --file /etc/nftables.conf && nft list tables && nft list ruleset"
    listed = site.does("exec", "lb01", "sh", "-c", again)
    assert "table inet own\n" in listed
    assert listed.count("mark set 0x00000006") == 1


def test_a_dead_real_server_leaves_all_lines_of_its_group(site: User) -> None:
    site.does("fault", "kill", "dr01", "nginx")
    site.comes(f"real_server dr01 out of lb01 for tcp {VIP}:8080", 4)
    site.comes("real_server dr01 out of lb01 for fwmark 3", 0.1)
    left = [line for line in table(site) if "192.168.10.13" in line]
    assert left == ["FWM 21 rr: 192.168.10.13:0 Route, 192.168.10.14:0 Route"]
