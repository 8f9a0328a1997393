"""Changes of a director's IPVS table."""

from __future__ import annotations

from lvsnet.observe import tables
from lvsnet.observe.model import RealServer, Service
from lvsnet.plan.model import Interface as Wire
from lvsnet.plan.model import Node as Machine
from lvsnet.plan.model import Plan, Segment

BEFORE = b"""\
IP Virtual Server version 1.2.1 (size=256)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C0A80A64:0050 rr
  -> C0A80A0E:0050      Route   1      0          0
  -> C0A80A0D:0050      Route   1      0          0
"""
WEB, NAMES = "tcp 192.168.10.100:80", {"192.168.10.13": "nginx01", "2001:db8::13": "six"}


def told(before: tables.Table, after: tables.Table) -> list[tuple[str, str, str]]:
    return [(one.what, one.subject, one.text) for one in tables.changes(before, after, NAMES)]


def test_connections_do_not_change_the_digest() -> None:
    counted = BEFORE.replace(b"1      0          0", b"1      25         3")
    assert counted != BEFORE
    assert tables.digest(counted) == tables.digest(BEFORE)


def test_weights_methods_and_lines_change_the_digest() -> None:
    digest = tables.digest(BEFORE)
    assert tables.digest(BEFORE.replace(b"Route   1", b"Route   0", 1)) != digest
    assert tables.digest(BEFORE.replace(b"Route", b"Masq ", 1)) != digest
    assert tables.digest(BEFORE[: BEFORE.rindex(b"  ->")]) != digest
    assert tables.digest(BEFORE.replace(b" rr", b" wrr")) != digest


def test_a_real_server_goes_and_comes() -> None:
    one = {WEB: {"192.168.10.13:80": 1}}
    assert told(one, {WEB: {}}) == [
        ("out", "192.168.10.13:80", f"nginx01 (192.168.10.13:80) out of {WEB}")
    ]
    assert told({WEB: {}}, one) == [
        ("in", "192.168.10.13:80", f"nginx01 (192.168.10.13:80) in {WEB}, weight 1")
    ]
    assert told(one, one) == []


def test_with_their_service_all_real_servers_go() -> None:
    one = {WEB: {"[2001:db8::13]:80": 1, "10.0.0.9:80": 2}}
    assert [text for _, _, text in told(one, {})] == [
        f"six ([2001:db8::13]:80) out of {WEB}",
        f"10.0.0.9:80 out of {WEB}",
    ]


def test_a_weight_changes() -> None:
    found = told({WEB: {"192.168.10.13:80": 1}}, {WEB: {"192.168.10.13:80": 0}})
    text = f"nginx01 (192.168.10.13:80) in {WEB}: weight 1 -> 0"
    assert found == [("weight", "192.168.10.13:80", text)]


def test_one_service_is_not_another_of_the_same_address() -> None:
    line = RealServer("10.0.0.9:53", "nat", 1, 0, 0)
    found = tables.table([Service(one, "10.0.0.1:53", "rr", (line,)) for one in ("tcp", "udp")])
    assert found == {"tcp 10.0.0.1:53": {"10.0.0.9:53": 1}, "udp 10.0.0.1:53": {"10.0.0.9:53": 1}}


def test_names_are_those_of_addresses_on_a_wire() -> None:
    wire = Wire("eth1", "lan", "p", "02:00:00:00:00:01", ("10.0.0.9/24", "2001:db8::9/64"), 1500)
    machine = Machine("web", "realserver", (wire,), (), (), (), (), (), (), (), (), False, "")
    plan = Plan("x", (Segment("lan", "b", 1500),), (machine,), (), (), ())
    assert tables.names(plan) == {"10.0.0.9": "web", "2001:db8::9": "web"}
