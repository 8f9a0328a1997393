"""What a forwarding method asks of the machines on both sides of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lvsnet.plan.model import Address, Device, Unwrapping

if TYPE_CHECKING:
    from lvsnet.lab.model import Lab
    from lvsnet.lab.model_services import Tunnel
    from lvsnet.plan.services import Site


@dataclass(frozen=True)
class Sysctl:
    key: str
    value: str
    reason: str
    """For the person who reads the file on the machine."""


def once(site: Site, node: str) -> tuple[Sysctl, ...]:
    """What keeps a real server that is a director, too, from balancing what another one sends it.

    It takes effect while the backup sync daemon runs there (sysctl_backup_only() of
    include/net/ip_vs.h).
    """
    if node not in site.directors:
        return ()
    return (
        Sysctl(
            "net.ipv4.vs.backup_only",
            "1",
            "Do not balance what the other director sends here, while the sync daemon is the\n"
            "backup's. Else the two send connections round in circles.",
        ),
    )


@dataclass(frozen=True)
class Needs:
    """What one machine needs for one service, beyond what its role gives it."""

    sysctls: tuple[Sysctl, ...] = ()
    """Set before the addresses are there."""
    addresses: tuple[Address, ...] = ()
    devices: tuple[Device, ...] = ()
    unwrapping: tuple[Unwrapping, ...] = ()
    gateways: tuple[str, ...] = ()
    """Each of them would do for its default route, the first one best; none when all the same."""
    modules: tuple[str, ...] = ()
    """Kernel modules beyond ip_vs and its schedulers."""


class Method(Protocol):
    """A module of this package is one."""

    OWN_PORTS: bool
    """Whether a real server's port can differ from the service's."""

    def lvs_method(self, tunnel: Tunnel | None) -> tuple[str, ...]:
        """keepalived's words for it; any other spelling silently becomes NAT."""
        ...

    def options(self, tunnel: Tunnel | None) -> tuple[str, ...]:
        """ipvsadm's (ipvsadm(8), packet-forwarding-method)."""
        ...

    def director(self, lab: Lab, site: Site, node: str) -> Needs:
        """What ``node`` needs to forward to the real servers of a service.

        ``site`` has those of this method alone, here and below.
        """
        ...

    def real_server(self, lab: Lab, site: Site, node: str) -> Needs:
        """What ``node`` needs to answer clients of a service."""
        ...
