"""Which frames the bridges lose for which faults."""

from __future__ import annotations

import pytest

from lvsnet.compiled import compile_file
from lvsnet.engine import fault_links
from lvsnet.engine.nftables import Rule
from lvsnet.faults.model import Dropped, Fault, LinkDown, Partition
from lvsnet.plan.model import Plan
from lvsnet.resources import example_labs

PLAN: Plan = compile_file(example_labs()["nat"]).plan
PORT = {
    (node.name, interface.name): interface.port
    for node in PLAN.nodes
    for interface in node.interfaces
}


def rules(*faults: Fault) -> list[Rule]:
    return fault_links.rules(faults, PLAN)


def test_a_partition_is_in_both_directions_on_each_common_segment() -> None:
    found = rules(Partition(("lb01",), ("lb02", "nginx01")))
    one, two = PORT["lb01", "eth1"], PORT["lb01", "eth2"]
    others = [(one, PORT["lb02", "eth1"]), (two, PORT["lb02", "eth2"])]
    others += [(two, PORT["nginx01", "eth1"])]
    pairs = [*others, *((right, left) for left, right in others)]
    assert sorted((rule.come_by, rule.leave_by) for rule in found) == sorted(pairs)
    assert all(rule == Rule(rule.come_by, rule.leave_by) for rule in found)


def test_nodes_without_a_common_segment_are_parted_already() -> None:
    assert rules(Partition(("client",), ("nginx01",))) == []


def test_a_protocol_is_lost_in_a_direction_or_both() -> None:
    port = PORT["client", "eth1"]
    leaving, coming = Rule(come_by=port, protocol=112), Rule(leave_by=port, protocol=112)
    assert rules(Dropped("client", "vrrp", direction="out")) == [leaving]
    assert rules(Dropped("client", "vrrp", direction="in")) == [coming]
    assert rules(Dropped("client", "vrrp")) == [leaving, coming]
    assert len(rules(Dropped("lb01", "vrrp"))) == 4


@pytest.mark.parametrize(
    ("protocol", "number"),
    [("icmp", 1), ("tcp", 6), ("udp", 17), ("sctp", 132), ("47", 47), ("0", 0)],
)
def test_protocols_by_name_and_number(protocol: str, number: int) -> None:
    (rule,) = rules(Dropped("client", protocol, direction="in"))
    assert rule == Rule(leave_by=PORT["client", "eth1"], protocol=number)


def test_arp_is_none_of_ip() -> None:
    (rule,) = rules(Dropped("client", "arp", direction="in"))
    assert rule == Rule(leave_by=PORT["client", "eth1"], arp=True)


def test_a_port_is_that_of_either_end() -> None:
    port = PORT["client", "eth1"]
    assert rules(Dropped("client", "tcp", 80, "out")) == [
        Rule(come_by=port, protocol=6, from_port=80),
        Rule(come_by=port, protocol=6, to_port=80),
    ]


def test_no_frame_is_named_twice_and_other_faults_name_none() -> None:
    twice = Partition(("lb01",), ("lb02",)), Partition(("lb01", "client"), ("lb02",))
    found = rules(*twice, LinkDown("lb01", "eth1"))
    assert len(found) == len(set(found)) == 6
