"""Checks of what clients ask of a service: an address and port, a firewall mark, or a group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.held_vips import vip_holders
from lvsnet.lab.model import Lab
from lvsnet.lab.model_marks import Mark, VirtualServers
from lvsnet.lab.model_services import Service
from lvsnet.lab.virtual_services import MOST_LINES, Marked, asked, marked, virtual_services

_MOST_PAIRS = 100_000
"""Of marks that are compared: more than 400 marks are in no lab."""
_EXAMPLE = "marks: [{address: 192.168.10.100, ports: [80, 443]}]"


def one_form(lab: Lab) -> Iterator[Finding]:
    """A service says in one way what clients ask."""
    for name, service in lab.services.items():
        if service.fwmark is not None:
            yield from _beside_a_mark(name, service)
        elif service.virtual_server_group:
            yield from _beside_a_group(name, service)
        else:
            yield from _of_an_address(name, service)
        loc: Loc = ("services", name)
        yield from _marks(f"service {name}", loc, service.fwmark, service.marks)


def _beside_a_mark(name: str, service: Service) -> Iterator[Finding]:
    ways = {
        "address": "say under marks what gets the mark: " + _EXAMPLE,
        "port": "say under marks what gets the mark: " + _EXAMPLE,
        "protocol": "say it under marks",
        "virtual_server_group": "a line of a group may have a fwmark as well",
    }
    for key, way in ways.items():
        if key in service.model_fields_set:
            yield Finding(
                ("services", name, key),
                f"service {name}: {key} beside fwmark: what has the mark is the service, whatever"
                f" its address, protocol and port; {way}",
                "key",
                (("services", name, "fwmark"),),
            )


def _beside_a_group(name: str, service: Service) -> Iterator[Finding]:
    for key in ("address", "port"):
        if key in service.model_fields_set:
            yield Finding(
                ("services", name, key),
                f"service {name}: {key} beside virtual_server_group, whose lines have their own;"
                " make it one of them",
                "key",
                (("services", name, "virtual_server_group"),),
            )


def _of_an_address(name: str, service: Service) -> Iterator[Finding]:
    lacking = [key for key in ("address", "port") if getattr(service, key) is None]
    places: tuple[Loc, ...] = tuple(
        ("services", name, key) for key in ("address", "port", "fwmark", "virtual_server_group")
    )
    if len(lacking) == 2:
        yield Finding(
            ("services", name),
            f"services.{name}: 'address' and 'port' are missing, or 'fwmark', or"
            " 'virtual_server_group'",
            "key",
            places,
        )
    elif lacking:
        (key,) = lacking
        yield Finding(("services", name), f"services.{name}: '{key}' is missing", "key", places)


def lines_of_groups(lab: Lab) -> Iterator[Finding]:
    """A line of a group is an address with ports, or a mark; and the group has some size."""
    for name, service in lab.services.items():
        told = False
        for number, line in enumerate(service.virtual_server_group):
            loc: Loc = ("services", name, "virtual_server_group", number)
            for finding in _line(f"service {name}", loc, line):
                told = True
                yield finding
        if not told and _amount(service) > MOST_LINES:
            yield Finding(
                ("services", name, "virtual_server_group"),
                f"service {name}: this group makes {_amount(service)} virtual services, and"
                f" {MOST_LINES} is the most; one firewall mark does for any number of ports",
                "key",
            )


def _line(where: str, loc: Loc, line: VirtualServers) -> Iterator[Finding]:
    if line.fwmark is not None:
        for key in ("address", "ports"):
            if key in line.model_fields_set:
                yield Finding(
                    (*loc, key),
                    f"{where}: {key} beside fwmark; give them lines of their own, or say under"
                    " marks what gets the mark",
                    "key",
                    ((*loc, "fwmark"),),
                )
    elif line.address is None:
        yield Finding(
            loc,
            f"{where}: a line of a group has an address with ports, or a fwmark",
            because=((*loc, "address"), (*loc, "fwmark")),
        )
    elif not line.ports:
        yield Finding(
            loc,
            f"{where}: {line.address[0]} has no ports; without one IPVS takes every port, and only"
            " of a persistent service: name them, or use a fwmark",
            because=((*loc, "ports"),),
        )
    yield from _marks(where, loc, line.fwmark, line.marks)


def _marks(where: str, loc: Loc, fwmark: int | None, marks: Sequence[Mark]) -> Iterator[Finding]:
    if fwmark is None and marks:
        yield Finding(
            (*loc, "marks"),
            f"{where}: marks without fwmark: which mark is it that they get? add fwmark: 1",
            "key",
            ((*loc, "fwmark"),),
        )
    elif fwmark is not None and not marks:
        yield Finding(
            (*loc, "fwmark"),
            f"{where}: nothing gets mark {fwmark}; say what does: {_EXAMPLE}",
            because=((*loc, "marks"),),
        )


def _amount(service: Service) -> int:
    return sum(
        (int(line.address[1]) - int(line.address[0]) + 1)
        * sum(last - first + 1 for first, last in line.ports)
        for line in service.virtual_server_group
        if line.address is not None
    )


def one_mark(lab: Lab) -> Iterator[Finding]:
    """No packet is to have two marks: the last rule would win."""
    every = [(name, one) for name, service in lab.services.items() for one in marked(service)]
    told: set[str] = set()
    for (first, one), (name, other) in islice(combinations(every, 2), _MOST_PAIRS):
        if one.mark == other.mark or not _meet(one, other) or name in told:
            continue
        told.add(name)
        yield Finding(
            ("services", name),
            f"service {name}: what gets mark {other.mark} gets mark {one.mark} already, for"
            f" service {first}, and a packet has one mark: {other.protocol} {other.first}",
            "key",
            (("services", name), ("services", first)),
        )


def _meet(one: Marked, other: Marked) -> bool:
    """Whether a packet can be meant by both."""
    if (one.protocol, one.first.version) != (other.protocol, other.first.version):
        return False
    if int(one.last) < int(other.first) or int(other.last) < int(one.first):
        return False
    return any(
        first <= end and start <= last
        for first, last in one.ports or ((0, 65535),)
        for start, end in other.ports or ((0, 65535),)
    )


def same_directors(lab: Lab) -> Iterator[Finding]:
    """All VIPs of a service are where its directors are, and in one segment."""
    holders = vip_holders(lab)
    for name, service in lab.services.items():
        held = [(place, vip, holders[vip]) for place, vip in asked(service) if vip in holders]
        for place, vip, holder in held[1:]:
            _, first, of_first = held[0]
            one, other = lab.vrrp[of_first], lab.vrrp[holder]
            if vip.version != first.version:
                yield Finding(
                    ("services", name, *place),
                    f"service {name}: {vip} and {first} are of two families, and a service of IPVS"
                    " has one: make two services of it",
                )
                break
            if one.priority.keys() == other.priority.keys() and one.segment == other.segment:
                continue
            yield Finding(
                ("services", name, *place),
                f"service {name}: {vip} is of VRRP instance {holder}, and {first} of {of_first};"
                " these are in different segments or on different machines: make two services of"
                " it",
                because=(("vrrp", holder), ("vrrp", of_first)),
            )
            break


def without_vip(lab: Lab) -> Iterator[Finding]:
    """A mark has no VIP for which keepalived could wait (validate_check_config())."""
    for name, service in lab.services.items():
        by_mark = any(one.address is None for one in virtual_services(service))
        if service.ha_suspend and by_mark:
            yield Finding(
                ("services", name, "ha_suspend"),
                f"service {name}: ha_suspend waits for the service's VIP, and a firewall mark has"
                " none: keepalived clears it; take it out",
                "key",
                (("services", name, "fwmark"),),
            )
