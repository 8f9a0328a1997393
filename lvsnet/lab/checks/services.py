"""Checks of virtual services."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from lvsnet.lab.checks.members import vip_holders
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.suggest import hint


def address_is_a_vip(lab: Lab) -> Iterator[Finding]:
    """A service's address is held by a VRRP instance of directors.

    A director's own address will not do with method dr: its real servers have the address too,
    and drop the checks that come from it.
    """
    holders = vip_holders(lab)
    for name, service in lab.services.items():
        loc = ("services", name, "address")
        holder = holders.get(service.address)
        if holder is None:
            yield Finding(
                loc,
                f"service {name}: {service.address} is no VIP; no VRRP instance has it"
                f"{hint(str(service.address), map(str, holders))}",
                because=(("vrrp",),),
            )
            continue
        for node in lab.vrrp[holder].priority:
            # Of other roles VRRP has been told that they cannot be there.
            if node in lab.nodes and lab.nodes[node].role == "realserver":
                yield Finding(
                    loc,
                    f"service {name}: {service.address} is a VIP of VRRP instance {holder}, which"
                    f" {node} can hold, and that is no director; its role is realserver",
                )
                break


def services_once(lab: Lab) -> Iterator[Finding]:
    """One service to an address, protocol and port."""
    first: dict[tuple[IPv4Address, str, int], str] = {}
    for name, service in lab.services.items():
        key = (service.address, service.protocol, service.port)
        if key in first:
            yield Finding(
                ("services", name, "port"),
                f"service {name}: {service.protocol} {service.address}:{service.port} is already"
                f" service {first[key]}",
                because=(
                    ("services", name, "protocol"),
                    ("services", first[key], "protocol"),
                ),
            )
        first.setdefault(key, name)


def check_fields(lab: Lab) -> Iterator[Finding]:
    """A tcp check only connects, so it has no path and no status code."""
    for name, service in lab.services.items():
        if service.check is not None and service.check.type == "tcp":
            for field in sorted({"path", "status_code"} & service.check.model_fields_set):
                yield Finding(
                    ("services", name, "check", field),
                    f"service {name}: {field} is for checks of type http; a tcp check only"
                    " connects",
                    "key",
                )


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
