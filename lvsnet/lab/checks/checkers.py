"""Checks of the checks of real servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lvsnet.lab.checks.applications import PROGRAMS
from lvsnet.lab.checks.members import listed
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab, Node
from lvsnet.lab.model_checks import Check
from lvsnet.lab.model_services import RealServer, Service
from lvsnet.lab.virtual_services import asked_ports, protocols, real_ports

_DOES = {
    "tcp": "a tcp check only connects",
    "udp": "a udp check only wants an answer",
    "dns": "a dns check wants an answer",
    "ping": "a ping check wants an echo",
    "smtp": "an smtp check wants a greeting",
    "misc": "a misc check wants exit code 0",
    "file": "a file check goes by the file's number",
    "bfd": "a bfd check goes by the session's state",
}
_APPLICATIONS = {"http": "http", "https": "http", "dns": "dns"}
"""Type of check -> the application that answers it."""
_OF_HTTP = ("path", "status_code")
_TIMES = ("interval", "timeout", "retry", "delay_before_retry")
_NEEDED = {"misc": "misc_path", "file": "track_file", "bfd": "name"}
_SECOND = 1_000_000
"""In microseconds."""


@dataclass(frozen=True)
class Placed:
    """A check where it stands."""

    name: str
    """Of its service."""
    service: Service
    check: Check
    loc: Loc


def fields(lab: Lab) -> Iterator[Finding]:
    """A check has what its type knows."""
    for one in placed(lab):
        check, given = one.check, one.check.model_fields_set
        where = f"service {one.name}"
        if check.type in _DOES:
            for field in sorted(given.intersection(_OF_HTTP)):
                message = f"{where}: {field} is for checks of type http; {_DOES[check.type]}"
                yield Finding((*one.loc, field), message, "key")
        elif "url" in check.settings.given:
            for field in sorted(given.intersection(_OF_HTTP)):
                message = f"{where}: {field} stands beside url, whose pages have their own"
                yield Finding((*one.loc, field), message, "key")
        if check.is_told:
            for field in sorted(given.intersection(_TIMES)):
                message = f"{where}: a {check.type} check has no {field}: {_DOES[check.type]}"
                yield Finding((*one.loc, field), message, "key")
        if "dns_type" in given and check.type != "dns":
            message = f"{where}: dns_type is for checks of type dns"
            yield Finding((*one.loc, "dns_type"), message, "key")
        if check.type == "misc" and "timeout" in given and check.timeout.microseconds % _SECOND:
            message = (
                f"{where}: {check.timeout} is not a whole number of seconds, as misc_timeout needs"
            )
            yield Finding((*one.loc, "timeout"), message)


def needed(lab: Lab) -> Iterator[Finding]:
    """What a check cannot be without: its command, its file, its session."""
    for one in placed(lab):
        key = _NEEDED.get(one.check.type)
        if key is not None and key not in one.check.settings.given:
            yield Finding(
                one.loc,
                f"service {one.name}: a check of type {one.check.type} needs '{key}'",
                "key",
                ((*one.loc, key),),
            )


def of_tcp_services(lab: Lab) -> Iterator[Finding]:
    """What answers a udp check has the service's own port."""
    for one in placed(lab):
        elsewhere = {"connect_ip", "connect_port"} & set(one.check.settings.given)
        if one.check.type == "udp" and "udp" not in protocols(one.service) and not elsewhere:
            yield Finding(
                (*one.loc, "type"),
                f"service {one.name}: a udp check is for a service of protocol udp; this one's is"
                f" {one.service.protocol}, for which there are http and tcp checks",
                because=(("services", one.name, "protocol"),),
            )


def of_another_application(lab: Lab) -> Iterator[Finding]:
    """Only a web server answers a request for a page, and only a name server a query."""
    for one in placed(lab):
        wanted = _APPLICATIONS.get(one.check.type, one.service.application)
        elsewhere = {"connect_ip", "connect_port"} & set(one.check.settings.given)
        # What runs beside nginx is the user's to know: a service may have any port.
        if one.service.application not in (wanted, "http") and not elsewhere:
            program = PROGRAMS[one.service.application]
            yield Finding(
                (*one.loc, "type"),
                f"service {one.name}: its real servers run {program}, which answers no check of"
                f" type {one.check.type}: none would come into the table; use tcp",
                because=(("services", one.name, "application"),),
            )


def unanswered(lab: Lab) -> Iterator[Finding]:
    """Who answers the checks of a udp or sctp service, since nginx has TCP alone.

    keepalived itself takes a check by TCP of such a service, as of a name server that has both. But
    where nobody answers it, no real server comes into the table, and the site never comes up.
    """
    serving = _tcp_ports(lab)
    told: set[str] = set()
    for member in listed(lab):
        name, service, behind = member.service, member.spec, member.behind
        if protocols(service) not in ({"udp"}, {"sctp"}) or behind is None or name in told:
            continue
        if not isinstance(member.server, RealServer):
            continue  # nobody checks a sorry server
        if service.application == "dns":
            continue  # dnsmasq has both
        own = member.server.check
        asking = [
            one.type
            for one in (service.check if own is None else own)
            if one.type in ("http", "https", "tcp", "udp", "dns", "smtp")
            and not {"connect_ip", "connect_port"} & set(one.settings.given)
        ]
        if not asking:
            continue
        kind = asking[0]
        port = member.server.port or next(iter(asked_ports(service)), 0)
        by_tcp = kind not in ("udp", "dns")
        for node in behind.nodes:
            if _runs_its_own(lab.nodes[node]) or (by_tcp and (node, port) in serving):
                continue
            told.add(name)
            why = f"asks by TCP, and nginx on {node} has no TCP service at port {port}"
            if not by_tcp:
                why = f"wants an answer by UDP, and nothing on {node} has one: nginx has TCP only"
            yield Finding(
                ("services", name, "check"),
                f"service {name}: its protocol is {service.protocol}; a check of type {kind} {why};"
                f" give {node} a daemon of its own that answers it, or take the check out",
                "key",
                (
                    ("services", name, "protocol"),
                    ("services", name, "real_servers"),
                    ("nodes", node),
                ),
            )
            break


def by_keepalived(lab: Lab) -> Iterator[Finding]:
    """ipvsadm loads rules; who answers is nothing to it (ipvsadm(8))."""
    told: set[Loc] = set()
    for one in placed(lab):
        loc = one.loc[:-1]
        if one.service.configured_by == "ipvsadm" and loc not in told:
            told.add(loc)
            yield Finding(
                loc,
                f"service {one.name}: configured_by ipvsadm has no checks: ipvsadm loads the rules"
                " once, and nobody looks at them again; take the check out, or let keepalived"
                " configure the service",
                "key",
                (("services", one.name, "configured_by"),),
            )


def placed(lab: Lab) -> Iterator[Placed]:
    """The checks of all services, and those of their real servers."""
    for name, service in lab.services.items():
        loc: Loc = ("services", name)
        for place, one in enumerate(service.check):
            yield Placed(name, service, one, (*loc, "check", place))
        for number, server in enumerate(service.real_servers):
            for place, one in enumerate(server.check or ()):
                at = (*loc, "real_servers", number, "check", place)
                yield Placed(name, service, one, at)


def _tcp_ports(lab: Lab) -> set[tuple[str, int]]:
    """The nodes and ports at which nginx answers."""
    return {
        (node, port)
        for member in listed(lab)
        if member.behind is not None
        for node in member.behind.nodes
        for port in real_ports(member.spec, member.server.port or 0, "tcp")
    }


def _runs_its_own(node: Node) -> bool:
    """Whether the user has given it what may answer, of which nothing is known here."""
    return bool(node.daemons or node.exec or node.files or node.image)
