"""Conditions: their text, their JSON, what they name in a plan, and when they are true."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.engine.runtime import Runtime
from lvsnet.errors import LvsnetError
from lvsnet.observe import checking, watching
from lvsnet.observe.conditions import (
    COMPARISONS,
    COUNTERS,
    PROTOCOLS,
    Condition,
    ConditionError,
    Connections,
    InTable,
    Server,
    ServiceName,
    Succeeds,
    VipHolders,
    VipOn,
    from_json,
    to_json,
)
from lvsnet.observe.grammar import parse
from lvsnet.observe.model import RealServer, Service
from lvsnet.observe.nodes import Nodes, nodes
from lvsnet.plan.model import ConfigurationTest, Daemon, Plan
from lvsnet.resources import example_labs

VIP = "192.168.10.100"
WEB = Service(
    "tcp",
    f"{VIP}:80",
    "rr",
    (RealServer("192.168.10.13:80", "dr", 1, 3, 20), RealServer("192.168.10.14:80", "dr", 0, 1, 2)),
)
DNS = Service("udp", f"{VIP}:53", "rr", (RealServer("192.168.10.14:53", "dr", 2, 0, 7),))
MARKED = Service("fwmark", "7", "rr", (RealServer("192.168.10.13:0", "dr", 1, 5, 0),))

names = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)
addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
ports = st.integers(1, 65535)
numbers = st.integers(0, 10**6)


def endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


servers = st.builds(
    lambda one, port: Server(**one, port=port),
    st.one_of(names.map(lambda n: {"node": n}), addresses.map(lambda a: {"address": a})),
    st.none() | ports,
)
services = st.one_of(
    st.builds(
        ServiceName, st.builds(endpoint, addresses, ports), st.sampled_from(("", *PROTOCOLS))
    ),
    st.builds(lambda mark: ServiceName(str(mark), "fwmark"), numbers),
)
commands = st.text(min_size=1).map(str.strip).filter(bool)
terms = st.one_of(
    st.builds(VipOn, addresses, names.filter(lambda name: name != "nobody")),
    st.builds(VipHolders, addresses, st.integers(0, 9)),
    st.builds(InTable, servers, st.booleans(), names, st.none() | services),
    st.builds(
        Connections,
        st.sampled_from(tuple(COUNTERS)),
        st.sampled_from(tuple(COMPARISONS)),
        numbers,
        names,
        st.none() | servers,
        st.none() | services,
    ),
)
conditions = st.builds(
    lambda first, last: Condition((*first, *last)),
    st.lists(terms, min_size=1, max_size=3),
    st.lists(st.builds(Succeeds, names, commands), max_size=1),
)


@settings(max_examples=50)
@given(conditions)
def test_text_and_json_come_back_equal(condition: Condition) -> None:
    assert parse(str(condition)) == condition
    assert from_json(json.loads(json.dumps(to_json(condition)))) == condition


@given(st.text(alphabet="vip on real_server exec and active >=10.0.0.1:[]lb", max_size=60))
def test_any_text_is_a_condition_or_is_refused_as_one(text: str) -> None:
    try:
        condition = parse(text)
    except ConditionError:
        return
    assert parse(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"vip {VIP} on lb02", VipOn(VIP, "lb02")),
        (f"  vip   {VIP}\ton nobody ", VipHolders(VIP, 0)),
        (f"vip {VIP} on no node", VipHolders(VIP, 0)),
        (f"vip {VIP} on one node", VipHolders(VIP, 1)),
        (f"vip {VIP} on 2 nodes", VipHolders(VIP, 2)),
        (f"vip {VIP} on one", VipOn(VIP, "one")),
        ("vip 2001:DB8:0::1 on lb01", VipOn("2001:db8::1", "lb01")),
        ("real_server nginx01 in lb01", InTable(Server("nginx01"), True, "lb01")),
        (
            f"real_server [2001:db8::1]:80 out of lb01 of {VIP}:80",
            InTable(
                Server(address="2001:db8::1", port=80), False, "lb01", ServiceName(f"{VIP}:80")
            ),
        ),
        ("active>=25 on lb01", Connections("active", ">=", 25, "lb01")),
        (
            "inactive == 0 to nginx01:80 on lb01 for udp [::1]:53",
            Connections(
                "inactive",
                "==",
                0,
                "lb01",
                Server("nginx01", port=80),
                ServiceName("[::1]:53", "udp"),
            ),
        ),
        (
            "connections > 1 on lb01 for fwmark 7",
            Connections("connections", ">", 1, "lb01", None, ServiceName("7", "fwmark")),
        ),
        ("exec lb01: test -e /a: and b ", Succeeds("lb01", "test -e /a: and b")),
    ],
)
def test_what_is_written(text: str, meant: object) -> None:
    assert parse(text) == Condition((meant,))  # type: ignore[arg-type]  # one of the terms


def test_a_command_takes_the_rest() -> None:
    both = parse(f"vip {VIP} on lb01 and exec lb01: true and false")
    assert both == Condition((VipOn(VIP, "lb01"), Succeeds("lb01", "true and false")))


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("", "expected 'vip', 'real_server', 'exec', 'active', 'inactive' or 'connec", None),
        ("vpi 1 on 2", "'connections' (did you mean 'vip'?), not 'vpi', at character 1 ", 0),
        (f"vip {VIP} an lb01", "expected 'on', not 'an', at character 20 of", 19),
        (f"vip {VIP}/24 on lb01", "expected an address, without prefix length or port, not", 4),
        ("vip fe80::1%eth0 on lb01", "expected an address", 4),
        (f"vip {VIP} on", "expected a node, 'nobody', 'one node' or '2 nodes', at the end", 21),
        (f"vip {VIP} on 10.0.0.1", "expected a node", 22),
        (f"vip {VIP} on lb01 or", "expected 'and' or the end, not 'or'", 27),
        (f"vip {VIP} on lb01 and", "expected 'vip'", 30),
        ("real_server 10.0.0.256 in lb01", "expected a real server's node or address", 12),
        ("real_server rs:0 in lb01", "expected a port, from 1 to 65535, not '0'", 15),
        ("real_server rs:65536 in lb01", "expected a port", 15),
        ("real_server rs on lb01", "expected 'in' or 'out of', not 'on'", 15),
        ("real_server rs out lb01", "expected 'of', not 'lb01'", 19),
        ("real_server rs in lb01 for 10.0.0.1", "expected VIP:PORT, such as", 27),
        ("active = 3 on lb01", "expected '==', '!=', '>=', '<=', '>' or '<', not '='", 7),
        ("active > -3 on lb01", "expected a whole number, not '-3'", 9),
        ("exec lb01 true", "expected a colon behind the node", 9),
        ("exec lb01:", "expected a command, at the end", 10),
        ("exec a/b: true", "expected a node, not 'a/b'", 5),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, message: str, at: int | None) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    first, *shown = str(caught.value).split("\n")
    assert message in first
    assert shown == ([] if at is None else [f"  {text}", f"  {' ' * at}^"])


@pytest.mark.parametrize("value", [None, [], {}, {"terms": []}, {"terms": [{"kind": "nonsense"}]}])
def test_what_is_no_condition_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="condition"):
        from_json(value)


def test_a_term_of_another_version_is_refused() -> None:
    term = {"kind": "vip_on", "address": VIP, "node": "lb01", "since": 1}
    with pytest.raises(LvsnetError, match=r"condition.terms\[0\]: unknown since"):
        from_json({"terms": [term]})


@pytest.fixture(scope="module")
def plan() -> Plan:
    from lvsnet.compiled import compile_file

    return compile_file(example_labs()["dr"]).plan


@pytest.mark.parametrize(
    "text",
    [
        f"vip {VIP} on lb02 and vip 192.168.10.11 on one node",
        "real_server nginx01 in lb01",
        f"real_server 192.168.10.14:80 out of lb02 for tcp {VIP}:80",
        f"active >= 25 to nginx02 on lb01 for {VIP}:80 and exec client: true",
        "active == 0 on lb01 for fwmark 7",
    ],
)
def test_what_the_plan_has_is_taken(plan: Plan, text: str) -> None:
    checking.check(parse(text), plan)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"vip {VIP} on lb1", "no node lb1; there is client, .*; did you mean lb01?"),
        ("exec web: true", "lab dr has no node web; there is client, lb01"),
        ("vip 192.168.10.101 on lb01", f"lab dr has no VIP 192.168.10.101; there is {VIP}$"),
        (f"vip {VIP} on 6 nodes", "lab dr has 5 nodes only"),
        ("active > 0 on nginx01", "nginx01 is a realserver, and has no .*; there is lb01, lb02"),
        ("active > 0 on client", "client is a client, and has no virtual services"),
        (f"active > 0 on lb01 for {VIP}:81", f"service {VIP}:81; there is tcp {VIP}:80$"),
        (f"active > 0 on lb01 for udp {VIP}:80", f"service udp {VIP}:80; there is tcp {VIP}:80$"),
        ("real_server client in lb01", "client is no real server of lb01; there is nginx01:80, ng"),
        ("real_server nginx01:81 in lb01", "nginx01:81 is no real server of lb01; .* mean nginx01"),
        ("real_server 10.0.0.1 in lb01", "10.0.0.1 is no real server of lb01"),
    ],
)
def test_what_the_plan_does_not_have_is_refused(plan: Plan, text: str, message: str) -> None:
    with pytest.raises(ConditionError, match=message):
        checking.check(parse(text), plan)


def test_what_a_configuration_of_the_users_own_may_bring_is_taken(plan: Plan) -> None:
    def own(daemon: Daemon) -> Daemon:
        return replace(daemon, tests=(ConfigurationTest(("keepalived", "-t"), "keepalived"),))

    director = next(node for node in plan.nodes if node.name == "lb01")
    changed = replace(director, daemons=tuple(map(own, director.daemons)))
    brings = replace(plan, nodes=(changed, *(one for one in plan.nodes if one is not director)))
    for text in (
        "vip 203.0.113.9 on one node",
        "real_server 203.0.113.8:81 in lb01 for 203.0.113.9:80",
    ):
        checking.check(parse(text), brings)
        with pytest.raises(ConditionError):
            checking.check(parse(text), plan)


class Fake:
    """The part of a runtime that is asked by looks: no node runs but those whose state is given."""

    def __init__(self, code: int = 0, said: str = "") -> None:
        self.done = code, said
        self.ran: list[tuple[str, ...]] = []

    def runs(self, _lab: str, node: str) -> bool:
        return node in ("lb01", "lb02")

    def inits(self, _lab: str) -> dict[str, int]:
        return dict.fromkeys(("lb01", "lb02"), os.getpid())

    def run(self, _lab: str, _node: str, argv: Sequence[str], _deadline: float) -> tuple[int, str]:
        self.ran.append(tuple(argv))
        return self.done


def look(plan: Plan, running: Nodes) -> watching.Look:
    """lb01 and lb02 share the VIP; only lb01 has services."""
    return watching.Look(
        plan,
        running,
        10.0,
        addresses={
            node.name: frozenset((VIP,) if node.role == "director" else ()) for node in plan.nodes
        },
        services={"lb01": (WEB, DNS, MARKED), "lb02": (), "nginx01": ()},
    )


def unmet(plan: Plan, text: str, fake: Fake | None = None) -> list[str]:
    runtime: Runtime = fake or Fake()  # type: ignore[assignment]  # what is asked for is there
    with nodes(plan.lab, runtime) as running:
        return [why() for why in watching.unmet(parse(text), look(plan, running))]


@pytest.mark.parametrize(
    "text",
    [
        f"vip {VIP} on lb01 and vip {VIP} on lb02 and vip {VIP} on 2 nodes",
        "vip 192.168.10.200 on nobody",
        "real_server nginx01 in lb01 and real_server nginx02 in lb01",
        f"real_server nginx02 out of lb01 for {VIP}:80",
        "real_server nginx02:80 out of lb01",
        f"real_server 192.168.10.14:53 in lb01 for udp {VIP}:53",
        "real_server nginx01 in lb01 for fwmark 7",
        "real_server nginx01 out of lb02",
        "active == 9 on lb01 and inactive == 29 on lb01 and connections == 38 on lb01",
        f"active == 4 on lb01 for {VIP}:80 and active < 4 to nginx01 on lb01 for tcp {VIP}:80",
        "active >= 1 to nginx02:80 on lb01 and inactive <= 7 to nginx02:53 on lb01",
    ],
)
def test_what_is_true(plan: Plan, text: str) -> None:
    assert unmet(plan, text) == []


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (f"vip {VIP} on one node", f"{VIP} is on lb01 and lb02"),
        (f"vip {VIP} on nginx01", f"{VIP} is on lb01 and lb02"),
        ("vip 192.168.10.200 on one node", "192.168.10.200 is on no node"),
        ("real_server nginx01 in lb02", "lb02 has no virtual services"),
        ("real_server nginx01 in nginx01", "nginx01 does not run"),
        ("real_server nginx01 out of nginx01", "nginx01 does not run"),
        (
            f"real_server nginx02 in lb01 for {VIP}:80",
            f"lb01 has 192.168.10.14:80 with weight 0 for {VIP}:80",
        ),
        ("real_server client in lb01", "lb01 does not have client"),
        ("active > 9 on lb01", "lb01 has 9 ActiveConn"),
        ("connections != 38 on lb01", "lb01 has 38 ActiveConn and InActConn"),
        ("inactive == 0 on lb02", "lb02 has no virtual services"),
        ("exec nginx01: true", "nginx01 does not run"),
    ],
)
def test_what_is_not_true_is_told_with_what_is(plan: Plan, text: str, seen: str) -> None:
    assert unmet(plan, text) == [seen]


def test_a_command_is_run_once_a_look_and_told(plan: Plan) -> None:
    assert unmet(plan, "exec lb01: true") == []
    failing = Fake(2, "a\nno such file\n")
    assert unmet(plan, "exec lb01: ls /x", failing) == ["lb01: ls /x: exit code 2, no such file"]
    assert failing.ran == [("timeout", "--kill-after=1", "10.000", "sh", "-c", "ls /x")]
    assert unmet(plan, "exec lb01: sleep 9", Fake(124)) == ["lb01: sleep 9: no end after 10 s"]


def test_the_limit_is_kept_and_what_was_seen_is_told(plan: Plan) -> None:
    class Nobody(Fake):
        def runs(self, _lab: str, _node: str) -> bool:
            return False

    said: list[str] = []
    runtime: Runtime = Nobody()  # type: ignore[assignment]  # what is asked for is there
    condition = parse(f"vip {VIP} on lb01")
    reached = watching.wait(condition, plan, runtime, 0.25, said.append)
    assert not reached.met
    assert reached.seen == f"{VIP} is on no node"
    assert 0.25 <= reached.waited < 5
    assert said == [f"wait: {VIP} is on no node"]
    met = watching.wait(parse(f"vip {VIP} on nobody"), plan, runtime, 60, said.append)
    assert met.met
    assert met.waited < 5


def test_addresses_of_both_families_are_canonical() -> None:
    assert parse("vip ::ffff:1.2.3.4 on a").terms[0] == VipOn(
        str(IPv6Address("::ffff:1.2.3.4")), "a"
    )
    assert parse("vip 10.0.0.1 on a").terms[0] == VipOn(str(IPv4Address("10.0.0.1")), "a")
