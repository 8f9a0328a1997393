"""What ``vrrp.spread`` stands for: a VRRP instance for each VIP, and a service for each, too.

A document becomes a document, before the models read it. All that is made has the place of what it
was made of, so that what is wrong with it is told there: of the key ``spread`` itself, of an
address in its list, of a director's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lvsnet.errors import LvsnetError
from lvsnet.lab.checks.spread import unwise
from lvsnet.lab.compose import MOST_VALUES
from lvsnet.lab.document import Entry, Item, Leaf, Listing, Loc, Node, Table, child, plain
from lvsnet.lab.finding import Finding
from lvsnet.lab.ip_values import vip
from lvsnet.lab.model_vrrp import Spread, VrrpSettings
from lvsnet.lab.scalars import Integer
from lvsnet.lab.settings_model import keywords
from lvsnet.lab.spread_choices import (
    HIGHEST_ID,
    PLACE,
    RefusedError,
    addresses_of,
    ids_of,
    judge_directors,
    segment_of,
)
from lvsnet.lab.values import SPREAD, text

_OF_AN_INSTANCE = ("priority", "state")
SETTINGS = frozenset({*VrrpSettings.model_fields, *keywords(Spread)})
"""What a spread gives to each of its instances."""
MOST_VIPS = HIGHEST_ID
"""Each has a virtual_router_id of its own."""
RESERVED = (
    "vrrp.spread: an instance cannot be called spread, which is for VIPs that are spread over"
    " directors: {addresses: 6, over: [lb01, lb02, lb03], losses: 1}; call the instance otherwise"
)


@dataclass(frozen=True)
class Expanded:
    """A document without ``vrrp.spread``."""

    root: Table
    origins: Mapping[Loc, Loc]
    """Where each instance and service that was made is -> where what it was made of had been."""
    warnings: tuple[Finding, ...]
    """What is unwise in the spread, at places of the new document."""


def instance(number: int) -> str:
    """The name of the instance of a spread's VIP; they count from 1."""
    return f"SPREAD_{number}"


def is_instance(node: Node) -> bool:
    """Whether ``spread`` is how somebody calls a VRRP instance who knows nothing of spreads."""
    return (
        isinstance(node, Table)
        and any(key in node.entries for key in _OF_AN_INSTANCE)
        and "over" not in node.entries
    )


def services(root: Node) -> tuple[str, ...]:
    """The services at all VIPs of the spread."""
    found = child(root, "services")
    return tuple(
        name
        for name, one in (found.entries.items() if isinstance(found, Table) else ())
        if child(one.node, "address") == Leaf(SPREAD)
    )


def expanded(root: Table, spread: Spread) -> Expanded:
    """Replace ``vrrp.spread``, whose values are ``spread``, and the services at all of its VIPs.

    What is made stands where that had been which it is made of.

    Raises:
        RefusedError: with what is wrong, as far as nobody else tells.
    """
    from lvsnet.spread.planning import orders

    judge_directors(root, spread)
    segment = segment_of(root, spread)
    vips = addresses_of(root, spread, segment)
    ids = ids_of(root, spread, segment, len(vips))
    _judge_names(root, len(vips))
    _judge_size(root, len(vips))
    try:
        plan = orders(spread.over, len(vips), max(spread.losses, 1))
    except LvsnetError as error:
        raise RefusedError(Finding(PLACE, f"vrrp.spread: {error}", "key")) from None
    old = _section(root, "vrrp")[SPREAD]
    instances = {
        instance(number): Entry(old.key, old.value, _instance(old, segment, *each))
        for number, each in enumerate(zip(ids, vips, plan, strict=True), 1)
    }
    at_all = {name: _services(root, name, vips) for name in services(root)}
    new = _replaced(_replaced(root, "vrrp", {SPREAD: instances}), "services", at_all)
    origins: dict[Loc, Loc] = {("vrrp", name): PLACE for name in instances}
    origins |= {("services", one): ("services", name) for name in at_all for one in at_all[name]}
    return Expanded(new, origins, tuple(unwise(spread, plan, ("vrrp", instance(1)))))


def _section(root: Table, name: str) -> dict[str, Entry]:
    return _entries(child(root, name))


def _judge_names(root: Table, vips: int) -> None:
    """Raises RefusedError: somebody else is called as what is made."""
    findings = [
        Finding(
            ("vrrp", name),
            f"vrrp.{name}: vrrp.spread makes an instance of this name; call this one otherwise",
            "key",
        )
        for name in map(instance, range(1, vips + 1))
        if name in _section(root, "vrrp")
    ]
    spread = services(root)
    findings += (
        Finding(
            ("services", made),
            f"services.{made}: service {name}, whose address is spread, makes a service of this"
            " name; call one of the two otherwise",
            "key",
        )
        for name in spread
        for made in (service(name, number) for number in range(1, vips + 1))
        if made in _section(root, "services") and made not in spread
    )
    if findings:
        raise RefusedError(*findings)


def _judge_size(root: Table, vips: int) -> None:
    """Raises RefusedError: what is made is larger than a document may be."""
    at_all = [_section(root, "services")[name].node.size for name in services(root)]
    if vips * (sum(at_all) + _section(root, "vrrp")[SPREAD].node.size) > MOST_VALUES:
        message = f"vrrp.spread: too large: {vips} VIPs make more than {MOST_VALUES} values"
        raise RefusedError(Finding(PLACE, message, "key"))


def _replaced(root: Table, section: str, by: Mapping[str, Mapping[str, Entry]]) -> Table:
    """The document with some entries of a section in the place of others."""
    if not by:
        return root
    entries: dict[str, Entry] = {}
    for name, one in _section(root, section).items():
        entries |= by.get(name, {name: one})
    old = root.entries[section]
    return Table({**root.entries, section: Entry(old.key, old.value, Table(entries))})


def _instance(old: Entry, segment: str, number: int, item: Item, order: Sequence[str]) -> Table:
    from lvsnet.spread.priorities import priorities

    keys = _entries(old.node)
    levels = priorities(order)
    over = keys["over"]
    names = over.node.items if isinstance(over.node, Listing) else []
    priority = {
        name: Entry(one.value, one.value, _number(levels[name]))
        for one in names
        for name in [text(plain(one.node))]
    }
    own = {
        "segment": keys.get("segment", Entry(old.key, old.key, Leaf(segment))),
        "virtual_router_id": _in_place_of(keys.get("virtual_router_id", old), _number(number)),
        "addresses": _in_place_of(keys["addresses"], Listing([item])),
        "priority": _in_place_of(over, Table(priority)),
    }
    return Table(own | {key: one for key, one in keys.items() if key in SETTINGS})


def service(name: str, number: int) -> str:
    """The name of the service at one of a spread's VIPs, which count from 1."""
    return f"{name}-{number}"


def _services(root: Table, name: str, items: Sequence[Item]) -> dict[str, Entry]:
    """A service for each VIP, which differ by their addresses only."""
    old = _section(root, "services")[name]
    keys = _entries(old.node)
    addresses = (Leaf(str(vip(plain(item.node)).ip)) for item in items)
    return {
        service(name, number): _in_place_of(
            old, Table({**keys, "address": _in_place_of(keys["address"], address)})
        )
        for number, address in enumerate(addresses, 1)
    }


def _entries(node: Node | None) -> dict[str, Entry]:
    return node.entries if isinstance(node, Table) else {}


def _in_place_of(entry: Entry, node: Node) -> Entry:
    return Entry(entry.key, entry.value, node)


def _number(value: int) -> Leaf:
    return Leaf(Integer(value, str(value)))
