"""What is known of a machine besides its keepalived.conf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lvsnet.lint.addresses import IPAddress
from lvsnet.lint.model import Place


@dataclass(frozen=True)
class Held:
    """An address that a machine of a lab has by itself."""

    address: IPAddress
    interface: str
    segment: str
    """Its network where segments have no names; empty for an interface in none, such as lo."""
    place: Place | None = None


@dataclass(frozen=True)
class Host:
    """What is known of a machine besides its keepalived.conf: of a lab's all, of others what
    further files say."""

    role: str
    place: Place
    held: tuple[Held, ...]
    routes: tuple[tuple[str, str], ...]
    """Destination and gateway."""
    sysctls: Mapping[str, str]
    sysctl_places: Mapping[str, Place] = field(default_factory=dict)
    commands: tuple[tuple[str, Place], ...] = ()
    """Lines that are run once at its start."""
    modules: frozenset[str] | None = None
    """Of the kernel, that are loaded at its start; None where that is not known."""
    complete: bool = True
    """Whether all addresses and routes are known."""
    of_lab: bool = False
