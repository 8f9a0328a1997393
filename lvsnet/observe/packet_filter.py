"""Which packets the kernel is to pass on: classic BPF, compiled by a node's own tcpdump.

Documentation/networking/filter.rst has the instructions, pcap-filter(7) the language.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from lvsnet.engine.runtime import Runtime
from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Plan

INSTRUCTION = struct.Struct("=HBBI")
"""struct sock_filter: what to do, where to go on if so and if not, with which number."""
Instruction = tuple[int, int, int, int]
Program = tuple[Instruction, ...]

LOAD, JUMP_IF_EQUAL, JUMP, RETURN = 0x20, 0x15, 0x05, 0x06
PACKET_LOADS = (0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0xB1)
"""Loads of a word, a half or a byte, at a place or one relative to X, and of a header's length."""
EXTRAS = 0xFFFFF000
"""SKF_AD_OFF: loads from there on are no bytes of the packet."""
DEVICE_TYPE = EXTRAS + 28
"""SKF_AD_HATYPE"""
NETWORK_HEADER = 0xFFF00000
"""SKF_NET_OFF: loads from there on count from where IP's header begins."""
ETHERNET, LOOPBACK = 1, 772
"""ARPHRD_ETHER, ARPHRD_LOOPBACK (include/uapi/linux/if_arp.h)."""
MOST = 4096
"""Instructions of a program (BPF_MAXINSNS)."""
TCPDUMP = "tcpdump"
DEADLINE = 20.0
"""Seconds for tcpdump, which takes some hundredths."""
NOT_FOUND = 127


def everything(snaplen: int) -> Program:
    """Takes all."""
    return ((RETURN, 0, 0, snaplen),)


def compiled(filter: str, snaplen: int, plan: Plan, runtime: Runtime) -> Program:
    """What takes the packets that ``filter`` describes, on interfaces of any type.

    Raises:
        LvsnetError: tcpdump does not understand it, or no node that runs has one.
    """
    if not filter.strip():
        return everything(snaplen)
    ethernet = _program(filter, "EN10MB", snaplen, plan, runtime)
    try:
        raw = _from_network_header(_program(filter, "RAW", snaplen, plan, runtime))
    except LvsnetError:
        # What Ethernet alone has, as ARP, an interface without it never has.
        raw = ((RETURN, 0, 0, 0),)
    return either(ethernet, raw)


def either(ethernet: Program, raw: Program) -> Program:
    """The one for interfaces with Ethernet's header, the other one for those without."""
    return (
        (LOAD, 0, 0, DEVICE_TYPE),
        (JUMP_IF_EQUAL, 2, 0, ETHERNET),
        (JUMP_IF_EQUAL, 1, 0, LOOPBACK),
        (JUMP, 0, 0, len(ethernet)),
        *ethernet,
        *raw,
    )


def parsed(said: str) -> Program:
    """The program in what ``tcpdump -ddd`` prints: how many instructions, then one on each line.

    Raises:
        ValueError: there is none.
    """
    lines = [line.split() for line in said.splitlines()]
    numbers = [tuple(map(int, line)) for line in lines if line and all(map(str.isdecimal, line))]
    found = tuple((one[0], one[1], one[2], one[3]) for one in numbers if len(one) == 4)
    if not found or (len(found),) not in numbers:
        raise ValueError("no program")
    return found


def _program(filter: str, link: str, snaplen: int, plan: Plan, runtime: Runtime) -> Program:
    argv = [TCPDUMP, "-y", link, "-s", str(snaplen), "-ddd", "--", filter]
    inits = runtime.inits(plan.lab)
    for node in plan.nodes:
        if node.name not in inits or runtime.frozen(plan.lab, node.name):
            continue
        code, said = runtime.run(plan.lab, node.name, argv, DEADLINE)
        if code == NOT_FOUND:
            continue
        try:
            return parsed(said if code == 0 else "")
        except ValueError as error:
            raise LvsnetError(f"filter {filter!r}: {_complaint(said)}") from error
    raise LvsnetError(
        f"filter {filter!r}: it is compiled by {TCPDUMP} in a node of lab {plan.lab}, and none "
        "that runs has it; capture without a filter, or start a node that does"
    )


def _complaint(said: str) -> str:
    """What tcpdump said last, such as ``tcpdump: can't parse filter expression: syntax error``."""
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else f"{TCPDUMP} gives no program for it"


def _from_network_header(program: Program) -> Program:
    """Count from IP's header: before it some interfaces have others, as GRE's its outer ones."""
    return tuple(
        (code, yes, no, NETWORK_HEADER + value)
        if code in PACKET_LOADS and value < NETWORK_HEADER
        else (code, yes, no, value)
        for code, yes, no, value in program
    )


def encoded(program: Sequence[Instruction]) -> bytes:
    """As the kernel takes it.

    Raises:
        LvsnetError: it is longer than the kernel allows.
    """
    if len(program) > MOST:
        raise LvsnetError(f"the filter is too long: {len(program)} instructions of {MOST}")
    return b"".join(INSTRUCTION.pack(*one) for one in program)
