"""Checks of what real servers run: whether it can do what its services ask of it."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.checks.members import Member, listed
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.model_services import Service
from lvsnet.lab.virtual_services import (
    FTP,
    control_port,
    is_plain,
    protocols,
    served_ports,
)

PROGRAMS = {"http": "nginx", "dns": "dnsmasq", "ftp": "vsftpd"}
_USUAL = {"dns": "53", "ftp": "[21, 50000-50099]"}
"""Ports of a mark that is an application's."""


def of_node(lab: Lab, node: str) -> set[str]:
    """The applications that a node has as a real server: http where it is one of no service."""
    named: set[str] = {
        member.spec.application
        for member in listed(lab)
        if member.behind is not None and node in member.behind.nodes
    }
    return named or {"http"}


def one_port(lab: Lab) -> Iterator[Finding]:
    """dnsmasq and vsftpd have one port each."""
    first: dict[tuple[str, str], tuple[int, str]] = {}
    for member in listed(lab):
        port = _port(member)
        if member.behind is None or port is None:
            continue
        for node in member.behind.nodes:
            program = PROGRAMS[member.spec.application]
            known, service = first.setdefault((node, program), (port, member.service))
            if known != port:
                yield Finding(
                    member.item,
                    f"service {member.service}: {node} is asked at port {port}, and for service"
                    f" {service} at {known}: {program} has one port; give {node} a daemon of its"
                    " own for the other one, or ask both at one port",
                    because=(("services", member.service), ("services", service)),
                )
                return


def _port(member: Member) -> int | None:
    """Where the only program of an application listens; None of one that has many ports."""
    ports = served_ports(member.spec, member.server.port or 0)
    if member.spec.application == "http" or not ports:
        return None
    return control_port(ports) if member.spec.application == "ftp" else ports[0]


def named_port(lab: Lab) -> Iterator[Finding]:
    """dnsmasq and vsftpd listen at a port, and a mark may be one for all ports."""
    told: set[str] = set()
    for member in listed(lab):
        name, service = member.service, member.spec
        if name in told or service.application == "http":
            continue
        asked = protocols(service)
        if service.application == "ftp":
            asked &= {"tcp"}  # without it `ftp` tells of that
        if not asked or served_ports(service, member.server.port or 0):
            continue
        told.add(name)
        yield Finding(
            ("services", name, "application"),
            f"service {name}: {PROGRAMS[service.application]} has to listen at a port, and what has"
            " the mark comes to any, or to a range too long for that; name it under marks, such as"
            f" ports: {_USUAL[service.application]}",
            because=(
                ("services", name, "marks"),
                ("services", name, "virtual_server_group"),
                ("services", name, "real_servers"),
            ),
        )


def ftp(lab: Lab) -> Iterator[Finding]:
    """Whether the data of FTP, which come by a connection of their own, find a way."""
    for name, service in lab.services.items():
        if service.application != "ftp":
            continue
        if "tcp" not in protocols(service):
            yield Finding(
                ("services", name, "application"),
                f"service {name}: FTP is of protocol tcp (RFC 959)",
                because=(("services", name, "protocol"), ("services", name, "marks")),
            )
        elif service.fwmark is not None:
            yield from _ftp_by_mark(name, service)
        elif service.method != "nat" or not is_plain(service):
            yield Finding(
                ("services", name, "method"),
                f"service {name}: ip_vs_ftp, which lets FTP's data connections through, works with"
                f" method nat and one port; with {service.method} passive data would come to a port"
                " of the VIP that IPVS has no service for; use method nat, or a fwmark for port 21"
                " and the passive ones together, with persistence_timeout",
                because=(("services", name, "application"),),
                rule="ftp-method",
            )
        elif service.port not in (None, FTP):
            yield Finding(
                ("services", name, "port"),
                f"service {name}: ip_vs_ftp looks at port {FTP} alone, and this is {service.port}:"
                " nobody would put the VIP into the answer that says where the data are",
                because=(("services", name, "application"),),
                rule="ftp-port",
            )


def _ftp_by_mark(name: str, service: Service) -> Iterator[Finding]:
    if service.persistence_timeout is None:
        yield Finding(
            ("services", name, "fwmark"),
            f"service {name}: without persistence the data connection comes to another real server"
            " than the one that waits for it; add persistence_timeout: 6m",
            because=(
                ("services", name, "application"),
                ("services", name, "persistence_timeout"),
            ),
            rule="ftp-persistence",
        )
