"""What the machines of a site say, as plain facts with the places where they are written.

Made of keepalived.conf files (``lvsnet.lint.from_conf``) and of labs (``lvsnet.lint.from_lab``),
so that one rule serves both.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from lvsnet.lint.addresses import IPAddress, prefix_of
from lvsnet.lint.host import Host
from lvsnet.lint.instances import Group, Instance
from lvsnet.lint.model import Given, Place
from lvsnet.lint.routers import together
from lvsnet.lint.servers import VirtualServer
from lvsnet.lint.written import Written


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
