"""The Plan: what every machine of a site must become, as plain data.

The compiler makes it on the host, the engine reads it, often inside a guest kernel: this module
imports nothing but the standard library. It goes over the wire as JSON (``lvsnet.plan.codec``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Segment:
    """One L2 broadcast domain, a bridge in the lab's fabric."""

    name: str
    bridge: str
    """Name of the bridge in the fabric's namespace: at most 15 bytes (IFNAMSIZ)."""
    mtu: int


@dataclass(frozen=True)
class Interface:
    """A node's end of a veth pair whose other end is in ``segment``'s bridge."""

    name: str
    segment: str
    port: str
    """Name of the end in the fabric's namespace: at most 15 bytes, unique in the lab."""
    mac: str
    addresses: tuple[str, ...]
    """With prefix length: ``192.168.10.11/24``."""
    mtu: int


OFF_WIRE = frozenset(("lo", "tunl0", "gre0", "ip6tnl0", "ip6gre0", "sit0"))
"""Interfaces on which no neighbour asks for an address, so that who has it there is no holder."""


@dataclass(frozen=True)
class Device:
    """An interface that is wired to nothing, such as a tunnel's end; it is up.

    The kernel may have it from the start under that name (net.core.fb_tunnels_only_for_init_net of
    Documentation/admin-guide/sysctl/net.rst).
    """

    name: str
    kind: str
    """As ip-link(8) calls it: ``ipip``, ``gre``."""


@dataclass(frozen=True)
class Unwrapping:
    """A UDP port at which the kernel unwraps packets (ip-fou(8))."""

    port: int
    encapsulation: str
    """``gue``"""
    version: int = 4
    """Of IP, of the packets outside."""


@dataclass(frozen=True)
class Address:
    """An address on an interface that is not wired to a segment, such as a VIP/32 on ``lo``."""

    interface: str
    address: str
    """With prefix length."""


@dataclass(frozen=True)
class Route:
    destination: str
    """``default`` or a prefix: ``10.0.0.0/8``."""
    via: str
    interface: str = ""
    """The node's, of a link-local gateway; any other one is in a subnet of one."""

    def __str__(self) -> str:
        device = f" dev {self.interface}" if self.interface else ""
        return f"route to {self.destination} via {self.via}{device}"


@dataclass(frozen=True)
class File:
    path: str
    """Absolute path on the node."""
    content: str
    mode: int = 0o644


@dataclass(frozen=True)
class ConfigurationTest:
    """A program that says, before a daemon starts, what it will make of its configuration."""

    argv: tuple[str, ...]
    judge: str
    """Who reads what it says: a key of ``lvsnet.engine.judges.JUDGES``."""


@dataclass(frozen=True)
class Daemon:
    """A process that has to run on a node, in the foreground, under the node's init."""

    name: str
    argv: tuple[str, ...]
    stage: int
    """Daemons of a lower stage, on all nodes, are ready before those of a higher one start."""
    listens: tuple[int, ...] = ()
    """TCP ports that it listens on once it is ready."""
    pid_file: str = ""
    """File that exists, and names a live process, once it is ready."""
    tests: tuple[ConfigurationTest, ...] = ()
    """Of a configuration that the user wrote; a generated one needs none."""
    reads: tuple[str, ...] = ()
    """Files, or directories with a final slash, that it reads."""
    reload: str = ""
    """Signal that makes it read them again: ``HUP``; empty for one that has to be restarted."""
    fixed: tuple[str, ...] = ()
    """What of its configuration it takes only when it starts."""


@dataclass(frozen=True)
class Command:
    """A command that runs among the daemons' stages."""

    argv: tuple[str, ...]
    stage: int
    """It runs when the daemons of this stage are ready, on all nodes, and before those of a higher
    one start."""


@dataclass(frozen=True)
class Process:
    """What a container runs, as far as somebody has said it; the rest is for its image to say."""

    entrypoint: tuple[str, ...]
    """Takes the place of the image's entrypoint and command; empty leaves both."""
    command: tuple[str, ...]
    """Takes the place of the image's command; empty leaves it."""
    user: str
    """Who runs it: a name or a number, with a group after a colon or without; empty for whom the
    image names."""
    stage: int
    """That of the daemon which it becomes."""


@dataclass(frozen=True)
class Node:
    name: str
    role: str
    interfaces: tuple[Interface, ...]
    addresses: tuple[Address, ...]
    routes: tuple[Route, ...]
    sysctls: tuple[tuple[str, str], ...]
    """(``net.ipv4.ip_forward``, ``1``), in the order in which they are to be set."""
    files: tuple[File, ...]
    daemons: tuple[Daemon, ...]
    commands: tuple[tuple[str, ...], ...]
    """Run in order once addresses and files are there: what a real machine's init does before
    the daemons, then the user's own."""
    environment: tuple[tuple[str, str], ...]
    capabilities: tuple[str, ...]
    """Beyond the runtime's default: ``CAP_NET_ADMIN``."""
    privileged: bool
    image: str
    """The container image that the user chose for it; empty for its role's own."""
    afterwards: tuple[Command, ...] = ()
    """Commands that need daemons, in their order."""
    process: tuple[Process, ...] = ()
    """One at most, of a node whose image is a wish: where images are run it becomes a daemon by
    `lvsnet.engine.runtimes.docker_images`, and elsewhere by `lvsnet.plan.topology_process`."""
    tmpfs: tuple[str, ...] = ("/run", "/tmp")
    """Which of these two are in memory where the image is the user's; in lvsnet's own both are."""
    directory: str = "/"
    """Working directory of daemons and commands, where the image is the user's."""
    devices: tuple[Device, ...] = ()
    unwrapping: tuple[Unwrapping, ...] = ()


@dataclass(frozen=True)
class AddressHeld:
    """True once ``address`` (no prefix length) is on exactly one of ``nodes``."""

    address: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class RealServerListed:
    """True once ``node``'s IPVS table has ``real_server`` in ``service``."""

    node: str
    protocol: str
    service: str
    """``192.168.10.100:80``"""
    real_server: str
    """``192.168.10.13:80``"""
    suspended: bool = False
    """Whether that is so only while ``node`` has the service's address, and nobody waits for it."""


@dataclass(frozen=True)
class VrrpInstance:
    """Addresses that VRRP moves, as the lab file has them, whether adverts carry them or not."""

    name: str
    segment: str
    addresses: tuple[str, ...]
    """Without prefix length."""
    priorities: tuple[tuple[str, int], ...]
    """Node and priority, the highest one first: it has the addresses while all is well."""


@dataclass(frozen=True)
class RealServer:
    """One of a service's, and how its directors reach it."""

    nodes: tuple[str, ...]
    """The machines that answer for it: one, or all that share its address by VRRP."""
    endpoint: str
    """``192.168.10.13:80``; port 0 leaves it at the port that the client asked."""
    method: str
    """``dr``, ``nat`` or ``tun``."""
    weight: int = 1
    sorry: bool = False
    """Whether it is asked only when no other one is left."""


@dataclass(frozen=True)
class Service:
    """What a lab file calls a service, which may be several lines of IPVS's table."""

    name: str
    asked: tuple[str, ...]
    """Those lines: ``tcp 192.168.10.100:80``, ``fwmark 1``."""
    vips: tuple[str, ...]
    """The addresses that clients ask."""
    directors: tuple[str, ...]
    real_servers: tuple[RealServer, ...]


@dataclass(frozen=True)
class Plan:
    lab: str
    segments: tuple[Segment, ...]
    nodes: tuple[Node, ...]
    kernel: tuple[str, ...]
    """Kernel modules that the lab needs, by their names: ``ip_vs_rr``."""
    held: tuple[AddressHeld, ...]
    listed: tuple[RealServerListed, ...]
    """``held`` and ``listed`` say when the site as a whole is up."""
    allow: tuple[str, ...] = ()
    """Names of rules that the lab breaks on purpose."""
    memory: str = ""
    """Of a guest that the lab runs in, as the kernel's mem= takes it: ``512M``; empty for the
    usual size."""
    strict: bool = False
    """Whether a warning about a daemon's configuration is an error."""
    vrrp: tuple[VrrpInstance, ...] = ()
    services: tuple[Service, ...] = ()
    """``vrrp`` and ``services`` are for whoever looks at the site; nothing is made of them."""
