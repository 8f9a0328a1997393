"""Checks of virtual services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lvsnet.lab.checks.members import listed, vip_holders
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.ip_values import IPAddress
from lvsnet.lab.model import Lab, Node
from lvsnet.lab.model_services import RealServer
from lvsnet.lab.suggest import hint
from lvsnet.lab.virtual_services import (
    VirtualService,
    asked,
    asked_ports,
    placed,
    protocols,
    real_ports,
)


def address_is_a_vip(lab: Lab) -> Iterator[Finding]:
    """A service's address is held by a VRRP instance of directors.

    A director's own address will not do with method dr: its real servers have the address too,
    and drop the checks that come from it.
    """
    holders = vip_holders(lab)
    for name, service in lab.services.items():
        for place, vip in asked(service):
            yield from _held_by_directors(lab, name, ("services", name, *place), vip, holders)


def _held_by_directors(
    lab: Lab, name: str, loc: Loc, vip: IPAddress, holders: Mapping[IPAddress, str]
) -> Iterator[Finding]:
    holder = holders.get(vip)
    if holder is None:
        yield Finding(
            loc,
            f"service {name}: {vip} is no VIP; no VRRP instance has it"
            f"{hint(str(vip), map(str, holders))}",
            because=(("vrrp",),),
        )
        return
    for node in lab.vrrp[holder].priority:
        # Of other roles VRRP has been told that they cannot be there.
        if node in lab.nodes and lab.nodes[node].role == "realserver":
            yield Finding(
                loc,
                f"service {name}: {vip} is a VIP of VRRP instance {holder}, which"
                f" {node} can hold, and that is no director; its role is realserver",
            )
            break


def services_once(lab: Lab) -> Iterator[Finding]:
    """One service to an address, protocol and port."""
    first: dict[VirtualService, str] = {}
    for name, service in lab.services.items():
        for place, one in placed(service):
            if one in first:
                yield Finding(
                    ("services", name, *place),
                    f"service {name}: {one.protocol} {one} is already service {first[one]}",
                    because=(
                        ("services", name, "protocol"),
                        ("services", first[one], "protocol"),
                    ),
                )
            first.setdefault(one, name)


def check_fields(lab: Lab) -> Iterator[Finding]:
    """Only an http check has a path and a status code; and somebody has to answer a check."""
    does = {"tcp": "a tcp check only connects", "udp": "a udp check only wants an answer"}
    for name, service in lab.services.items():
        if service.check is not None and service.check.type in does:
            for field in sorted({"path", "status_code"} & service.check.model_fields_set):
                yield Finding(
                    ("services", name, "check", field),
                    f"service {name}: {field} is for checks of type http;"
                    f" {does[service.check.type]}",
                    "key",
                )
    yield from _of_tcp_services(lab)
    yield from _unanswered(lab)


def _of_tcp_services(lab: Lab) -> Iterator[Finding]:
    for name, service in lab.services.items():
        check = service.check
        if check is not None and check.type == "udp" and "udp" not in protocols(service):
            yield Finding(
                ("services", name, "check", "type"),
                f"service {name}: a udp check is for a service of protocol udp; this one's is"
                f" {service.protocol}, for which there are http and tcp checks",
                because=(("services", name, "protocol"),),
            )


def _unanswered(lab: Lab) -> Iterator[Finding]:
    """Who answers the checks of a udp or sctp service, since nginx has TCP alone.

    keepalived itself takes a check by TCP of such a service, as of a name server that has both. But
    where nobody answers it, no real server comes into the table, and the site never comes up.
    """
    serving = _tcp_ports(lab)
    told: set[str] = set()
    for member in listed(lab):
        name, service, behind = member.service, member.spec, member.behind
        if service.check is None or behind is None or name in told:
            continue
        if protocols(service) not in ({"udp"}, {"sctp"}):
            continue
        if not isinstance(member.server, RealServer):
            continue  # nobody checks a sorry server
        kind = service.check.type
        port = member.server.port or next(iter(asked_ports(service)), 0)
        by_tcp = kind != "udp"
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


def checked_by_keepalived(lab: Lab) -> Iterator[Finding]:
    """ipvsadm loads rules; who answers is nothing to it (ipvsadm(8))."""
    for name, service in lab.services.items():
        if service.configured_by == "ipvsadm" and service.check is not None:
            yield Finding(
                ("services", name, "check"),
                f"service {name}: configured_by ipvsadm has no checks: ipvsadm loads the rules"
                " once, and nobody looks at them again; take the check out, or let keepalived"
                " configure the service",
                "key",
                (("services", name, "configured_by"),),
            )
