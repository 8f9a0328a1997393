"""IPVS's connections, as /proc/net/ip_vs_conn_sync lists them: the kernel tells them nowhere else.

That is /proc/net/ip_vs_conn with who told of them (ip_vs_conn.c). No I/O here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from lvsnet.endpoint import joined, parted
from lvsnet.observe.table_model import FWMARK, Connection, Connections, Wanted

FILE = "ip_vs_conn_sync"
FIELDS, STATE = 10, 7
"""Of a line: protocol; address and port of client, virtual service and real server, in hexadecimal
digits; state, origin, seconds until it expires."""
IP = "IP"
"""The protocol of a template that is for all of a firewall mark; its service's address is the mark
(ip_vs_sched_persist() of ip_vs_core.c)."""
MANY = 1024
"""Addresses whose text is remembered: of most entries a few are the same."""
LONG = 8
"""Digits of an IPv4 address; an IPv6 address has colons, too."""


def narrowed(text: str, wanted: Wanted, names: Mapping[str, str]) -> Connections:
    """Those that are wanted, sorted by service, client and real server; of them the first.

    ``names``: address without port -> node. Lines of any other shape are left out.
    """
    # A director may have very many, of which few are shown: what is left out is not understood.
    rows = [row for row in _rows(text) if wanted.state in ("", row[STATE])]
    rows.sort(key=_key)
    if wanted.address or wanted.real_servers or wanted.port:
        found = [one for row in rows if _is(one := _connection(row, names), wanted)]
        return Connections(len(found), tuple(found[: wanted.most or None]))
    listed = rows[: wanted.most or None]
    return Connections(len(rows), tuple(_connection(row, names) for row in listed))


def connections(text: str) -> Iterator[Connection]:
    """All of them, as the kernel lists them, without their nodes; lines of any other shape are left
    out."""
    return (_connection(row, {}) for row in _rows(text))


def _rows(text: str) -> Iterator[list[str]]:
    """The words of each line that has a connection."""
    for line in text.splitlines():
        row = line.split()
        if len(row) == FIELDS and row[-1].isdecimal():
            yield row


def _key(row: list[str]) -> tuple[object, ...]:
    """All addresses of one family have as many digits."""
    protocol, client, client_port, virtual, virtual_port, *rest = row
    return protocol, len(virtual), virtual, virtual_port, len(client), client, client_port, rest


def _connection(row: list[str], names: Mapping[str, str]) -> Connection:
    protocol, *ends, state, origin, expires = row
    client, client_port, virtual, virtual_port, real, real_port = ends
    of_mark = protocol == IP
    source, server = _address(client), _address(real)
    return Connection(
        protocol=FWMARK if of_mark else protocol.lower(),
        client=joined(source, int(client_port, 16)),
        client_node=names.get(source, ""),
        service=_mark(virtual) if of_mark else joined(_address(virtual), int(virtual_port, 16)),
        real_server=joined(server, int(real_port, 16)),
        node=names.get(server, ""),
        state=state,
        expires=int(expires),
        origin=origin.lower(),
    )


@lru_cache(MANY)
def _address(digits: str) -> str:
    if ":" in digits:
        return str(IPv6Address(digits))
    return str(IPv4Address(int(digits, 16)))


def _mark(digits: str) -> str:
    """The first 32 bits of what is an address elsewhere."""
    return str(int(digits.replace(":", "")[:LONG], 16))


def _is(one: Connection, wanted: Wanted) -> bool:
    if wanted.state not in ("", one.state):
        return False
    host, port = parted(one.real_server)
    if wanted.real_servers and host not in wanted.real_servers:
        return False
    if wanted.port not in (0, int(port)):
        return False
    if wanted.address in ("", one.service):
        return wanted.protocol in ("", one.protocol)
    if one.protocol == FWMARK or wanted.protocol not in ("", one.protocol):
        return False
    # A template may be for all ports of an address.
    virtual, its_port = parted(one.service)
    return wanted.address == virtual or (its_port == "0" and virtual == parted(wanted.address)[0])
