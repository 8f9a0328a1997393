"""A containerlab topology as lvsnet runs it: read, merged over its levels, and checked.

Plain data that carries all it needs: what a node binds has been read, so a compiler reads no files.
"""

from __future__ import annotations

from dataclasses import dataclass

from lvsnet.errors import Problem

OWN_LABELS = "lvsnet."
"""How the labels of nodes begin that lvsnet itself has exported."""


@dataclass(frozen=True)
class BoundFile:
    """A file on a node, copied there from beside the topology."""

    path: str
    """Absolute path on the node."""
    content: str
    mode: int
    """Permission bits of the file that was read."""


@dataclass(frozen=True)
class NameService:
    """What a node's resolv.conf(5) says."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Port:
    """A machine's end of a wire."""

    interface: str
    wire: str
    mac: str
    """Empty unless the topology names one."""
    mtu: int


@dataclass(frozen=True)
class Wire:
    """A link between two machines, or a node of kind bridge with all its links."""

    name: str
    """The bridge's; of a link, its two ends."""
    bridge: str
    """What the bridge that it becomes is to be called, if that is free and not too long."""
    mtu: int
    """The smallest of its links."""


@dataclass(frozen=True)
class Machine:
    """A node of kind linux."""

    name: str
    ports: tuple[Port, ...]
    """In the order of the links."""
    image: str
    entrypoint: tuple[str, ...]
    """Takes the place of the image's entrypoint and command; empty leaves both."""
    command: tuple[str, ...]
    """Takes the place of the image's command; empty leaves it."""
    user: str
    """Who runs it; empty for whom the image names."""
    commands: tuple[tuple[str, ...], ...]
    """Of ``stages`` and ``exec``, in the order in which containerlab runs them."""
    environment: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    sysctls: tuple[tuple[str, str], ...]
    capabilities: tuple[str, ...]
    """With their prefix: ``CAP_NET_ADMIN``."""
    privileged: bool
    tmpfs: tuple[str, ...]
    """Directories that are to be in memory."""
    files: tuple[BoundFile, ...]
    name_service: NameService | None
    stage: int
    """Nodes of a lower stage are ready, and their commands are done, before those of a higher one
    begin; from 1."""


@dataclass(frozen=True)
class Topology:
    name: str
    machines: tuple[Machine, ...]
    wires: tuple[Wire, ...]
    modules: tuple[str, ...]
    """Kernel modules that commands for the host would have loaded."""


@dataclass(frozen=True)
class ExaminedTopology:
    topology: Topology
    warnings: tuple[Problem, ...]
    """In the order of the file."""
