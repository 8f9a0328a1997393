"""Virtual and real servers, as a site's directors have them."""

from __future__ import annotations

from dataclasses import dataclass

from lvsnet.lint.addresses import IPAddress
from lvsnet.lint.model import Given, Place
from lvsnet.lint.written import Written

KINDS = ("NAT", "DR", "TUN")


@dataclass(frozen=True)
class RealServer:
    address: IPAddress | None
    """None for what is no address."""
    port: int
    """The virtual server's, where none is written; 0 for none."""
    port_written: bool
    kind: str
    """``NAT``, ``DR`` or ``TUN``: its own, or the virtual server's."""
    weight: int
    place: Place
    written: Written
    checks: tuple[Written, ...]


@dataclass(frozen=True)
class VirtualServer:
    """A ``virtual_server``."""

    machine: str
    name: str
    """``192.168.10.100 80``, ``fwmark 5``, ``group web``."""
    address: IPAddress | None
    """None for a firewall mark or a group."""
    port: int
    protocol: Given[str] | None
    scheduler: Given[str] | None
    kind: Given[str] | None
    place: Place
    written: Written
    real_servers: tuple[RealServer, ...]
    sorry: RealServer | None
    checked: bool = True
    """Whether keepalived has it, which can check; ipvsadm cannot."""

    @property
    def identity(self) -> tuple[str, str, int, str]:
        """By which the kernel, or keepalived, knows it."""
        if self.address is None:
            return self.name, "", 0, ""
        protocol = self.protocol.value if self.protocol else "UDP"
        return "", str(self.address), self.port, protocol

    @property
    def persistent(self) -> bool:
        """Whether clients keep to a real server; keepalived ignores a timeout of 0."""
        word = self.written.last("persistence_timeout")
        return word is not None and word.arguments[:1] != ("0",)

    @property
    def forwarding(self) -> str:
        """What counts: keepalived takes NAT for what it does not know."""
        return self.kind.value if self.kind and self.kind.value in KINDS else "NAT"
