"""Filters: what tcpdump compiles, for interfaces with Ethernet's header and without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import pytest

from lvsnet.compiled import compile_file
from lvsnet.engine.runtime import Runtime
from lvsnet.errors import LvsnetError
from lvsnet.observe import packet_filter as filters
from lvsnet.observe.packet_filter import Program
from lvsnet.plan.model import Plan
from lvsnet.resources import example_labs

VRRP = "7\n48 0 0 0\n84 0 0 240\n21 0 3 64\n48 0 0 9\n21 0 1 112\n6 0 0 100\n6 0 0 0\n"
ARP = "4\n40 0 0 12\n21 0 1 2054\n6 0 0 100\n6 0 0 0\n"
ALL = "1\n6 0 0 100\n"
TUNNEL = 768


class FakeRuntime:
    """Where client is frozen, lb01 has no tcpdump, and lb02's says what it is told to."""

    def __init__(self, said: Mapping[str, tuple[int, str]]) -> None:
        self.said = said
        self.asked: list[str] = []

    def inits(self, _lab: str) -> dict[str, int]:
        return {"client": 1, "lb01": 2, "lb02": 3}

    def frozen(self, _lab: str, node: str) -> bool:
        return node == "client"

    def run(self, _lab: str, node: str, argv: Sequence[str], _deadline: float) -> tuple[int, str]:
        self.asked.append(node)
        return self.said[argv[2]] if node == "lb02" else (127, "not found")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_file(example_labs()["dr"]).plan


def compiled(plan: Plan, filter: str, said: Mapping[str, tuple[int, str]]) -> Program:
    return filters.compiled(filter, 100, plan, cast(Runtime, FakeRuntime(said)))


def taken(program: Program, device: int) -> Program:
    """The part of a program that an interface of this type comes to."""
    load, *jumps, other = program[:4]
    assert load == (filters.LOAD, 0, 0, filters.DEVICE_TYPE)
    for at, (code, yes, _no, value) in enumerate(jumps, 1):
        assert code == filters.JUMP_IF_EQUAL
        if value == device:
            return program[at + 1 + yes :]
    assert other[0] == filters.JUMP
    return program[4 + other[3] :]


def test_without_a_filter_all_is_taken_and_nobody_asked(plan: Plan) -> None:
    assert compiled(plan, " ", {}) == ((filters.RETURN, 0, 0, 100),)


def test_each_type_of_interface_has_its_program(plan: Plan) -> None:
    said = {"EN10MB": (0, ARP), "RAW": (0, VRRP)}
    program = compiled(plan, "arp or vrrp", said)
    ethernet = filters.parsed(ARP)
    assert taken(program, filters.ETHERNET)[: len(ethernet)] == ethernet
    assert taken(program, filters.LOOPBACK)[: len(ethernet)] == ethernet
    raw = taken(program, TUNNEL)
    assert [one[:3] for one in raw] == [one[:3] for one in filters.parsed(VRRP)]
    assert raw[0][3] == filters.NETWORK_HEADER
    assert raw[3][3] == filters.NETWORK_HEADER + 9
    assert raw[1][3] == 240
    assert len(filters.encoded(program)) == 8 * len(program)


def test_what_ethernet_alone_has_other_interfaces_never_have(plan: Plan) -> None:
    said = {"EN10MB": (0, ARP), "RAW": (1, "tcpdump: expression rejects all packets")}
    assert taken(compiled(plan, "arp", said), TUNNEL) == ((filters.RETURN, 0, 0, 0),)


def test_tcpdumps_own_words_say_what_is_wrong(plan: Plan) -> None:
    said = {"EN10MB": (1, "tcpdump: can't parse filter expression: syntax error\n")}
    with pytest.raises(LvsnetError, match=r"^filter 'vrp 1': tcpdump: can't parse filter expr"):
        compiled(plan, "vrp 1", said)


def test_no_tcpdump_anywhere_is_said(plan: Plan) -> None:
    with pytest.raises(LvsnetError, match="none that runs has it"):
        compiled(plan, "arp", {"EN10MB": (127, ""), "RAW": (127, "")})


def test_a_program_among_other_words_is_found() -> None:
    assert filters.parsed("Warning: assuming Ethernet\n" + ALL) == ((6, 0, 0, 100),)
    for text in ("", "2\n6 0 0 1\n", "tcpdump: no"):
        with pytest.raises(ValueError, match="no program"):
            filters.parsed(text)


def test_a_program_that_is_too_long_is_refused() -> None:
    with pytest.raises(LvsnetError, match="too long"):
        filters.encoded(((6, 0, 0, 0),) * (filters.MOST + 1))
