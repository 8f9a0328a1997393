"""What a lab is made of, as far as the screen shows it: another one only after a redeploy."""

from __future__ import annotations

from dataclasses import dataclass

from lvsnet.engine.runtime import Record


@dataclass(frozen=True)
class Cable:
    """An interface of a node's that is wired to a segment."""

    interface: str
    segment: str
    addresses: tuple[str, ...]
    """With prefix length, as the node boots."""


@dataclass(frozen=True)
class Machine:
    """A node."""

    name: str
    role: str
    cables: tuple[Cable, ...]
    daemons: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    lab: str
    kernel: str
    """``host 6.12.3`` or ``guest 7.2.7``."""
    clock: str
    """``real`` or ``virtual``."""
    machines: tuple[Machine, ...]
    """In the order of the lab file."""


def layout(record: Record) -> Layout:
    """What a screen needs of what a lab was deployed from."""
    return Layout(
        record.plan.lab,
        record.about.kernel,
        record.about.clock,
        tuple(
            Machine(
                node.name,
                node.role,
                tuple(Cable(one.name, one.segment, one.addresses) for one in node.interfaces),
                tuple(daemon.name for daemon in node.daemons),
            )
            for node in record.plan.nodes
        ),
    )
