"""The VIPs of VRRP instances: those that advertisements carry, and those that are left out of them.

What stands in ``virtual_ipaddress_excluded`` comes and goes with the instance as its other VIPs do,
and may be of the other family (keepalived.conf(5)).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lvsnet.lab import ip_values
from lvsnet.lab.settings import Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lvsnet.lab.document import Loc
    from lvsnet.lab.ip_values import IPAddress, IPInterface
    from lvsnet.lab.model import Lab
    from lvsnet.lab.model_vrrp import VrrpInstance
    from lvsnet.lab.settings import Tree

EXCLUDED = "virtual_ipaddress_excluded"
"""The keyword of the VIPs that advertisements do not carry."""


@dataclass(frozen=True)
class HeldVip:
    """A VIP, as one VRRP instance has it."""

    address: IPInterface
    segment: str
    """The segment, or the interface that is of none, that gets it; the instance's unless ``dev``
    says another one."""
    machines: tuple[str, ...]
    """Those of the instance that can hold it."""
    loc: Loc
    """Its place in the instance."""
    moved: bool
    """Whether ``dev`` says its segment."""


def vips_of(instance: VrrpInstance) -> tuple[HeldVip, ...]:
    """All VIPs of an instance, those that advertisements carry first."""
    return (*_carried(instance), *excluded(instance))


def _carried(instance: VrrpInstance) -> Iterator[HeldVip]:
    options = instance.settings.given.get("addresses")
    for number, vip in enumerate(instance.addresses):
        line = options[number] if isinstance(options, list) else None
        segment = _device(line) if isinstance(line, Line) else None
        yield HeldVip(
            vip,
            segment or instance.segment,
            tuple(instance.priority),
            ("addresses", number),
            segment is not None,
        )


def excluded(instance: VrrpInstance) -> tuple[HeldVip, ...]:
    """The VIPs that advertisements do not carry; `not_vips` tells of what is none.

    One that each machine is given by its name is one VIP.
    """
    found: list[HeldVip] = []
    places: dict[tuple[IPInterface, str], int] = {}
    for line, machines, loc in _lines(instance):
        with suppress(ValueError):
            address, device = ip_values.vip(line.words[0]), _device(line)
            segment = device or instance.segment
            at = places.setdefault((address, segment), len(found))
            before = found[at].machines if at < len(found) else ()
            if before and not {*before} & {*machines}:
                found[at] = replace(found[at], machines=(*before, *machines))
            else:
                found.append(HeldVip(address, segment, machines, loc, device is not None))
    return tuple(found)


def not_vips(instance: VrrpInstance) -> Iterator[tuple[Loc, str]]:
    """What keepalived would take among them and no interface can have, with what is wrong."""
    for line, _, loc in _lines(instance):
        try:
            ip_values.vip(line.words[0])
        except ValueError as error:
            yield loc, str(error)


def vip_holders(lab: Lab) -> Mapping[IPAddress, str]:
    """VIP -> the VRRP instance that has it."""
    return {address: name for address, (name, _) in located(lab).items()}


def located(lab: Lab) -> Mapping[IPAddress, tuple[str, HeldVip]]:
    """VIP -> the first VRRP instance that has it, and as what."""
    found: dict[IPAddress, tuple[str, HeldVip]] = {}
    for name, instance in lab.vrrp.items():
        for vip in instance.vips:
            found.setdefault(vip.address.ip, (name, vip))
    return found


def _lines(instance: VrrpInstance) -> Iterator[tuple[Line, tuple[str, ...], Loc]]:
    """Each with the machines that have it, and its place."""
    tree = instance.settings.given.get(EXCLUDED)
    everyone = tuple(instance.priority)
    if isinstance(tree, dict):
        for node, its in tree.items():
            for line, number in _numbered(its):
                yield line, tuple(one for one in everyone if one == node), (EXCLUDED, node, *number)
        return
    for line, number in _numbered(tree):
        yield line, everyone, (EXCLUDED, *number)


def _numbered(tree: Tree) -> Iterator[tuple[Line, tuple[int, ...]]]:
    if isinstance(tree, Line):
        yield tree, ()
    elif isinstance(tree, list):
        for number, one in enumerate(tree):
            if isinstance(one, Line):
                yield one, (number,)


def _device(line: Line) -> str | None:
    return next((line.words[at] for at in line.interfaces), None)
