"""What IPVS has of a service of the lab file: its virtual services, and the VIPs of their clients.

The lab file's service is what its user thinks of as one; IPVS knows an address, a protocol and a
port, and nothing that is more (ip_vs_svc_hash() of net/netfilter/ipvs/ip_vs_ctl.c).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lvsnet.endpoint import joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lvsnet.lab.document import Loc
    from lvsnet.lab.ip_values import IPAddress
    from lvsnet.lab.model_services import Service


@dataclass(frozen=True)
class VirtualService:
    """One line of IPVS's table of services."""

    protocol: str
    """``tcp`` or ``udp``."""
    address: IPAddress
    port: int

    def __str__(self) -> str:
        """As tables and conditions have it, without the protocol: ``192.168.10.100:80``."""
        return joined(self.address, self.port)


def virtual_services(service: Service) -> tuple[VirtualService, ...]:
    """The lines that IPVS gets for a service, in the order of the lab file."""
    return (VirtualService(service.protocol, service.address, service.port),)


def asked(service: Service) -> Iterator[tuple[Loc, IPAddress]]:
    """The addresses that clients ask, each with its place in the service."""
    yield ("address",), service.address


def vips(service: Service) -> tuple[IPAddress, ...]:
    """The addresses that clients ask, each once."""
    return tuple(dict.fromkeys(address for _, address in asked(service)))


def version(service: Service) -> int:
    """Of IP, by which clients ask; a service is of one family."""
    return vips(service)[0].version
