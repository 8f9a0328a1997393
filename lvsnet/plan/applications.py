"""What a real server answers clients with: a program for each application of its services."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from lvsnet.lab.virtual_services import control_port, protocols, served_ports
from lvsnet.plan.dnsmasq import PATH as DNSMASQ_PATH
from lvsnet.plan.dnsmasq import dnsmasq_daemon, dnsmasq_files
from lvsnet.plan.model import Daemon, File
from lvsnet.plan.nginx import PATH as NGINX_PATH
from lvsnet.plan.nginx import nginx_daemon, nginx_files
from lvsnet.plan.own import own_texts
from lvsnet.plan.services import Site
from lvsnet.plan.vsftpd import PATH as VSFTPD_PATH
from lvsnet.plan.vsftpd import vsftpd_daemon, vsftpd_files

if TYPE_CHECKING:
    from lvsnet.lab import model as lab_model
    from lvsnet.lab.model_services import Service

IDLE_PORTS = (80,)
"""Of nginx on a real server of no service, or of a mark that is for all ports."""


def applications(
    lab: lab_model.Lab, node: str, services: Sequence[Site], versions: Collection[int]
) -> tuple[tuple[File, ...], tuple[Daemon, ...]]:
    """Files and daemons with which ``node`` answers clients; nginx on a real server of no service.

    ``versions`` are those of IP, of which it has addresses.
    """
    mine = [site for site in services if any(node in member.nodes for member in site.answering)]
    spec = lab.nodes[node]
    named = {site.service.application for site in mine} or {"http"}
    # A director serves only what asks it, if anything does.
    idle = IDLE_PORTS if spec.role == "realserver" else ()
    files: list[File] = []
    daemons: list[Daemon] = []
    ports = _ports(node, mine, "http") or idle
    if "http" in named and ports:
        files += nginx_files(node, ports, versions)
        daemons.append(nginx_daemon(_awaited(spec, NGINX_PATH, ports), own_texts(spec).items()))
    if "dns" in named:
        ports = _ports(node, mine, "dns")
        files += dnsmasq_files(node, ports[0])
        daemons.append(dnsmasq_daemon(_awaited(spec, DNSMASQ_PATH, ports[:1])))
    if "ftp" in named:
        port = control_port(_ports(node, mine, "ftp"))
        files += vsftpd_files(node, port, ipv6=6 in versions)
        daemons.append(vsftpd_daemon(_awaited(spec, VSFTPD_PATH, (port,))))
    return tuple(files), tuple(daemons)


def _ports(node: str, services: Iterable[Site], application: str) -> tuple[int, ...]:
    found = (
        port
        for site in services
        if site.service.application == application
        for member in site.answering
        if node in member.nodes
        for port in served_ports(site.service, member.port) or _unnamed(site.service)
    )
    return tuple(dict.fromkeys(found))


def _unnamed(service: Service) -> tuple[int, ...]:
    is_web = service.application == "http" and "tcp" in protocols(service)
    return IDLE_PORTS if is_web else ()


def _awaited(spec: lab_model.Node, path: str, ports: tuple[int, ...]) -> tuple[int, ...]:
    """Where a configuration of the user's own listens is not known here."""
    return () if path in spec.files else ports
