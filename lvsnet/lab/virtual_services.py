"""What IPVS has of a service of the lab file: its virtual services, and the VIPs of their clients.

The lab file's service is what its user thinks of as one. IPVS knows two kinds: an address, a
protocol and a port, or a firewall mark (ip_vs_svc_hash() of net/netfilter/ipvs/ip_vs_ctl.c).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from lvsnet.endpoint import joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lvsnet.lab.document import Loc
    from lvsnet.lab.ip_values import IPAddress
    from lvsnet.lab.model_marks import Mark
    from lvsnet.lab.model_services import Service

FWMARK = "fwmark"
FTP = 21
MOST_LINES = 256
"""Of a service in IPVS; far beyond what a lab is for."""
MOST_LISTENERS = 256
"""Ports in one range of which each is listened at; a longer one is for whom a protocol calls back,
such as the passive data of FTP."""


@dataclass(frozen=True)
class VirtualService:
    """One line of IPVS's table of services."""

    protocol: str
    """``tcp``, ``udp``, ``sctp`` or ``fwmark``."""
    address: IPAddress | None
    """None of a firewall mark."""
    port: int
    """0 of a firewall mark."""
    mark: int = 0
    """0 of an address."""

    def __str__(self) -> str:
        """As tables and conditions have it, without the protocol: ``192.168.10.100:80``, ``1``."""
        return str(self.mark) if self.address is None else joined(self.address, self.port)


@dataclass(frozen=True)
class Marked:
    """Packets that a director gives a firewall mark."""

    mark: int
    protocol: str
    first: IPAddress
    last: IPAddress
    ports: tuple[tuple[int, int], ...]
    """First and last ones; all ports without any."""


def virtual_services(service: Service) -> tuple[VirtualService, ...]:
    """The lines that IPVS gets for a service, in the order of the lab file, each once.

    None for a service that says nowhere what clients ask for, which `lvsnet.lab.checks` tell of.
    """
    return tuple(dict.fromkeys(one for _, one in placed(service)))


def placed(service: Service) -> Iterator[tuple[Loc, VirtualService]]:
    """The lines that IPVS gets for a service, each with its place in the service.

    No more than one beyond `MOST_LINES`: of more, `lvsnet.lab.checks` tell.
    """
    return islice(_placed(service), MOST_LINES + 1)


def _placed(service: Service) -> Iterator[tuple[Loc, VirtualService]]:
    if service.fwmark is not None:
        yield ("fwmark",), _of_mark(service.fwmark)
        return
    for number, line in enumerate(service.virtual_server_group):
        place = ("virtual_server_group", number)
        if line.fwmark is not None:
            yield (*place, "fwmark"), _of_mark(line.fwmark)
        elif line.address is not None:
            for address in _each(line.address):
                for port in _numbers(line.ports):
                    yield (*place, "ports"), VirtualService(service.protocol, address, port)
    plain = not service.virtual_server_group
    if plain and service.address is not None and service.port is not None:
        yield ("port",), VirtualService(service.protocol, service.address, service.port)


def marked(service: Service) -> tuple[Marked, ...]:
    """What directors give firewall marks to for a service."""
    return tuple(
        Marked(fwmark, one.protocol, *one.address, tuple(one.ports))
        for _, fwmark, marks in _marks(service)
        for one in marks
    )


def asked(service: Service) -> Iterator[tuple[Loc, IPAddress]]:
    """The addresses that clients ask, each with its place in the service."""
    for place, _, marks in _marks(service):
        for number, one in enumerate(marks):
            for address in _each(one.address):
                yield (*place, number, "address"), address
    for number, line in enumerate(service.virtual_server_group):
        if line.address is not None:
            for address in _each(line.address):
                yield ("virtual_server_group", number, "address"), address
    if service.address is not None:
        yield ("address",), service.address


def vips(service: Service) -> tuple[IPAddress, ...]:
    """The addresses that clients ask, each once."""
    return tuple(dict.fromkeys(address for _, address in asked(service)))


def version(service: Service) -> int:
    """Of IP, by which clients ask; a service is of one family."""
    return next((vip.version for vip in vips(service)), 4)


def asked_ports(service: Service, protocol: str = "") -> tuple[int, ...]:
    """The ports that clients ask, by a protocol or any, each once; of a mark no long ranges."""
    of_lines = [
        one.port
        for one in virtual_services(service)
        if one.address is not None and protocol in ("", one.protocol)
    ]
    of_marks = [
        port
        for one in marked(service)
        if protocol in ("", one.protocol)
        for port in _numbers([way for way in one.ports if way[1] - way[0] < MOST_LISTENERS])
    ]
    return tuple(dict.fromkeys(of_lines + of_marks))


def protocols(service: Service) -> frozenset[str]:
    """The transport protocols by which clients ask."""
    lines = virtual_services(service)
    by_address = {one.protocol for one in lines if one.address is not None}
    return frozenset(by_address | {one.protocol for one in marked(service)})


def asked_first(service: Service, protocol: str) -> tuple[IPAddress, int] | None:
    """The first address and port that clients ask by a protocol; None without any.

    A mark for all ports of an address has none that could be named.
    """
    lines = [one for one in virtual_services(service) if one.protocol == protocol]
    named = [(one.address, one.port) for one in lines if one.address is not None]
    named += [
        (one.first, one.ports[0][0])
        for one in marked(service)
        if one.protocol == protocol and one.ports
    ]
    return named[0] if named else None


def real_ports(service: Service, own: int, protocol: str) -> tuple[int, ...]:
    """Where a real server is asked by a protocol: at its own port, or, with 0, the clients'."""
    if own and (not protocol or protocol in protocols(service)):
        return (own,)
    return asked_ports(service, protocol)


def served_ports(service: Service, own: int) -> tuple[int, ...]:
    """Where a real server's program listens for a service: of ours dnsmasq alone knows UDP."""
    return real_ports(service, own, "" if service.application == "dns" else "tcp")


def control_port(ports: Sequence[int]) -> int:
    """The port of an FTP server; the others of its service are for data."""
    return FTP if FTP in ports else ports[0]


def has_helper(service: Service) -> bool:
    """Whether the kernel's ip_vs_ftp reads what is said to a service."""
    return service.application == "ftp" and service.method == "nat" and service.port == FTP


def is_plain(service: Service) -> bool:
    """Whether a service is one address and port."""
    return service.fwmark is None and not service.virtual_server_group


def _of_mark(mark: int) -> VirtualService:
    return VirtualService(FWMARK, None, 0, mark)


def _marks(service: Service) -> Iterator[tuple[Loc, int, Sequence[Mark]]]:
    """Place, mark, and what gets it."""
    if service.fwmark is not None:
        yield ("marks",), service.fwmark, service.marks
    for number, line in enumerate(service.virtual_server_group):
        if line.fwmark is not None:
            yield ("virtual_server_group", number, "marks"), line.fwmark, line.marks


def _each(addresses: tuple[IPAddress, IPAddress]) -> Iterator[IPAddress]:
    first, last = addresses
    kind = type(first)
    return (kind(number) for number in range(int(first), int(last) + 1))


def _numbers(ranges: Sequence[tuple[int, int]]) -> Iterator[int]:
    return (port for first, last in ranges for port in range(first, last + 1))
