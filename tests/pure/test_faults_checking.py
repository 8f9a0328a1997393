"""An order is checked against a lab's plan before anything is broken."""

from __future__ import annotations

import pytest

from lvsnet.compiled import compile_file
from lvsnet.faults import checking, grammar
from lvsnet.faults.model import FaultError, LinkDown, Mend, Netem, Partition, Put
from lvsnet.resources import example_labs

PLAN = compile_file(example_labs()["nat"]).plan


@pytest.mark.parametrize(
    "words",
    [
        "stop lb01",
        "thaw nginx02",
        "kill client sh",
        "revive lb01 keepalived",
        "link down lb01:eth2",
        "partition client,lb01 from lb02,nginx01",
        "heal",
        "drop nginx01 tcp/8080",
        "service slow nginx01",
        "clear",
        "clear client",
    ],
)
def test_what_the_lab_has(words: str) -> None:
    order = grammar.parse(words)
    checking.check(order, PLAN)
    assert checking.resolved(order, PLAN) == order


def test_an_interface_can_be_named_by_its_segment() -> None:
    def resolved(words: str) -> object:
        return checking.resolved(grammar.parse(words), PLAN)

    assert resolved("link down lb01:back") == Put(LinkDown("lb01", "eth2"))
    assert resolved("link up nginx01:back") == Mend(LinkDown("nginx01", "eth1"))
    assert resolved("netem lb02:front loss=1%") == Put(Netem("lb02", "eth1", loss=1.0))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("stop lb03", "lab nat has no node lb03; there is client, .* did you mean lb0[12]?"),
        ("clear lb03", "lab nat has no node lb03"),
        ("partition lb01 from lb03", "lab nat has no node lb03"),
        (
            "link down lb01:eth3",
            r"lb01 has no interface eth3; it has eth1 \(in front\), eth2 \(in back\); did you mean",
        ),
        ("link down client:back", r"client has no interface back; it has eth1 \(in front\)"),
        ("netem lb01:bakc off", "did you mean back"),
        ("revive lb01 keepalive", "lb01 has no daemon keepalive that could be started again; "),
        ("revive client nginx", "client has no daemon nginx .*; it has none"),
        ("service fail lb01", "lb01 is a director, and has no nginx"),
        ("service mend client", "client is a client, and has no nginx"),
    ],
)
def test_what_the_lab_has_not(words: str, message: str) -> None:
    with pytest.raises(FaultError, match=message):
        checking.check(grammar.parse(words), PLAN)


def test_a_node_is_not_parted_from_itself() -> None:
    with pytest.raises(FaultError, match="lb01 cannot be parted from itself"):
        checking.check(Put(Partition(("lb01", "client"), ("lb01",))), PLAN)
