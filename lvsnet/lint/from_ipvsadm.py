"""What ipvsadm's command lines and rule files say: virtual servers and sync daemons.

ipvsadm(8); a rule file has the same words without the program's name (ipvsadm-save(8)).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import ip_address
from itertools import pairwise

from lvsnet.lint.from_conf import SYNC_GROUP_ADDRESS, SYNC_PORT, integer
from lvsnet.lint.model import Given, Place
from lvsnet.lint.site import IPAddress, Machine, RealServer, SyncDaemon, VirtualServer
from lvsnet.lint.written import Written

_KINDS = {"-g": "DR", "--gatewaying": "DR", "-m": "NAT", "--masquerading": "NAT"}
_KINDS |= {"-i": "TUN", "--ipip": "TUN"}
_PROTOCOLS = {"-t": "TCP", "--tcp-service": "TCP", "-u": "UDP", "--udp-service": "UDP"}


def added(machine: Machine, lines: Iterable[tuple[str, Place]]) -> Machine:
    """A machine with what lines add to what its keepalived.conf says."""
    lines = list(lines)
    return replace(
        machine,
        servers=(*machine.servers, *servers(machine.name, lines)),
        sync=machine.sync or sync_daemon(lines),
    )


def servers(machine: str, lines: Iterable[tuple[str, Place]]) -> tuple[VirtualServer, ...]:
    """The services that lines add; each line with its place."""
    found: dict[str, tuple[Given[str] | None, Place, list[RealServer]]] = {}
    for words, place in _ipvsadm(lines):
        key = _after(words, *_PROTOCOLS)
        if key is None:
            continue
        name = f"{_protocol(words)} {key}"
        if {"-A", "--add-service"} & set(words):
            scheduler = _after(words, "-s", "--scheduler")
            given = Given(scheduler, place) if scheduler else None
            found.setdefault(name, (given, place, []))
        elif {"-a", "--add-server"} & set(words) and name in found:
            real = _real_server(words, place, key)
            if real is not None:
                found[name][2].append(real)
    return tuple(
        _server(machine, name, scheduler, place, reals)
        for name, (scheduler, place, reals) in found.items()
    )


def sync_daemon(lines: Iterable[tuple[str, Place]]) -> SyncDaemon | None:
    """The sync daemons that lines start, taken together."""
    found = None
    for words, place in _ipvsadm(lines):
        role = _after(words, "--start-daemon")
        if role is None:
            continue
        roles = frozenset({role}) | (found.roles if found else frozenset())
        found = SyncDaemon(
            _after(words, "--mcast-interface") or "",
            integer(_after(words, "--syncid") or "") or 0,
            "",
            roles,
            _after(words, "--mcast-group") or SYNC_GROUP_ADDRESS,
            integer(_after(words, "--mcast-port") or "") or SYNC_PORT,
            found.place if found else place,
        )
    return found


def _ipvsadm(lines: Iterable[tuple[str, Place]]) -> Iterator[tuple[list[str], Place]]:
    for line, place in lines:
        words = line.split()
        if words and words[0].rpartition("/")[2] == "ipvsadm":
            yield words[1:], place
        elif words and words[0] in ("-A", "-a"):
            yield words, place


def _server(
    machine: str,
    name: str,
    scheduler: Given[str] | None,
    place: Place,
    reals: list[RealServer],
) -> VirtualServer:
    protocol, _, where = name.partition(" ")
    address, port = _address(where)
    kind = reals[0].kind if reals else "DR"
    return VirtualServer(
        machine=machine,
        name=f"{address} {port}" if address else where,
        address=address,
        port=port,
        protocol=Given(protocol, place),
        scheduler=scheduler,
        kind=Given(kind, place),
        place=place,
        written=Written(("ipvsadm",), place, ()),
        real_servers=tuple(reals),
        sorry=None,
        checked=False,
    )


def _real_server(words: list[str], place: Place, service: str) -> RealServer | None:
    where = _after(words, "-r", "--real-server")
    if where is None:
        return None
    address, port = _address(where)
    kind = next((_KINDS[word] for word in words if word in _KINDS), "DR")
    weight = integer(_after(words, "-w", "--weight") or "")
    return RealServer(
        address=address,
        port=port or _address(service)[1],
        port_written=bool(port),
        kind=kind,
        weight=1 if weight is None else weight,
        place=place,
        written=Written(
            ("real_server", *((str(address), str(port)) if address else (where,))), place, ()
        ),
        checks=(),
    )


def _protocol(words: list[str]) -> str:
    return next(_PROTOCOLS[word] for word in words if word in _PROTOCOLS)


def _after(words: list[str], *names: str) -> str | None:
    for before, word in pairwise(words):
        if before in names:
            return word
    return None


def _address(text: str) -> tuple[IPAddress | None, int]:
    """``192.168.10.100:80`` or ``[fd00::1]:80``"""
    host, _, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    try:
        return ip_address(host.strip("[]")), int(port) if port.isdecimal() else 0
    except ValueError:
        return None, 0
