"""Lab -> Plan: what every machine of the site must become.

A pure function: no clock, no random, no I/O. The same lab gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from lvsnet.errors import LvsnetError
from lvsnet.plan import keepalived, nginx
from lvsnet.plan.addressing import fabric
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
    RealServerListed,
    Route,
)
from lvsnet.plan.netplan import netplan_file
from lvsnet.plan.services import Site, rip, sites
from lvsnet.plan.sysctls import sysctl_file, sysctls

if TYPE_CHECKING:
    from lvsnet.lab import model as lab_model
    from lvsnet.lab.model import Lab

T = TypeVar("T")

_CAPABILITIES = ("CAP_NET_ADMIN", "CAP_NET_RAW")
"""What a node needs to be one: addresses, IPVS and VRRP; ping and tcpdump."""


def compile_lab(lab: Lab) -> Plan:
    """The plan of a lab that ``lvsnet.lab`` has found valid.

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
    )


def _node(lab: Lab, name: str, interfaces: tuple[Interface, ...], services: Sequence[Site]) -> Node:
    spec = lab.nodes[name]
    needs = list(_needs(lab, name, services))
    addresses = _unique(address for need in needs for address in need.addresses)
    routes = (
        *_unique(route for need in needs for route in need.routes),
        *(Route(str(route.to), str(route.via)) for route in spec.routes),
    )
    wanted = sysctls(spec.role, (sysctl for need in needs for sysctl in need.sysctls), spec.sysctls)
    files, daemons = _software(lab, name, services)
    generated = (
        *name_files(lab, name),
        *sysctl_file(wanted),
        *netplan_file(name, interfaces, addresses, routes),
        *files,
    )
    return Node(
        name=name,
        role=spec.role,
        interfaces=interfaces,
        addresses=addresses,
        routes=routes,
        sysctls=tuple((sysctl.key, sysctl.value) for sysctl in wanted),
        files=_with_users(name, generated, spec),
        daemons=daemons,
        commands=tuple(
            ("sh", "-c", command) if isinstance(command, str) else tuple(command)
            for command in spec.exec
        ),
        environment=tuple(spec.env.items()),
        capabilities=tuple(sorted({*_CAPABILITIES, *spec.capabilities})),
        privileged=lab.privileged or spec.privileged,
        image=spec.image or "",
    )


def _needs(lab: Lab, node: str, services: Iterable[Site]) -> Iterator[Needs]:
    for site in services:
        method = METHODS[site.service.method]
        if node in site.directors:
            yield method.director(lab, site.service, node)
        if any(member.node == node for member in site.members):
            yield method.real_server(lab, site.service, node)


def _software(
    lab: Lab, node: str, services: Sequence[Site]
) -> tuple[tuple[File, ...], tuple[Daemon, ...]]:
    """Configuration and daemons of a node's role."""
    spec = lab.nodes[node]
    if spec.role == "realserver":
        serving = _unique(
            member.port for site in services for member in site.members if member.node == node
        )
        ports = serving or (80,)
        # Where a configuration of the user's own listens is not known here.
        awaited = () if nginx.PATH in spec.files else ports
        return nginx.nginx_files(node, ports), (nginx.nginx_daemon(awaited),)
    if spec.role == "director":
        files = keepalived.keepalived_files(lab, node, services)
        # One that has no configuration is left to the user's own ipvsadm.
        has_one = files or _runs_its_own(spec)
        return files, (keepalived.keepalived_daemon(),) if has_one else ()
    return (), ()


def _with_users(node: str, generated: Iterable[File], spec: lab_model.Node) -> tuple[File, ...]:
    """The generated files and the user's, of which one takes the place of its path's other."""
    files = {file.path: file for file in generated}
    if spec.keepalived is not None:
        files[keepalived.PATH] = _users_file(node, keepalived.PATH, spec.keepalived)
    for path, file in spec.files.items():
        files[path] = _users_file(node, path, file)
    for path in files:
        if outer := next((str(up) for up in PurePosixPath(path).parents if str(up) in files), None):
            raise LvsnetError(
                f"node {node}: {path} is beneath {outer}, and both are files; take one out"
            )
    return tuple(files.values())


def _users_file(node: str, path: str, file: lab_model.File | str) -> File:
    if isinstance(file, str):
        return File(path, file)
    if file.content is None:
        raise LvsnetError(f"nodes.{node}: {path} has no content; its source was never read")
    return File(path, file.content, int(file.mode, 8))


def _kernel(lab: Lab, services: Sequence[Site]) -> tuple[str, ...]:
    modules = ["veth", "bridge"]
    if services or any(spec.role == "director" for spec in lab.nodes.values()):
        modules.append("ip_vs")
    modules += [f"ip_vs_{site.service.scheduler}" for site in services]
    for spec in lab.nodes.values():
        # What it includes from elsewhere is not read here; the kernel loads that when it is asked.
        modules += [f"ip_vs_{name}" for name in keepalived.schedulers(_own(spec))]
    for name in lab.nodes:
        modules += [module for need in _needs(lab, name, services) for module in need.modules]
    return _unique(modules)


def _held(lab: Lab) -> tuple[AddressHeld, ...]:
    """Each VIP, unless every director of it runs a configuration of the user's own."""
    held = []
    for instance in lab.vrrp.values():
        nodes = tuple(node for node in lab.nodes if node in instance.priority)
        if not all(_runs_its_own(lab.nodes[node]) for node in nodes):
            held += [AddressHeld(str(address), nodes) for address in instance.addresses]
    return tuple(held)


def _listed(lab: Lab, services: Iterable[Site]) -> tuple[RealServerListed, ...]:
    """Each real server on each of its directors, the backup too: it keeps a table ready."""
    return tuple(
        RealServerListed(
            node=director,
            protocol=site.service.protocol,
            service=f"{site.service.address}:{site.service.port}",
            real_server=f"{rip(lab, director, member.node)}:{member.port}",
        )
        for site in services
        for director in site.directors
        if not _runs_its_own(lab.nodes[director])
        for member in site.members
    )


def _own(spec: lab_model.Node) -> str:
    """The user's own configuration of keepalived; empty without."""
    file = spec.keepalived or spec.files.get(keepalived.PATH, "")
    return file if isinstance(file, str) else file.content or ""


def _runs_its_own(spec: lab_model.Node) -> bool:
    """Whether keepalived reads a file of the user's there, whose contents are not known here."""
    return spec.keepalived is not None or keepalived.PATH in spec.files


def _unique(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
