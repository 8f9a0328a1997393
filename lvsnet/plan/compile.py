"""Lab -> Plan: what every machine of the site must become.

A pure function: no clock, no random, no I/O. The same lab gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from lvsnet.endpoint import joined
from lvsnet.lab.addressing import own
from lvsnet.lab.virtual_services import (
    VirtualService,
    has_helper,
    marked,
    protocols,
    vips,
    virtual_services,
)
from lvsnet.plan import ipvsadm, keepalived, marks, sync_daemon
from lvsnet.plan.addressing import fabric
from lvsnet.plan.applications import applications
from lvsnet.plan.hosts import name_files
from lvsnet.plan.methods import METHODS
from lvsnet.plan.methods.base import Needs
from lvsnet.plan.model import (
    AddressHeld,
    Daemon,
    File,
    Interface,
    Node,
    Plan,
    RealServer,
    RealServerListed,
    Service,
    VrrpInstance,
)
from lvsnet.plan.netplan import netplan_files
from lvsnet.plan.own import own_commands, own_configuration, own_daemons, own_texts, with_own
from lvsnet.plan.routes import routes
from lvsnet.plan.services import Member, Site, by_method, rip, sites
from lvsnet.plan.sysctls import sysctl_files, sysctls
from lvsnet.plan.tunnels import tunnel_files

if TYPE_CHECKING:
    from lvsnet.lab import model as lab_model
    from lvsnet.lab import model_services
    from lvsnet.lab.model import Lab
    from lvsnet.plan.own_keepalived import Asked

T = TypeVar("T")

_CAPABILITIES = ("CAP_NET_ADMIN", "CAP_NET_RAW")
"""What a node needs to be one: addresses, IPVS and VRRP; ping and tcpdump."""


@dataclass(frozen=True)
class _Software:
    """Configuration and daemons of a node's role."""

    files: tuple[File, ...] = ()
    daemons: tuple[Daemon, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    """Run before the daemons start."""

    def and_also(self, other: _Software) -> _Software:
        return _Software(
            (*self.files, *other.files),
            (*self.daemons, *other.daemons),
            (*self.commands, *other.commands),
        )


def compile_lab(lab: Lab) -> Plan:
    """The plan of a lab that ``lvsnet.lab`` has found valid, or whose faults it allows itself.

    Raises LvsnetError for what cannot become a machine, such as a name that keepalived.conf
    cannot express.
    """
    services = sites(lab)
    segments, interfaces = fabric(lab)
    return Plan(
        lab=lab.name,
        segments=segments,
        nodes=tuple(_node(lab, name, interfaces[name], services) for name in lab.nodes),
        kernel=_kernel(lab, services),
        held=_held(lab),
        listed=_listed(lab, services),
        allow=tuple(lab.allow),
        memory=str(lab.memory or ""),
        vrrp=tuple(_vrrp(lab)),
        services=tuple(_service(lab, site) for site in services),
    )


def _node(lab: Lab, name: str, interfaces: tuple[Interface, ...], services: Sequence[Site]) -> Node:
    spec = lab.nodes[name]
    needs = list(_needs(lab, name, services))
    addresses = _unique(address for need in needs for address in need.addresses)
    unwrapping = _unique(one for need in needs for one in need.unwrapping)
    ways = routes(lab, name, [need.gateways for need in needs], spec.routes)
    wanted = sysctls(
        spec.role,
        _versions(spec),
        (sysctl for need in needs for sysctl in need.sysctls),
        spec.sysctls,
    )
    software = _software(lab, name, services)
    generated = (
        *name_files(lab, name),
        *sysctl_files(wanted),
        *netplan_files(name, interfaces, addresses, ways),
        *tunnel_files(_unique(module for need in needs for module in need.modules), unwrapping),
        *software.files,
    )
    return Node(
        name=name,
        role=spec.role,
        interfaces=interfaces,
        addresses=addresses,
        routes=ways,
        sysctls=tuple((one.key, one.value) for found in wanted.values() for one in found),
        files=with_own(name, generated, spec),
        daemons=_by_stage(*software.daemons, *own_daemons(name, software.daemons, spec)),
        commands=(*software.commands, *own_commands(spec)),
        environment=tuple(spec.env.items()),
        capabilities=tuple(sorted({*_CAPABILITIES, *spec.capabilities})),
        privileged=lab.privileged or spec.privileged,
        image=spec.image or "",
        devices=_unique(device for need in needs for device in need.devices),
        unwrapping=unwrapping,
    )


def _needs(lab: Lab, node: str, services: Iterable[Site]) -> Iterator[Needs]:
    for site in services:
        for method, part in by_method(site):
            if node in part.directors:
                yield METHODS[method].director(lab, part, node)
            if any(node in member.nodes for member in part.answering):
                yield METHODS[method].real_server(lab, part, node)


def _software(lab: Lab, node: str, services: Sequence[Site]) -> _Software:
    spec = lab.nodes[node]
    programs = _Software(*applications(lab, node, services, _versions(spec)))
    if spec.role == "realserver":
        files = keepalived.keepalived_files(lab, node, ())
        return programs.and_also(_Software(files=files, daemons=_keepalived(node, spec, files)))
    if spec.role == "director":
        return programs.and_also(_balancer(lab, node, services))
    # The other end of a director's BFD session, for one.
    files = keepalived.keepalived_files(lab, node, ())
    return _Software(files=files, daemons=_keepalived(node, spec, files))


def _balancer(lab: Lab, node: str, services: Sequence[Site]) -> _Software:
    spec = lab.nodes[node]
    own = [site for site in services if node in site.directors]
    checked = [site for site in own if site.service.configured_by == "keepalived"]
    static = [site for site in own if site.service.configured_by == "ipvsadm"]
    files = keepalived.keepalived_files(lab, node, checked)
    runs_own = own_configuration(spec) is not None
    # A generated configuration sets the timeouts where it has virtual servers.
    timeouts = None if checked and not runs_own else lab.timeouts
    daemon = sync_daemon.options(lab, node, services)
    rules = ipvsadm.ipvsadm_files(lab, node, static, timeouts, daemon)
    loads = any(file.path == ipvsadm.RULES_PATH for file in rules)
    marking = marks.mark_files(services)
    order = (ipvsadm.BEFORE_KEEPALIVED,) if loads and (checked or runs_own) else ()
    return _Software(
        files=(*files, *rules, *order, *marking),
        # One that has no configuration of keepalived's is left to ipvsadm.
        daemons=_keepalived(node, spec, files, keepalived.fixed(lab, node, checked)),
        commands=(
            *((marks.LOAD,) if marking else ()),
            *((ipvsadm.LOAD,) if loads else ()),
            *sync_daemon.commands(daemon),
        ),
    )


def _keepalived(
    node: str, spec: lab_model.Node, generated: Sequence[File], fixed: Sequence[str] = ()
) -> tuple[Daemon, ...]:
    own = _asked(node, spec)
    if own is not None:
        return (keepalived.keepalived_daemon(own.reads),)
    return (keepalived.keepalived_daemon(fixed=fixed),) if generated else ()


def _asked(node: str, spec: lab_model.Node) -> Asked | None:
    """What a configuration of the user's own asks for; None without one."""
    own = own_configuration(spec)
    if own is None:
        return None
    from lvsnet.plan.own_keepalived import asked  # which brings a reader of configurations

    return asked(node, own, own_texts(spec))


def _kernel(lab: Lab, services: Sequence[Site]) -> tuple[str, ...]:
    modules = ["veth", "bridge"]
    if services or any(spec.role == "director" for spec in lab.nodes.values()):
        modules.append("ip_vs")
    modules += [f"ip_vs_{site.service.scheduler}" for site in services]
    modules += [
        f"ip_vs_pe_{engine}"
        for site in services
        if (engine := site.service.persistence_engine) is not None
    ]
    modules += [
        module for module in marks.MODULES if any(marked(site.service) for site in services)
    ]
    if any("sctp" in protocols(site.service) for site in services):
        modules.append("sctp")
    modules += ["ip_vs_ftp" for site in services if has_helper(site.service)]
    for name, spec in lab.nodes.items():
        # Of files that the lab does not bring; the kernel loads that when it is asked.
        own = _asked(name, spec)
        if own is not None:
            modules += [f"ip_vs_{scheduler}" for scheduler in own.schedulers]
    for name in lab.nodes:
        modules += [module for need in _needs(lab, name, services) for module in need.modules]
    return _unique(modules)


def _held(lab: Lab) -> tuple[AddressHeld, ...]:
    """Each VIP, unless every machine of it runs a configuration of the user's own.

    One with such a configuration cannot be named in the instance, and may still belong to it.
    """
    held = []
    for instance in lab.vrrp.values():
        own = [name for name, node in lab.nodes.items() if own_configuration(node) is not None]
        if set(instance.priority) <= set(own):
            continue
        near = [name for name in own if instance.segment in lab.nodes[name].interfaces]
        nodes = tuple(name for name in lab.nodes if name in instance.priority or name in near)
        # One that only some of them have is on nobody while another one is master.
        held += [
            AddressHeld(str(vip.address.ip), nodes)
            for vip in instance.vips
            if len(vip.machines) == len(instance.priority)
        ]
    return tuple(held)


def _listed(lab: Lab, services: Iterable[Site]) -> tuple[RealServerListed, ...]:
    """Each real server on each of its directors, the backup too: it keeps a table ready.

    Not where a file of the user's own decides, and not one whose port its method cannot reach.
    """
    return tuple(
        RealServerListed(
            node=director,
            protocol=virtual.protocol,
            service=str(virtual),
            real_server=joined(rip(lab, director, member), _listed_port(site, member, virtual)),
            suspended=_waits(site.service),
        )
        for site in services
        for virtual in virtual_services(site.service)
        for director in site.directors
        if not _decides(lab.nodes[director], site.service)
        for member in site.members
        if METHODS[member.method].OWN_PORTS or member.port in (0, virtual.port)
    )


def _listed_port(site: Site, member: Member, virtual: VirtualService) -> int:
    """The port that IPVS has of a real server; 0 of one that is asked at the client's.

    It is so of a firewall mark, and where keepalived has a group with method nat
    (ipvs_group_cmd() of keepalived/check/ipvswrapper.c).
    """
    service = site.service
    by_keepalived = service.virtual_server_group and service.configured_by == "keepalived"
    if by_keepalived and METHODS[member.method].OWN_PORTS:
        return member.port
    return member.port or virtual.port


def _vrrp(lab: Lab) -> Iterator[VrrpInstance]:
    for name, instance in lab.vrrp.items():
        addresses = tuple(str(vip.address.ip) for vip in instance.vips)
        order = sorted(instance.priority.items(), key=lambda one: -one[1])
        yield VrrpInstance(name, instance.segment, addresses, tuple(order))


def _service(lab: Lab, site: Site) -> Service:
    return Service(
        name=site.name,
        asked=tuple(f"{one.protocol} {one}" for one in virtual_services(site.service)),
        vips=tuple(map(str, vips(site.service))),
        directors=site.directors,
        real_servers=(
            *(_real_server(lab, site, one) for one in site.members),
            *(replace(_real_server(lab, site, one), sorry=True) for one in site.sorry),
        ),
    )


def _real_server(lab: Lab, site: Site, member: Member) -> RealServer:
    # Where directors reach it at different addresses, the first one's stands for all.
    address = rip(lab, site.directors[0], member)
    return RealServer(member.nodes, joined(address, member.port), member.method, member.weight)


def _waits(service: model_services.Service) -> bool:
    """Whether a director takes real servers into its table only while it has the VIP."""
    return service.ha_suspend and service.alpha and service.is_checked


def _decides(spec: lab_model.Node, service: model_services.Service) -> bool:
    """Whether a file of the user's, whose contents are not known here, says what IPVS does."""
    if service.configured_by == "ipvsadm":
        return ipvsadm.RULES_PATH in spec.files
    return own_configuration(spec) is not None


def _versions(spec: lab_model.Node) -> set[int]:
    """Of IP, of which a machine has addresses."""
    return {address.version for address in own(spec)}


def _by_stage(*daemons: Daemon) -> tuple[Daemon, ...]:
    return tuple(sorted(daemons, key=lambda daemon: daemon.stage))


def _unique(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
