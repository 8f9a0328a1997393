"""UDP services on a real kernel: balanced by direct routing and by NAT, checked and unchecked."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import pytest

from e2e.users import DEADLINE, VIP, User, eventually, line

LAB = f"""
name: udp
segments: {{front: 192.168.10.0/24, back: 172.16.10.0/24}}
nodes:
  client: {{role: client, interfaces: {{front: 192.168.10.10}}}}
  lb01: {{role: director, interfaces: {{front: 192.168.10.11, back: 172.16.10.11}}}}
  dr01: {{role: realserver, interfaces: {{front: 192.168.10.13}}, daemons: &echo
    {{socat: [socat, "UDP4-RECVFROM:7,fork", "EXEC:cat"]}}}}
  dr02: {{role: realserver, interfaces: {{front: 192.168.10.14}}, daemons: *echo}}
  nat01: {{role: realserver, interfaces: {{back: 172.16.10.13}}}}
  nat02: {{role: realserver, interfaces: {{back: 172.16.10.14}}}}
vrrp:
  FRONT: {{segment: front, virtual_router_id: 33, addresses: [{VIP}], priority: {{lb01: 150}}}}
  BACK: {{segment: back, virtual_router_id: 34, addresses: [172.16.10.1], priority: {{lb01: 150}}}}
vrrp_sync_group: {{SITE: [FRONT, BACK]}}
services:
  dns:
    address: {VIP}
    port: 53
    protocol: udp
    method: dr
    scheduler: rr
    real_servers: [dr01, dr02]
  ntp:
    address: {VIP}
    port: 123
    protocol: udp
    method: nat
    scheduler: rr
    real_servers: [{{node: nat01, port: 1123}}, {{node: nat02, port: 1123}}]
  syslog:
    address: {VIP}
    port: 514
    protocol: udp
    method: nat
    scheduler: rr
    configured_by: ipvsadm
    real_servers: [nat01, nat02]
  dns-tcp:
    {{address: {VIP}, port: 53, method: dr, scheduler: rr, real_servers: [dr01, dr02]}}
  echo:
    address: {VIP}
    port: 7
    protocol: udp
    method: dr
    scheduler: rr
    real_servers: [dr01, dr02]
    check: {{type: udp, interval: 2s, retry: 1}}
"""
COUNT = 20
LISTENS = "ss -Hlun sport = :53"
PROGRAM = f"""
from lvsnet.control import labs, scenarios
from lvsnet.scenario.model import Scenario, Send, Step, Wait
from lvsnet.traffic import target
from lvsnet.traffic.model import Answerer, Load

load = Load("dns", ("client",), target.parse("udp://{VIP}:53"), 10.0)
send = Send(load, (Answerer("dr01", "udp", 53),))
lab, place = labs.the_lab("")
steps = (Step(send, "send", 1), Step(Wait(36000.0), "wait", 2, 36000.0))
told = lambda result: print(result.state, flush=True)
scenarios.run(place, lab, Scenario("long", steps, limit=36000.0), told)
"""
"""A scenario that lasts as long as somebody wants it to."""


@pytest.fixture(scope="module")
def site(warm_held: User) -> User:
    file = warm_held.home / "udp.yaml"
    file.write_text(LAB)
    warm_held.does("deploy", str(file))
    return warm_held


def sends(user: User, node: str) -> bool:
    return "lvsnet-traffic" in user.does("exec", node, "ps", "-e")


@pytest.mark.parametrize(
    ("port", "servers", "at"),
    [(53, ("dr01", "dr02"), 53), (123, ("nat01", "nat02"), 1123), (514, ("nat01", "nat02"), 514)],
)
def test_datagrams_are_balanced_evenly(
    site: User, port: int, servers: tuple[str, ...], at: int
) -> None:
    serve = [word for one in servers for word in ("--serve", f"{one}:udp/{at}")]
    words = (f"udp://{VIP}:{port}", "--rate", "100/s", "--count", str(COUNT), *serve)
    found = json.loads(site.does("traffic", *words, "-f", "json"))
    assert found["summary"]["spread"] == dict.fromkeys(servers, COUNT // 2)
    assert len({one["port"] for one in found["requests"]}) == COUNT


def test_the_table_has_the_services_by_their_protocol(site: User) -> None:
    table = site.does("exec", "lb01", "ipvsadm", "-Ln")
    services = re.findall(r"^(TCP|UDP) +\S+:(\d+) (\w+)", table, re.MULTILINE)
    assert sorted(services) == [
        ("TCP", "53", "rr"),
        ("UDP", "123", "rr"),
        ("UDP", "514", "rr"),
        ("UDP", "53", "rr"),
        ("UDP", "7", "rr"),
    ]
    assert re.search(r"172\.16\.10\.13:1123 +Masq +1 ", table)
    assert re.search(r"192\.168\.10\.13:53 +Route +1 ", table)


def test_connections_of_datagrams_have_a_state_of_their_own(site: User) -> None:
    listed = site.does("exec", "lb01", "ipvsadm", "-Lnc")
    assert re.search(rf"^UDP +\S+ +UDP +192\.168\.10\.10:\d+ +{VIP}:53 ", listed, re.MULTILINE)


def test_keepalived_has_nothing_to_say_of_it(site: User) -> None:
    assert site.does("exec", "lb01", "sh", "-c", "keepalived -t 2>&1") == ""


def test_nginx_listens_for_no_datagrams_and_not_in_their_stead(site: User) -> None:
    assert "nginx" not in site.does("exec", "dr01", "ss", "-Hlnup")
    assert "nginx" not in site.does("exec", "nat01", "sh", "-c", "ss -Hlntp sport = :1123")
    assert "nginx" in site.does("exec", "dr01", "sh", "-c", "ss -Hlntp sport = :53")


def test_who_answers_no_datagram_leaves_the_table(site: User) -> None:
    """keepalived's UDP_CHECK with require_reply: a closed port and a silent node are the same."""
    service = f"for udp {VIP}:7"
    site.comes(f"real_server dr01 in lb01 {service} and real_server dr02 in lb01 {service}", 10)
    site.does("fault", "kill", "dr01", "socat")
    # The interval, the retry a second later, and the timeout of both.
    site.comes(f"real_server dr01 out of lb01 {service}", 5.5)
    site.does("fault", "freeze", "dr02")
    site.comes(f"real_server dr02 out of lb01 {service}", 5.5)
    site.does("fault", "clear")
    site.comes(f"real_server dr01 in lb01 {service} and real_server dr02 in lb01 {service}", 10)


def test_a_service_is_named_by_its_protocol(site: User) -> None:
    for protocol in ("udp", "tcp"):
        site.comes(f"real_server dr01:53 in lb01 for {protocol} {VIP}:53", 1)
    assert site.tries("clock", "run-until", f"active == 0 on lb01 for sctp {VIP}:53").code == 2


def test_nobody_answers_when_the_client_is_killed(site: User) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        env=site.environment,
        cwd=site.home,
    )
    try:
        assert line(process.stdout) == "passed\n"
        assert site.does("exec", "dr01", "sh", "-c", LISTENS) != ""
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=DEADLINE)
    eventually(lambda: site.does("exec", "dr01", "sh", "-c", LISTENS) == "", 30)
    site.passes(2)  # the request that is under way has its timeout
    eventually(lambda: not sends(site, "client") and not sends(site, "dr01"), 30)
