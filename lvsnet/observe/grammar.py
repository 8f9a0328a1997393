"""The text of a condition: what `lvsnet clock run-until` takes.

    condition   = term {"and" term}
    term        = "vip" ADDRESS "on" (NODE | "nobody" | "one" "node" | NUMBER "nodes")
                | "real_server" SERVER ("in" | "out" "of") NODE [service]
                | COUNTER COMPARISON NUMBER ["to" SERVER] "on" NODE [service]
                | "exec" NODE ":" COMMAND
    service     = ("for" | "of") (["tcp" | "udp" | "sctp"] VIP ":" PORT | "fwmark" NUMBER)
    SERVER      = (NODE | ADDRESS) [":" PORT]
    COUNTER     = "active" | "inactive" | "connections"

An IPv6 address is in brackets where a port follows. A COMMAND is all that follows, so it is in the
last term.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from lvsnet.endpoint import joined, unbracketed
from lvsnet.observe.conditions import (
    COMPARISONS,
    COUNTERS,
    FWMARK,
    PROTOCOLS,
    Condition,
    ConditionError,
    Connections,
    InTable,
    Server,
    ServiceName,
    Succeeds,
    Term,
    VipHolders,
    VipOn,
)

WORD = re.compile(r"[<>=!]+|[^\s<>=!]+")
NODE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")
EXEC = re.compile(r"\s*(\S*?)\s*:\s*(.*?)\s*", re.DOTALL)
LAST_PORT = 65535
MOST = 10**9
"""No number of connections, nodes or marks that somebody waits for is larger."""


@dataclass(frozen=True)
class _Word:
    text: str
    """Empty at the end of the condition."""
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

    def skips(self, *texts: str) -> bool:
        """Whether one of these comes next, which is taken then."""
        if self.peek().text not in texts:
            return False
        self.take()
        return True

    def need(self, text: str) -> None:
        word = self.take()
        if word.text != text:
            raise self.wrong(word, f"'{text}'")

    def wrong(self, word: _Word, expected: str) -> ConditionError:
        shown = re.sub(r"\s", " ", self.text)
        found = f", not {word.text!r}" if word.text else ""
        at_end = word.at >= len(self.text.rstrip())
        where = "at the end" if at_end else f"at character {word.at + 1}"
        message = f"expected {expected}{found}, {where} of the condition"
        return ConditionError(f"{message}\n  {shown}\n  {' ' * word.at}^" if shown else message)


def parse(text: str) -> Condition:
    """A condition from its text.

    Raises:
        ConditionError: it is none; the message says where, and what was expected there.
    """
    reader = _Reader(text)
    terms = [_term(reader)]
    while (word := reader.take()).text:
        if word.text != "and":
            raise reader.wrong(word, "'and' or the end")
        terms.append(_term(reader))
    return Condition(tuple(terms))


def _term(reader: _Reader) -> Term:
    word = reader.take()
    if word.text in TERMS:
        return TERMS[word.text](reader)
    if word.text in COUNTERS:
        return _connections(reader, word.text)
    raise reader.wrong(word, f"{_either([*TERMS, *COUNTERS])}{_meant(word.text)}")


def _vip(reader: _Reader) -> Term:
    address = _address(reader)
    reader.need("on")
    word = reader.take()
    if word.text == "nobody":
        return VipHolders(address, 0)
    if reader.peek().text == "node" and word.text in ("one", "no"):
        reader.take()
        return VipHolders(address, 1 if word.text == "one" else 0)
    if reader.peek().text in ("node", "nodes") and word.text.isdecimal():
        reader.take()
        return VipHolders(address, _whole(reader, word, MOST))
    return VipOn(address, _node(reader, word, "a node, 'nobody', 'one node' or '2 nodes'"))


def _real_server(reader: _Reader) -> Term:
    server = _server(reader)
    word = reader.take()
    if word.text not in ("in", "out"):
        raise reader.wrong(word, "'in' or 'out of'")
    if word.text == "out":
        reader.need("of")
    director = _node(reader, reader.take(), "a director")
    return InTable(server, word.text == "in", director, _service(reader))


def _connections(reader: _Reader, counter: str) -> Term:
    word = reader.take()
    if word.text not in COMPARISONS:
        raise reader.wrong(word, _either(COMPARISONS))
    number = _whole(reader, reader.take(), MOST)
    server = _server(reader) if reader.skips("to") else None
    reader.need("on")
    director = _node(reader, reader.take(), "a director")
    return Connections(counter, word.text, number, director, server, _service(reader))


def _exec(reader: _Reader) -> Term:
    match = EXEC.fullmatch(reader.text, reader.at)
    if match is None:
        reader.take()
        raise reader.wrong(_Word("", reader.at), "a colon behind the node")
    node = _node(reader, _Word(match[1], match.start(1)), "a node")
    if not match[2]:
        raise reader.wrong(_Word("", len(reader.text.rstrip())), "a command")
    reader.at = len(reader.text)
    return Succeeds(node, match[2])


TERMS: Mapping[str, Callable[[_Reader], Term]] = {
    "vip": _vip,
    "real_server": _real_server,
    "exec": _exec,
}


def _service(reader: _Reader) -> ServiceName | None:
    if not reader.skips("for", "of"):
        return None
    if reader.skips(FWMARK):
        return ServiceName(str(_whole(reader, reader.take(), 2**32 - 1)), FWMARK)
    protocol = reader.take().text if reader.peek().text in PROTOCOLS else ""
    word = reader.take()
    host, port = _split(reader, word)
    address = _canonical(host)
    if address is None or port is None:
        raise reader.wrong(word, "VIP:PORT, such as 192.168.10.100:80 or [2001:db8::1]:80")
    return ServiceName(joined(address, port), protocol)


def _server(reader: _Reader) -> Server:
    word = reader.take()
    host, port = _split(reader, word)
    address = _canonical(host)
    if address is not None:
        return Server(address=address, port=port)
    return Server(node=_node(reader, word, "a real server's node or address", host), port=port)


def _split(reader: _Reader, word: _Word) -> tuple[str, int | None]:
    """Host and port of ``host``, ``host:80``, ``[2001:db8::1]:80`` or ``2001:db8::1``."""
    host, colon, port = word.text.rpartition(":")
    bare = word.text.count(":") > 1 and not word.text.startswith("[")
    if bare or not colon or word.text.endswith("]"):
        return unbracketed(word.text), None
    start = word.at + len(host) + 1
    number = _whole(reader, _Word(port, start), LAST_PORT, "a port, from 1 to 65535")
    if number == 0:
        raise reader.wrong(_Word(port, start), "a port, from 1 to 65535")
    return unbracketed(host), number


def _address(reader: _Reader) -> str:
    word = reader.take()
    address = _canonical(unbracketed(word.text))
    if address is None:
        raise reader.wrong(word, "an address, without prefix length or port")
    return address


def _canonical(text: str) -> str | None:
    """An address as the kernel's are shown; None when it is none."""
    if "%" in text:
        return None  # a VIP is an address of the whole lab's
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def _node(reader: _Reader, word: _Word, expected: str, name: str | None = None) -> str:
    found = word.text if name is None else name
    # Digits and dots alone are an address with a mistake in it.
    if not NODE.fullmatch(found) or re.fullmatch(r"[0-9.]*\.[0-9.]*", found):
        raise reader.wrong(word, expected)
    return found


def _whole(reader: _Reader, word: _Word, most: int, expected: str = "a whole number") -> int:
    if not re.fullmatch(r"[0-9]{1,10}", word.text) or int(word.text) > most:
        raise reader.wrong(word, expected)
    return int(word.text)


def _either(words: Mapping[str, object] | list[str]) -> str:
    *others, last = [f"'{word}'" for word in words]
    return f"{', '.join(others)} or {last}"


def _meant(text: str) -> str:
    from lvsnet.lab.suggest import nearest

    near = nearest(text, [*TERMS, *COUNTERS])
    return f" (did you mean '{near}'?)" if near else ""
