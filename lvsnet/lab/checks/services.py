"""Checks of virtual services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.held_vips import EXCLUDED, HeldVip, located
from lvsnet.lab.ip_values import IPAddress
from lvsnet.lab.model import Lab
from lvsnet.lab.suggest import hint
from lvsnet.lab.virtual_services import (
    VirtualService,
    asked,
    placed,
)


def address_is_a_vip(lab: Lab) -> Iterator[Finding]:
    """A service's address is held by a VRRP instance of directors.

    A director's own address will not do with method dr: its real servers have the address too,
    and drop the checks that come from it.
    """
    holders = located(lab)
    for name, service in lab.services.items():
        told: set[Loc] = set()
        for place, vip in asked(service):
            if place in told:
                continue  # of a range one address is enough
            for finding in _held_by_directors(lab, name, ("services", name, *place), vip, holders):
                told.add(place)
                yield finding


def _held_by_directors(
    lab: Lab,
    name: str,
    loc: Loc,
    vip: IPAddress,
    holders: Mapping[IPAddress, tuple[str, HeldVip]],
) -> Iterator[Finding]:
    if vip not in holders:
        yield Finding(
            loc,
            f"service {name}: {vip} is no VIP; no VRRP instance has it"
            f"{hint(str(vip), map(str, holders))}",
            because=(("vrrp",),),
        )
        return
    holder, held = holders[vip]
    for node in lab.vrrp[holder].priority:
        if held.machines and node not in held.machines:
            yield Finding(
                loc,
                f"service {name}: VRRP instance {holder} gives {vip} to"
                f" {' and '.join(held.machines)}, and not to {node},"
                " where nobody would have it when that is master; write it in"
                f" {EXCLUDED} for all of them",
                because=(("vrrp", holder, EXCLUDED), ("vrrp", holder, "priority")),
            )
            break
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
