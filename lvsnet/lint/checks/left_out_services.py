"""What keepalived leaves out of virtual servers, as something in the file is at odds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from lvsnet.lint.addresses import IPAddress, address_of
from lvsnet.lint.model import Check, Finding
from lvsnet.lint.site import Site
from lvsnet.lint.written import Written
from lvsnet.rules.left_out_services import CHECK_FAMILY, MARK, REPLY_LENGTH, SERVER_GROUP, TUNNEL

_REPLY = {"min_reply_length": 0, "max_reply_length": 255}
"""Octets, where nothing is written (keepalived.conf(5), UDP_CHECK)."""


def marks(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        if not server.name.startswith("fwmark") or not server.checked:
            continue
        where = f"virtual_server {server.name}"
        if server.protocol is not None:
            message = f"{where}: a mark has no protocol"
            yield Finding(MARK.name, server.protocol.place, message)
        for real in server.real_servers:
            if real.kind in ("DR", "TUN") and real.port_written and real.port:
                message = f"{where}: with {real.kind} nobody uses port {real.port}"
                yield Finding(MARK.name, real.place, message)
                break


def groups(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        for group in machine.statements:
            if group.keyword == "virtual_server_group":
                yield from _group(group)


def _group(group: Written) -> Iterator[Finding]:
    entries = group.block or ()
    if not entries:
        yield Finding(SERVER_GROUP.name, group.place, f"{group.text} has no entries")
    kinds: set[object] = set()
    for entry in entries:
        if entry.keyword == "fwmark":
            kinds |= set() if len(entry.words) > 2 else {"fwmark"}
            continue
        begin, dash, end = entry.keyword.partition("-")
        begin, _, length = begin.partition("/")
        first = address_of(begin)
        kinds.add(first.version if first else None)
        if first is None:
            continue
        if dash and not _upwards(first, end):
            message = f"{group.text}: {entry.keyword} does not go upwards"
            yield Finding(SERVER_GROUP.name, entry.place, message)
        beyond = first.max_prefixlen - int(length) if length.isdecimal() else 0
        if beyond > 0 and int(first) & ((1 << beyond) - 1):
            message = f"{group.text}: {entry.keyword} has bits beyond its length"
            yield Finding(SERVER_GROUP.name, entry.place, message)
    if {4, 6, "fwmark"} <= kinds:
        message = f"{group.text} has IPv4, IPv6 and a mark without a family"
        yield Finding(SERVER_GROUP.name, group.place, message)


def _upwards(first: IPAddress, end: str) -> bool:
    """Whether a range goes on: to an address, or to a last number, hexadecimal for IPv6."""
    last = address_of(end)
    if last is not None:
        return last.version == first.version and int(last) >= int(first)
    try:
        number = int(end, 10 if first.version == 4 else 16)
    except ValueError:
        return True  # no range, which is told elsewhere
    return number > int(first) & (0xFF if first.version == 4 else 0xFFFF)


def tunnels(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        levels = (server.written, *(real.written for real in server.real_servers))
        for level in levels:
            for word in level.all("lvs_method", "lb_kind", "sorry_server_lvs_method"):
                fault = _tunnel(word.arguments)
                if fault:
                    message = f"virtual_server {server.name}: {word.text}: {fault}"
                    yield Finding(TUNNEL.name, word.place, message)


def _tunnel(words: Sequence[str]) -> str:
    if words[:1] != ("TUN",):
        return ""
    kind = words[words.index("type") + 1] if "type" in words[:-1] else "ipip"
    if ("port" in words) != (kind == "gue"):
        return "gue has no port" if kind == "gue" else f"{kind} takes no port"
    if kind == "ipip" and {"csum", "remcsum"} & set(words):
        return "ipip has no checksum"
    return "gre has no remote checksum" if kind == "gre" and "remcsum" in words else ""


def checks(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        for check in chain.from_iterable(real.checks for real in server.real_servers):
            where = f"virtual_server {server.name}: {check.keyword}"
            to, of = check.word("connect_ip"), check.word("bindto")
            ends = [address_of(one.value) for one in (to, of) if one is not None]
            if to and of and ends[0] and ends[1] and ends[0].version != ends[1].version:
                message = f"{where} connects to {ends[0]} from {ends[1]}"
                yield Finding(CHECK_FAMILY.name, max(to.place, of.place), message)
            if check.keyword == "UDP_CHECK":
                least, most = (check.number(word) for word in _REPLY)
                smallest = least.value if least else 0
                largest = most.value if most else _REPLY["max_reply_length"]
                if least is not None and smallest > largest:
                    message = f"{where} wants {smallest} octets at least and {largest} at most"
                    yield Finding(REPLY_LENGTH.name, least.place, message)


CHECKS: tuple[Check, ...] = (marks, groups, tunnels, checks)
