"""The connections of IPVS, each with its state, as the kernel lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from lvsnet.endpoint import joined

FILE = Path("/proc/thread-self/net/ip_vs_conn")
"""Of the network namespace that this thread is in (proc_pid_net(5))."""
FIELDS = 9
"""Protocol; client, service and real server, an address and a port each; state; seconds."""


@dataclass(frozen=True)
class Connection:
    """An entry of a director's connection table, as ``ipvsadm -Lnc`` lists it."""

    protocol: str
    """``tcp``, ``udp`` or ``sctp``; of a template of a persistent service that of the service, or
    ``ip``."""
    client: str
    """``192.168.10.10:40000``, ``[2001:db8::10]:40000``"""
    service: str
    """``192.168.10.100:80``"""
    real_server: str
    state: str
    """``ESTABLISHED``, ``FIN_WAIT``, ...; of UDP ``UDP``; of a template ``NONE`` or
    ``ASSURED``."""
    expires: int
    """Seconds until it is removed, if nothing more is seen of it."""


def connections() -> tuple[Connection, ...]:
    """The table of the network namespace that this thread is in; empty without IPVS.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not as kernels 2.6 to 7 write it (net/netfilter/ipvs/ip_vs_conn.c).
    """
    try:
        text = FILE.read_text()
    except FileNotFoundError:
        return ()
    return tuple(parse(text))


def parse(text: str) -> Iterator[Connection]:
    """The connections in the text of /proc/net/ip_vs_conn.

    Raises:
        ValueError: a line is not as the kernel writes it.
    """
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < FIELDS:
            raise ValueError(f"/proc/net/ip_vs_conn: a line without all its fields: {line!r}")
        protocol, *ends, state, seconds = fields[:FIELDS]
        client, service, server = (
            _endpoint(address, port) for address, port in zip(ends[::2], ends[1::2], strict=True)
        )
        yield Connection(protocol.lower(), client, service, server, state, int(seconds))


def _endpoint(address: str, port: str) -> str:
    """IPv4 is eight hexadecimal digits, IPv6 eight groups of four; a port is four."""
    number = int(port, 16)
    if ":" in address:
        return joined(IPv6Address(address), number)
    return joined(IPv4Address(int(address, 16)), number)
