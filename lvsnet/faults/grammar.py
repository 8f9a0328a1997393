"""The text of an order: what `lvsnet fault` takes, and a scenario's ``fault``.

    order     = "stop" NODE | "start" NODE
              | "freeze" NODE | "thaw" NODE
              | "kill" NODE PROCESS | "revive" NODE PROCESS
              | "link" ("down" | "up") NODE ":" IFACE
              | "partition" nodes "from" nodes | "heal" [nodes "from" nodes]
              | "netem" NODE ":" IFACE ("off" | impairment {impairment} [direction])
              | "drop" NODE PROTO ["/" PORT] [direction] | "pass" NODE PROTO ["/" PORT]
              | "service" ("fail" NODE | "slow" NODE [TIME] | "flap" NODE [TIME] | "mend" NODE)
              | "clear" [NODE]
    nodes     = NODE {"," NODE}
    direction = "in" | "out" | "both"
    impairment = ("delay" | "jitter") "=" TIME
              | ("loss" | "duplicate" | "corrupt" | "reorder") "=" PERCENT
              | "rate" "=" RATE | "limit" "=" PACKETS

IFACE is an interface's name, or that of its segment. ``heal`` alone is for all partitions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from lvsnet.faults import values
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
    Order,
    Partition,
    PowerOff,
    Put,
)

Value = TypeVar("Value")
WORD = re.compile(r"\S+")
NODE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")
INTERFACE = re.compile(r"[^\s/:,]{1,63}")
PROCESS = re.compile(r"[^\s/]{1,255}")
NAMED_PROTOCOLS = ("vrrp", "icmp", "arp", "tcp", "udp", "sctp")
WITH_PORTS = ("tcp", "udp", "sctp")
DIRECTIONS = ("in", "out", "both")
LAST_PORT = 65535
LAST_PROTOCOL = 255
DELAY = partial(values.time, shortest=0, longest=3_600_000_000)
LATENESS = partial(values.time, shortest=1_000, longest=3_600_000_000)
PERIOD = partial(values.time, shortest=100_000, longest=3_600_000_000)
"""In microseconds."""
PACKETS = partial(values.count, most=2**32 - 1)
"""limit of struct tc_netem_qopt has 32 bits."""
SLOW_S = 2.0
FLAP_S = 5.0


@dataclass(frozen=True)
class _Word:
    text: str
    """Empty at the end of the order."""
    at: int
    """From 0, in characters."""


@dataclass
class _Reader:
    text: str
    at: int = 0

    def peek(self) -> _Word:
        match = WORD.search(self.text, self.at)
        return _Word(match[0], match.start()) if match else _Word("", len(self.text.rstrip()))

    def take(self) -> _Word:
        word = self.peek()
        self.at = word.at + len(word.text)
        return word

    def ended(self) -> bool:
        return not self.peek().text

    def wrong(self, word: _Word, expected: str) -> FaultError:
        shown = re.sub(r"\s", " ", self.text)
        found = f", not {word.text!r}" if word.text else ""
        at_end = word.at >= len(self.text.rstrip())
        where = "at the end" if at_end else f"at character {word.at + 1}"
        message = f"expected {expected}{found}, {where} of the fault"
        return FaultError(f"{message}\n  {shown}\n  {' ' * word.at}^" if shown.strip() else message)


def parse(text: str) -> Order:
    """An order from its text.

    Raises:
        FaultError: it is none; the message says where, and what was expected there.
    """
    reader = _Reader(text)
    word = reader.take()
    if word.text not in ORDERS:
        raise reader.wrong(word, f"{_either(ORDERS)}{_meant(word.text, ORDERS)}")
    order = ORDERS[word.text](reader)
    rest = reader.take()
    if rest.text:
        raise reader.wrong(rest, "the end")
    return order


def _on_node(
    kind: Callable[[str], Fault], order: type[Put] | type[Mend]
) -> Callable[[_Reader], Order]:
    return lambda reader: order(kind(_node(reader)))


def _on_process(order: type[Put] | type[Mend]) -> Callable[[_Reader], Order]:
    def read(reader: _Reader) -> Order:
        node = _node(reader)
        word = reader.take()
        if not PROCESS.fullmatch(word.text):
            raise reader.wrong(word, "the name of a process")
        return order(Killed(node, word.text))

    return read


def _link(reader: _Reader) -> Order:
    orders: Mapping[str, type[Put] | type[Mend]] = {"down": Put, "up": Mend}
    order = orders[_one_of(reader, orders)]
    return order(LinkDown(*_place(reader)))


def _partition(reader: _Reader) -> Order:
    return Put(_two_sides(reader))


def _heal(reader: _Reader) -> Order:
    return Mend(Partition((), ()) if reader.ended() else _two_sides(reader))


def _two_sides(reader: _Reader) -> Partition:
    nodes = _nodes(reader, ())
    word = reader.take()
    if word.text != "from":
        raise reader.wrong(word, "'from'")
    return Partition(nodes, _nodes(reader, nodes))


def _nodes(reader: _Reader, others: Sequence[str]) -> tuple[str, ...]:
    """Names with commas between them, none twice, and none of ``others``."""
    word = reader.take()
    found: list[str] = []
    at = word.at
    for name in word.text.split(","):
        one = _Word(name, at)
        if not NODE.fullmatch(name):
            raise reader.wrong(one, "a node, or several with commas and no blanks between them")
        if name in found or name in others:
            raise reader.wrong(one, "each node once")
        found.append(name)
        at += len(name) + 1
    return tuple(found)


def _netem(reader: _Reader) -> Order:
    node, interface = _place(reader)
    first = reader.peek()
    if first.text == "off":
        reader.take()
        return Mend(Netem(node, interface))
    times: dict[str, int] = {}
    parts: dict[str, float] = {}
    counts: dict[str, int] = {}
    given: set[str] = set()
    while not reader.ended() and reader.peek().text not in DIRECTIONS:
        word = reader.take()
        key, equals, value = word.text.partition("=")
        if key not in IMPAIRMENTS or not equals:
            meant = _meant(key, IMPAIRMENTS)
            expected = f"{_either(one + '=' for one in IMPAIRMENTS)}{meant}"
            raise reader.wrong(word, expected)
        if key in given:
            raise reader.wrong(word, f"{key}= once")
        given.add(key)
        at = _Word(value, word.at + len(key) + 1)
        if key in TIMES:
            times[key] = _value(reader, at, DELAY)
        elif key in PARTS:
            parts[key] = _value(reader, at, values.percent)
        else:
            counts[key] = _value(reader, at, values.rate if key == "rate" else PACKETS)
    if not given - {"limit"}:
        raise reader.wrong(reader.peek(), "what is to be wrong with it, such as delay=20ms, or off")
    if "jitter" in given and not times.get("delay"):
        raise reader.wrong(first, "a delay= that the jitter is of")
    if parts.get("reorder") and not times.get("delay"):
        raise reader.wrong(first, "a delay= for those packets that are not reordered")
    direction = "out" if reader.ended() else reader.take().text
    fault = Netem(
        node,
        interface,
        delay_us=times.get("delay", 0),
        jitter_us=times.get("jitter", 0),
        loss=parts.get("loss", 0.0),
        duplicate=parts.get("duplicate", 0.0),
        corrupt=parts.get("corrupt", 0.0),
        reorder=parts.get("reorder", 0.0),
        rate=counts.get("rate", 0),
        limit=counts.get("limit", 1000),
        direction=direction,
    )
    if not (fault.delay_us or fault.rate or any(parts.values())):
        raise reader.wrong(first, "something that is not 0, or off")
    return Put(fault)


def _drop(reader: _Reader) -> Order:
    node = _node(reader)
    protocol, port = _protocol(reader)
    direction = "both" if reader.ended() else _one_of(reader, DIRECTIONS)
    return Put(Dropped(node, protocol, port, direction))


def _pass(reader: _Reader) -> Order:
    node = _node(reader)
    return Mend(Dropped(node, *_protocol(reader)))


def _protocol(reader: _Reader) -> tuple[str, int | None]:
    word = reader.take()
    name, slash, port = word.text.partition("/")
    number = values.number(name, LAST_PROTOCOL)
    if name not in NAMED_PROTOCOLS and number is None:
        shown = f"{_either(NAMED_PROTOCOLS)}, or an IP protocol's number"
        raise reader.wrong(word, f"{shown}{_meant(name, NAMED_PROTOCOLS)}")
    if not slash:
        return name if number is None else str(number), None
    at = _Word(port, word.at + len(name) + 1)
    if name not in WITH_PORTS:
        raise reader.wrong(at, f"no port: only {_either(WITH_PORTS)} have some")
    found = values.number(port, LAST_PORT)
    if not found:
        raise reader.wrong(at, f"a port from 1 to {LAST_PORT}")
    return name, found


def _service(reader: _Reader) -> Order:
    kind = _one_of(reader, ("fail", "slow", "flap", "mend"))
    node = _node(reader)
    if kind == "mend":
        return Mend(BadService(node, "fail"))
    if kind == "fail":
        return Put(BadService(node, kind))
    if reader.ended():
        return Put(BadService(node, kind, SLOW_S if kind == "slow" else FLAP_S))
    time = _value(reader, reader.take(), LATENESS if kind == "slow" else PERIOD)
    return Put(BadService(node, kind, time / 1e6))


def _clear(reader: _Reader) -> Order:
    return Clear("" if reader.ended() else _node(reader))


ORDERS: Mapping[str, Callable[[_Reader], Order]] = {
    "stop": _on_node(PowerOff, Put),
    "start": _on_node(PowerOff, Mend),
    "freeze": _on_node(Frozen, Put),
    "thaw": _on_node(Frozen, Mend),
    "kill": _on_process(Put),
    "revive": _on_process(Mend),
    "link": _link,
    "partition": _partition,
    "heal": _heal,
    "netem": _netem,
    "drop": _drop,
    "pass": _pass,
    "service": _service,
    "clear": _clear,
}
"""First word -> what reads the rest."""
TIMES = ("delay", "jitter")
PARTS = ("loss", "duplicate", "corrupt", "reorder")
IMPAIRMENTS = (*TIMES, *PARTS, "rate", "limit")


def _node(reader: _Reader) -> str:
    word = reader.take()
    if not NODE.fullmatch(word.text):
        raise reader.wrong(word, "a node")
    return word.text


def _place(reader: _Reader) -> tuple[str, str]:
    word = reader.take()
    node, colon, interface = word.text.partition(":")
    if not NODE.fullmatch(node):
        raise reader.wrong(word, "a node and its interface, such as lb01:eth1")
    if not colon or not INTERFACE.fullmatch(interface):
        at = _Word(interface, word.at + len(node) + len(colon))
        raise reader.wrong(at, f"an interface behind the node, such as {node}:eth1")
    return node, interface


def _one_of(reader: _Reader, words: Collection[str]) -> str:
    word = reader.take()
    if word.text not in words:
        raise reader.wrong(word, f"{_either(words)}{_meant(word.text, words)}")
    return word.text


def _value(reader: _Reader, word: _Word, read: Callable[[str], Value]) -> Value:
    """What one of `lvsnet.faults.values` makes of a word."""
    try:
        return read(word.text)
    except ValueError as error:
        raise reader.wrong(word, str(error)) from error


def _either(words: Iterable[str]) -> str:
    names = [f"'{one}'" for one in words]
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _meant(word: str, words: Collection[str]) -> str:
    from lvsnet.lab.suggest import nearest

    near = nearest(word, list(words)) if word and word not in words else None
    return f" (did you mean {near}?)" if near else ""
