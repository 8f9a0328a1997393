"""What ``vrrp.spread`` stands for: a VRRP instance for each VIP, and a service for each, too; two
of each where a VIP has addresses of both families.

A document becomes a document, before the models read it. All that is made has the place of what it
was made of, so that what is wrong with it is told there: of the key ``spread`` itself, of an
address in its list, of a director's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.lab.checks.spread import unwise
from lvsnet.lab.compose import MOST_VALUES
from lvsnet.lab.document import Entry, Leaf, Listing, Loc, Node, Table, child, plain
from lvsnet.lab.finding import Finding
from lvsnet.lab.model_vrrp import Spread, VrrpSettings
from lvsnet.lab.scalars import Integer
from lvsnet.lab.settings_model import keywords
from lvsnet.lab.spread_addresses import SpreadVip, vips_of
from lvsnet.lab.spread_choices import (
    HIGHEST_ID,
    PLACE,
    RefusedError,
    ids_of,
    judge_directors,
    segment_of,
)
from lvsnet.lab.values import SPREAD, text

if TYPE_CHECKING:
    from lvsnet.spread.model import Orders

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


@dataclass(frozen=True)
class _Part:
    """Of a VIP what is of one family: it has an instance, and services."""

    number: int
    """Of the VIP; they count from 1."""
    vip: SpreadVip
    version: int
    """Of IP."""

    @property
    def second(self) -> bool:
        """Whether the VIP has another family, which has the names that are made of its number."""
        return self.version != next(iter(self.vip.families))

    @property
    def instance(self) -> str:
        return instances(self.number)[self.second]

    def service(self, name: str) -> str:
        """What is made of the service ``name``."""
        return f"{name}-{self.number}{'-ipv6' if self.second else ''}"


def instances(number: int) -> tuple[str, str]:
    """The names of a VIP's instances: the only or IPv4's one, and that of IPv6 beside it."""
    return f"SPREAD_{number}", f"SPREAD_{number}_IPV6"


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
    from lvsnet.spread.dealing import dealt
    from lvsnet.spread.planning import orders

    judge_directors(root, spread)
    segment = segment_of(root, spread)
    vips = vips_of(root, spread, segment)
    ids = ids_of(root, spread, segment, len(vips))
    parts = [
        _Part(number, vip, version)
        for number, vip in enumerate(vips, 1)
        for version in vip.families
    ]
    _judge_names(root, parts)
    _judge_size(root, len(vips), len(parts))
    try:
        plan = orders(spread.over, len(vips), max(spread.losses, 1))
    except LvsnetError as error:
        raise RefusedError(Finding(PLACE, f"vrrp.spread: {error}", "key")) from None
    plan = dealt(plan, [tuple(vip.families) for vip in vips])
    old = _section(root, "vrrp")[SPREAD]
    made = {
        one.instance: Entry(
            old.key, old.value, _instance(old, segment, ids[one.number - 1], one, plan)
        )
        for one in parts
    }
    at_all = {name: _services(root, name, parts) for name in services(root)}
    new = _replaced(_replaced(root, "vrrp", {SPREAD: made}), "services", at_all)
    origins: dict[Loc, Loc] = {("vrrp", name): PLACE for name in made}
    origins |= {("services", one): ("services", name) for name in at_all for one in at_all[name]}
    return Expanded(new, origins, tuple(unwise(spread, plan, ("vrrp", instances(1)[0]))))


def _section(root: Table, name: str) -> dict[str, Entry]:
    return _entries(child(root, name))


def _judge_names(root: Table, parts: Sequence[_Part]) -> None:
    """Raises RefusedError: somebody else is called as what is made."""
    findings = [
        Finding(
            ("vrrp", one.instance),
            f"vrrp.{one.instance}: vrrp.spread makes an instance of this name; call this one"
            " otherwise",
            "key",
        )
        for one in parts
        if one.instance in _section(root, "vrrp")
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
        for made in (one.service(name) for one in parts)
        if made in _section(root, "services") and made not in spread
    )
    if findings:
        raise RefusedError(*findings)


def _judge_size(root: Table, vips: int, parts: int) -> None:
    """Raises RefusedError: what is made is larger than a document may be."""
    at_all = [_section(root, "services")[name].node.size for name in services(root)]
    if parts * (sum(at_all) + _section(root, "vrrp")[SPREAD].node.size) > MOST_VALUES:
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


def _instance(old: Entry, segment: str, number: int, of: _Part, plan: Orders) -> Table:
    from lvsnet.spread.priorities import priorities

    keys = _entries(old.node)
    levels = priorities(plan[of.number - 1])
    over = keys["over"]
    names = over.node.items if isinstance(over.node, Listing) else []
    priority = {
        name: Entry(one.value, one.value, _number(levels[name]))
        for one in names
        for name in [text(plain(one.node))]
    }
    items = of.vip.families[of.version]
    own = {
        "segment": keys.get("segment", Entry(old.key, old.key, Leaf(segment))),
        "virtual_router_id": _in_place_of(keys.get("virtual_router_id", old), _number(number)),
        "addresses": _in_place_of(keys["addresses"], Listing(list(items))),
        "priority": _in_place_of(over, Table(priority)),
    }
    if of.version == 6:
        own["version"] = _in_place_of(keys["addresses"], _number(3))
    return Table(own | {key: one for key, one in keys.items() if key in SETTINGS})


def _services(root: Table, name: str, parts: Sequence[_Part]) -> dict[str, Entry]:
    """A service for each VIP and family, which differ by their addresses only."""
    old = _section(root, "services")[name]
    keys = _entries(old.node)
    return {
        one.service(name): _in_place_of(
            old,
            Table(
                {
                    **keys,
                    "address": _in_place_of(keys["address"], Leaf(one.vip.service(one.version))),
                }
            ),
        )
        for one in parts
    }


def _entries(node: Node | None) -> dict[str, Entry]:
    return node.entries if isinstance(node, Table) else {}


def _in_place_of(entry: Entry, node: Node) -> Entry:
    return Entry(entry.key, entry.value, node)


def _number(value: int) -> Leaf:
    return Leaf(Integer(value, str(value)))
