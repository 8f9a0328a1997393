"""What the machines of a site say, as plain facts with the places where they are written.

Made of keepalived.conf files (``lvsnet.lint.from_conf``) and of labs (``lvsnet.lint.from_lab``),
so that one rule serves both.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from lvsnet.lint.addresses import IPAddress, IPNetwork, network_of, prefix_of
from lvsnet.lint.host import Host
from lvsnet.lint.model import Given, Place
from lvsnet.lint.routers import together
from lvsnet.lint.written import Written

OWNER = 255
"""The priority of the addresses' owner (RFC 3768, 5.3.4)."""
DEFAULT_PRIORITY = 100
DEFAULT_ADVERT_INT = 1.0


@dataclass(frozen=True)
class Vip:
    """An entry of ``virtual_ipaddress``."""

    address: IPAddress
    prefix: int | None
    """As written; None without one."""
    place: Place

    @property
    def network(self) -> IPNetwork:
        """The network that it is in, as far as one can tell: its prefix's, or else /24 or /64."""
        whole = self.address.max_prefixlen
        return network_of(self.address, None if self.prefix == whole else self.prefix)


@dataclass(frozen=True)
class Track:
    """An entry of a ``track_*`` block."""

    kind: str
    """``script``, ``interface``, ``file``, ``process`` or ``bfd``."""
    name: str
    weight: int | None
    """None when the entry has none of its own."""
    place: Place


@dataclass(frozen=True)
class Instance:
    """A ``vrrp_instance``."""

    name: str
    machine: str
    written: Written
    place: Place
    segment: str
    """Of a lab; empty where only the interface's name is known."""
    state: Given[str] | None
    interface: Given[str] | None
    router_id: Given[int] | None
    given_priority: Given[int] | None
    given_advert_int: Given[float] | None
    version: int
    """2 or 3; what is written nowhere is keepalived's default for the family."""
    version_place: Place | None
    auth_type: Given[str] | None
    auth_pass: Given[str] | None
    vips: tuple[Vip, ...]
    excluded: tuple[Vip, ...]
    nopreempt: Place | None
    strict: Place | None
    unicast: Place | None
    """Where the first word about unicast is."""
    peers: tuple[Given[IPAddress], ...]
    source: Given[IPAddress] | None
    """``unicast_src_ip`` or ``mcast_src_ip``"""
    tracks: tuple[Track, ...]

    @property
    def master(self) -> bool:
        """Whether it is written to be MASTER."""
        return self.state is not None and self.state.value == "MASTER"

    @property
    def priority(self) -> int:
        """What counts (``vrrp_complete_instance()`` of keepalived's vrrp.c)."""
        if self.given_priority is not None and 1 <= self.given_priority.value <= OWNER:
            return self.given_priority.value
        if self.given_priority is None and self.master:
            return OWNER
        return DEFAULT_PRIORITY

    @property
    def advert_int(self) -> float:
        """Seconds."""
        return DEFAULT_ADVERT_INT if self.given_advert_int is None else self.given_advert_int.value

    @property
    def authentication(self) -> tuple[str, str]:
        """Kind and password as packets have them; two empty strings for none."""
        kind = self.auth_type.value if self.auth_type else ""
        password = self.auth_pass.value if self.auth_pass else ""
        if kind not in ("PASS", "AH") or not password or self.version == 3 or self.strict:
            return "", ""
        octets = password.encode(errors="surrogateescape")[:8]
        return kind, octets.decode(errors="surrogateescape")

    @property
    def family(self) -> int:
        """4 or 6; 4 when it says nothing."""
        for vip in self.vips:
            return vip.address.version
        for peer in self.peers:
            return peer.value.version
        return 4

    @property
    def held(self) -> tuple[Vip, ...]:
        """All that come and go with it, whether advertisements carry them or not."""
        return (*self.vips, *self.excluded)

    @cached_property
    def addresses(self) -> frozenset[IPAddress]:
        """Those that advertisements carry."""
        return frozenset(vip.address for vip in self.vips)

    def at(self, given: Given[int] | Given[str] | Given[float] | None) -> Place:
        """Where a value is written, or else the instance."""
        return self.place if given is None else given.place


@dataclass(frozen=True)
class Group:
    """A ``vrrp_sync_group``."""

    name: str
    place: Place
    members: tuple[Given[str], ...]
    weights_allowed: bool
    """``sync_group_tracking_weight``"""
    tracks: tuple[Track, ...]
    written: Written


@dataclass(frozen=True)
class Script:
    """A ``vrrp_script``."""

    name: str
    place: Place
    weight: int
    written: Written


@dataclass(frozen=True)
class Command:
    """A command line that keepalived runs."""

    what: str
    """``script chk``, ``notify_master of VI_1``"""
    line: str
    user: str
    """Empty where none is named."""
    place: Place


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


KINDS = ("NAT", "DR", "TUN")


@dataclass(frozen=True)
class SyncDaemon:
    """IPVS's sync daemons, as keepalived or ipvsadm starts them."""

    interface: str
    sync_id: int | None
    """None when it is the router id of ``instance``."""
    instance: str
    roles: frozenset[str]
    """``master``, ``backup``; keepalived lets the instance's state choose, so both."""
    group: str
    port: int
    place: Place


@dataclass(frozen=True)
class Machine:
    name: str
    statements: tuple[Written, ...]
    """All of its keepalived.conf; empty where keepalived does not run."""
    place: Place
    globals: Written
    """What all its ``global_defs`` say together."""
    instances: tuple[Instance, ...]
    groups: tuple[Group, ...]
    scripts: tuple[Script, ...]
    commands: tuple[Command, ...]
    servers: tuple[VirtualServer, ...]
    sync: SyncDaemon | None
    host: Host | None = None
    """None where only its keepalived.conf is known."""
    refused: tuple[Given[str], ...] = ()
    """Why ipvsadm refuses lines that are meant for it."""

    def group_of(self, instance: str) -> Group | None:
        """The sync group that an instance is in."""
        return self._groups.get(instance)

    def instance_with(self, address: IPAddress | None) -> Instance | None:
        """The first instance that has a VIP."""
        return None if address is None else self._instances.get(address)

    def instances_around(self, address: IPAddress) -> tuple[Instance, ...]:
        """The instances one of whose VIPs is in a network with an address."""
        keys = (prefix_of(address, length) for length in self._lengths[address.version])
        found = {id(one): one for key in keys for one in self._around.get(key, ())}
        return tuple(found.values())

    def servers_at(self, address: IPAddress | None) -> tuple[VirtualServer, ...]:
        """Its virtual servers with an address, or those of marks, groups and names."""
        return self._servers_at.get(address, ())

    def server_like(self, other: VirtualServer) -> VirtualServer | None:
        """Its virtual server that is the same as another machine's."""
        return self._servers.get(other.identity)

    @cached_property
    def script_weights(self) -> dict[str, int]:
        """Name -> weight of its scripts."""
        return {script.name: script.weight for script in self.scripts}

    @cached_property
    def _groups(self) -> dict[str, Group]:
        return {m.value: group for group in reversed(self.groups) for m in group.members}

    @cached_property
    def _instances(self) -> dict[IPAddress, Instance]:
        return {vip.address: one for one in reversed(self.instances) for vip in one.held}

    @cached_property
    def _lengths(self) -> dict[int, tuple[int, ...]]:
        """Version -> of the prefixes of its instances' networks."""
        return {
            version: tuple(sorted({one[1] for one in self._around if one[0] == version}))
            for version in (4, 6)
        }

    @cached_property
    def _around(self) -> dict[tuple[int, int, int], tuple[Instance, ...]]:
        """A network of VIPs -> the instances that have them."""
        found: dict[tuple[int, int, int], list[Instance]] = defaultdict(list)
        for one in self.instances:
            for key in {prefix_of(vip.address, vip.network.prefixlen) for vip in one.held}:
                found[key].append(one)
        return {key: tuple(instances) for key, instances in found.items()}

    @cached_property
    def _servers_at(self) -> dict[IPAddress | None, tuple[VirtualServer, ...]]:
        found: dict[IPAddress | None, list[VirtualServer]] = defaultdict(list)
        for one in self.servers:
            found[one.address].append(one)
        return {address: tuple(servers) for address, servers in found.items()}

    @cached_property
    def _servers(self) -> dict[tuple[str, str, int, str], VirtualServer]:
        return {one.identity: one for one in reversed(self.servers)}

    def own_addresses(self) -> frozenset[IPAddress]:
        """The addresses that are known to be its own: not those that move."""
        return self._own

    @cached_property
    def _own(self) -> frozenset[IPAddress]:
        held = {one.address for one in self.host.held if one.segment} if self.host else set()
        return frozenset(held | {one.source.value for one in self.instances if one.source})


@dataclass(frozen=True)
class Site:
    machines: tuple[Machine, ...]

    def instances(self) -> tuple[Instance, ...]:
        return tuple(one for machine in self.machines for one in machine.instances)

    def servers(self) -> tuple[VirtualServer, ...]:
        return tuple(one for machine in self.machines for one in machine.servers)

    def holder(self, address: IPAddress) -> Machine | None:
        """The machine that has an address by itself."""
        return self._holders.get(address)

    def machine(self, name: str) -> Machine:
        return self._by_name[name]

    def routers(self) -> tuple[tuple[Instance, ...], ...]:
        """The instances of several machines that are one virtual router, each at least two."""
        return self._routers

    def router_of(self, instance: Instance) -> tuple[Instance, ...] | None:
        """The virtual router that an instance of the site is in; None for one alone."""
        return self._router_of.get(id(instance))

    @cached_property
    def _by_name(self) -> dict[str, Machine]:
        return {one.name: one for one in reversed(self.machines)}

    @cached_property
    def _routers(self) -> tuple[tuple[Instance, ...], ...]:
        return together(self.instances())

    @cached_property
    def _router_of(self) -> dict[int, tuple[Instance, ...]]:
        return {id(one): router for router in self._routers for one in router}

    @cached_property
    def _holders(self) -> dict[IPAddress, Machine]:
        return {
            one.address: machine
            for machine in reversed(self.machines)
            for one in (machine.host.held if machine.host else ())
        }
