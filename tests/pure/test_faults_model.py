"""Faults as text and as JSON: what is written is read back the same."""

from __future__ import annotations

import json

import pytest

from lvsnet.faults import grammar, model, text
from lvsnet.faults.model import (
    BadService,
    Clear,
    Dropped,
    Fault,
    FaultError,
    Frozen,
    Killed,
    LinkDown,
    Mend,
    Netem,
    Partition,
    PowerOff,
    Put,
)

EVERYTHING = Netem(
    "lb01",
    "eth1",
    delay_us=20_000,
    jitter_us=1_500,
    loss=0.5,
    duplicate=1.0,
    corrupt=0.000001,
    reorder=25.25,
    rate=2_500_000_000,
    limit=40,
    direction="both",
)
PUTS: dict[str, Fault] = {
    "stop lb01": PowerOff("lb01"),
    "freeze lb01": Frozen("lb01"),
    "kill lb01 keepalived": Killed("lb01", "keepalived"),
    "link down lb01:eth1": LinkDown("lb01", "eth1"),
    "partition lb01,nginx01 from lb02": Partition(("lb01", "nginx01"), ("lb02",)),
    "netem lb01:eth1 delay=20ms loss=1%": Netem("lb01", "eth1", delay_us=20_000, loss=1.0),
    "netem lb01:eth1 delay=20ms jitter=1500us loss=0.5% duplicate=1% corrupt=0.000001% "
    "reorder=25.25% rate=2500Mbit limit=40 both": EVERYTHING,
    "netem lb01:eth1 rate=64kbit in": Netem("lb01", "eth1", rate=64_000, direction="in"),
    "drop lb01 vrrp": Dropped("lb01", "vrrp"),
    "drop lb01 tcp/80 in": Dropped("lb01", "tcp", 80, "in"),
    "drop lb01 47 out": Dropped("lb01", "47", None, "out"),
    "service fail nginx01": BadService("nginx01", "fail"),
    "service slow nginx01 1500ms": BadService("nginx01", "slow", 1.5),
    "service flap nginx01 1m": BadService("nginx01", "flap", 60.0),
}
MENDS: dict[str, Fault] = {
    "start lb01": PowerOff("lb01"),
    "thaw lb01": Frozen("lb01"),
    "revive lb01 keepalived": Killed("lb01", "keepalived"),
    "link up lb01:eth1": LinkDown("lb01", "eth1"),
    "heal lb01 from lb02,nginx01": Partition(("lb01",), ("lb02", "nginx01")),
    "heal": Partition((), ()),
    "netem lb01:eth1 off": Netem("lb01", "eth1"),
    "pass lb01 tcp/80": Dropped("lb01", "tcp", 80),
    "service mend nginx01": BadService("nginx01", "fail"),
}
ORDERS: dict[str, model.Order] = {
    **{words: Put(fault) for words, fault in PUTS.items()},
    **{words: Mend(fault) for words, fault in MENDS.items()},
    "clear": Clear(),
    "clear lb01": Clear("lb01"),
}


@pytest.mark.parametrize("words", ORDERS)
def test_an_order_is_read_and_written(words: str) -> None:
    assert grammar.parse(words) == ORDERS[words]
    assert str(ORDERS[words]) == words
    assert grammar.parse(f"  {words.replace(' ', '   ')} ") == ORDERS[words]


@pytest.mark.parametrize("words", ORDERS)
def test_an_order_outlives_json(words: str) -> None:
    order = ORDERS[words]
    assert model.from_json(json.loads(json.dumps(model.to_json(order)))) == order


@pytest.mark.parametrize(
    ("words", "waits"),
    [
        ("service slow nginx01", True),
        ("service mend nginx01", True),
        ("revive lb01 keepalived", True),
        ("start lb01", True),
        ("clear", True),
        ("stop lb01", False),
        ("kill lb01 keepalived", False),
        ("thaw lb01", False),
        ("netem lb01:eth1 off", False),
        ("heal", False),
    ],
)
def test_what_has_daemons_start_or_read_waits_for_them(words: str, waits: bool) -> None:
    assert model.waits(grammar.parse(words)) is waits


def test_json_has_the_kind_and_the_fields() -> None:
    assert model.fault_to_json(LinkDown("lb01", "eth1")) == {
        "kind": "link_down",
        "node": "lb01",
        "interface": "eth1",
    }
    slow = model.fault_to_json(BadService("nginx01", "slow", 2.0))
    assert slow == {"kind": "service_slow", "node": "nginx01", "seconds": 2.0}


@pytest.mark.parametrize(
    "value", [None, [], {}, {"kind": "none"}, {"kind": "service_none", "node": "a", "seconds": 1}]
)
def test_other_json_is_no_fault(value: object) -> None:
    with pytest.raises(ValueError, match="the kind of a fault is none of power_off"):
        model.fault_from_json(value)
    with pytest.raises(ValueError, match="an order is clear"):
        model.from_json({"order": "burn"})


def test_what_is_left_out_has_a_meaning() -> None:
    assert grammar.parse("service slow nginx01") == Put(BadService("nginx01", "slow", 2.0))
    assert grammar.parse("service flap nginx01") == Put(BadService("nginx01", "flap", 5.0))
    assert grammar.parse("netem lb01:eth1 loss=1% out") == grammar.parse("netem lb01:eth1 loss=1%")
    assert grammar.parse("drop lb01 icmp both") == grammar.parse("drop lb01 icmp")
    assert grammar.parse("netem lb01:eth1 rate=100mbit") == grammar.parse(
        "netem lb01:eth1 rate=0.1Gbit"
    )


BAD = {
    "": "expected 'stop', 'start', .* or 'clear', at the end",
    "frezee lb01": r"not 'frezee'|did you mean freeze\?",
    "stop": "expected a node, at the end",
    "stop lb01 lb02": "expected the end, not 'lb02', at character 11",
    "stop -x": "expected a node, not '-x', at character 6",
    "kill lb01": "expected the name of a process, at the end",
    "kill lb01 /usr/sbin/nginx": "expected the name of a process, not '/usr/sbin/nginx'",
    "link lb01:eth1": "expected 'down' or 'up', not 'lb01:eth1', at character 6",
    "link down lb01": "expected an interface behind the node, such as lb01:eth1, at the end",
    "link down lb01:": "expected an interface behind the node",
    "link down :eth1": "expected a node and its interface",
    "partition lb01 lb02": "expected 'from', not 'lb02', at character 16",
    "partition lb01 from": "expected a node, or several",
    "partition lb01, lb02 from lb03": "with commas and no blanks between them, at character 16",
    "partition lb01,lb02 from lb02": "expected each node once, not 'lb02', at character 26",
    "heal lb01": "expected 'from', at the end",
    "netem lb01:eth1": "what is to be wrong with it, such as delay=20ms, or off, at the end",
    "netem lb01:eth1 limit=10": "what is to be wrong with it",
    "netem lb01:eth1 in": "what is to be wrong with it, such as delay=20ms, or off, not 'in'",
    "netem lb01:eth1 dealy=20ms": r"did you mean delay\?",
    "netem lb01:eth1 delay 20ms": "expected 'delay='",
    "netem lb01:eth1 delay=20": "a duration with its unit, such as 20ms or 2s, not '20', at .* 23",
    "netem lb01:eth1 delay=20ms delay=30ms": "expected delay= once",
    "netem lb01:eth1 delay=2h": "expected 0s to 1h, not '2h'",
    "netem lb01:eth1 loss=101%": "from 0% to 100%",
    "netem lb01:eth1 loss=1": "from 0% to 100%, such as 0.5%, not '1'",
    "netem lb01:eth1 loss=0%": "expected something that is not 0, or off",
    "netem lb01:eth1 jitter=5ms": "expected a delay= that the jitter is of",
    "netem lb01:eth1 reorder=5%": "expected a delay= for those packets",
    "netem lb01:eth1 rate=100M": "bits a second, such as 100Mbit",
    "netem lb01:eth1 rate=0Mbit": "bits a second",
    "netem lb01:eth1 rate=0.0001kbit": "bits a second",
    "netem lb01:eth1 rate=10MB": "bits a second, of which a byte has 8, such as 80Mbit, not '10MB'",
    "netem lb01:eth1 loss=1% limit=0": "a number from 1 to 4294967295",
    "netem lb01:eth1 loss=1% in out": "expected the end, not 'out'",
    "netem lb01:eth1 off in": "expected the end, not 'in'",
    "drop lb01": "expected 'vrrp', .* or an IP protocol's number, at the end",
    "drop lb01 vrp": r"did you mean vrrp\?",
    "drop lb01 256": "or an IP protocol's number, not '256'",
    "drop lb01 icmp/80": "no port: only 'tcp', 'udp' or 'sctp' have some, not '80', at .* 16",
    "drop lb01 tcp/": "a port from 1 to 65535",
    "drop lb01 tcp/0": "a port from 1 to 65535, not '0'",
    "drop lb01 tcp/65536": "a port from 1 to 65535",
    "drop lb01 tcp/²": "a port from 1 to 65535",
    "drop lb01 tcp/80 up": "expected 'in', 'out' or 'both', not 'up'",
    "pass lb01 tcp/80 in": "expected the end, not 'in'",
    "service break nginx01": "expected 'fail', 'slow', 'flap' or 'mend', not 'break'",
    "service fail nginx01 2s": "expected the end, not '2s'",
    "service slow nginx01 2": "a duration with its unit",
    "service flap nginx01 1ms": "expected 100ms to 1h",
    "clear lb01 lb02": "expected the end",
}


@pytest.mark.parametrize("words", BAD)
def test_what_is_no_order_is_refused_where_it_is_wrong(words: str) -> None:
    with pytest.raises(FaultError, match=BAD[words]) as caught:
        grammar.parse(words)
    lines = str(caught.value).splitlines()
    assert len(lines) == (3 if words else 1)
    if words:
        assert lines[1] == f"  {words}"
        assert 0 <= lines[2].index("^") - 2 <= len(words)


def test_a_fault_takes_the_place_of_the_same_with_other_values() -> None:
    same = model.same_place
    assert same(Netem("lb01", "eth1", loss=1.0), Netem("lb01", "eth1", delay_us=5))
    assert not same(Netem("lb01", "eth1"), Netem("lb01", "eth2"))
    assert not same(Netem("lb01", "eth1"), LinkDown("lb01", "eth1"))
    assert same(BadService("nginx01", "fail"), BadService("nginx01", "slow", 2.0))
    assert same(Dropped("lb01", "tcp", 80, "in"), Dropped("lb01", "tcp", 80))
    assert not same(Dropped("lb01", "tcp", 80), Dropped("lb01", "tcp"))
    assert not same(Killed("lb01", "nginx"), Killed("lb01", "keepalived"))


def test_a_partition_is_the_same_from_either_side() -> None:
    one = Partition(("a", "b"), ("c",))
    assert model.same_place(one, Partition(("c",), ("b", "a")))
    assert not model.same_place(one, Partition(("a",), ("c",)))
    assert model.nodes_of(one) == ("a", "b", "c")


def test_for_programs_a_fault_has_its_words_too() -> None:
    assert text.plain(Frozen("lb01")) == {
        "fault": "freeze lb01",
        "mended_by": "thaw lb01",
        "kind": "frozen",
        "node": "lb01",
    }
