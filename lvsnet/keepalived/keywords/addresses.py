"""Addresses, routes and rules, static ones and those that come and go with an instance.

Their words are much like ip(8)'s, which reads them in the same order.
"""

from __future__ import annotations

from dataclasses import replace

from lvsnet.keepalived.keywords.making import UINT, entries, given
from lvsnet.keepalived.keywords.model import (
    Address,
    Argument,
    Choice,
    Integer,
    Interface,
    Keyword,
    Name,
    Network,
    Option,
    Shape,
    Text,
    Value,
)

_FAMILY = Argument(Choice(("inet", "inet6")), optional=True)
_NO_TRACK = Option("no_track", means="Its loss is no fault")
_TRACK_GROUP = given("track_group", Name("track_group"), means="Comes back with this group")
_U32 = Integer(0, UINT)
_TEXT = Text()


def _other_names(option: Option, *names: str) -> tuple[Option, ...]:
    return (option, *(replace(option, name=name, instead=option.name) for name in names))


_ADDRESS_OPTIONS = (
    given("dev", Interface(), means="The instance's interface unless given"),
    given("scope", _TEXT),
    *_other_names(given("brd", _TEXT, means="Broadcast address; - and + reckon it"), "broadcast"),
    given("label", Text(15)),
    given("peer", Address(prefix=True)),
    Option("home", means="Mobile IPv6 home address"),
    Option("-nodad", means="No duplicate address detection"),
    Option("mngtmpaddr"),
    Option("noprefixroute", means="No route to its network"),
    Option("autojoin", means="Join the multicast group"),
    _NO_TRACK,
    Option(
        "preferred_lft",
        (Argument((Choice(("forever",)), _U32)),),
        "Seconds; 0 for an address that is no source by itself",
    ),
)
_ADDRESS = (Argument(Address(prefix=True)),)

VIRTUAL_ADDRESS = Shape(
    _ADDRESS, (*_ADDRESS_OPTIONS, Option("use_vmac", means="On an own VMAC interface"))
)
STATIC_ADDRESS = Shape(_ADDRESS, (*_ADDRESS_OPTIONS, _TRACK_GROUP))


def _lockable(name: str, value: Value) -> Option:
    return Option(name, (Argument(Choice(("lock",)), optional=True), Argument(value)))


_HOP = (
    Option("via", (_FAMILY, Argument(Address())), "The next router"),
    Option("dev", (Argument(Interface()),)),
    Option("onlink", means="The router is on the link, whatever its address"),
    Option("encap", (Argument(_TEXT, many=True),)),
    Option("realms", (Argument(_TEXT),)),
    Option("as", (Argument(Choice(("to",)), optional=True), Argument(Address()))),
)

_ROUTE_OPTIONS = (
    *_HOP,
    Option("gw", (_FAMILY, Argument(Address())), instead="via"),
    Option("oif", (Argument(Interface()),), instead="dev"),
    Option("to", (Argument(Network()),), "Where it leads"),
    given("src", Address(), means="The source address to use"),
    given("from", Network()),
    *_other_names(given("tos", _TEXT), "dsfield"),
    given("table", _TEXT),
    given("protocol", _TEXT),
    given("scope", _TEXT),
    *_other_names(given("metric", _U32), "priority", "preference"),
    given("expires", _U32),
    _lockable("mtu", _U32),
    given("hoplimit", Integer(0, 255)),
    _lockable("advmss", _U32),
    _lockable("rtt", _TEXT),
    _lockable("rttvar", _TEXT),
    _lockable("reordering", _U32),
    given("window", _U32),
    _lockable("cwnd", _U32),
    _lockable("ssthresh", _U32),
    _lockable("rto_min", _TEXT),
    given("initcwnd", _U32),
    given("initrwnd", _U32),
    given("features", Choice(("ecn",))),
    given("quickack", Integer(0, 1)),
    _lockable("congctl", _TEXT),
    given("pref", Choice(("low", "medium", "high"))),
    given("ttl-propagate", Choice(("enabled", "disabled"))),
    given("fastopen_no_cookie", Integer(0, 1)),
    given("vrf", Interface()),
    Option("or", (Argument(Address()),), "A second router, the old way"),
    Option("nexthop", means="Begins one of several ways"),
    given("weight", Integer(1, 256)),
    _NO_TRACK,
)
_ROUTE = (
    Argument(Choice(("inet", "inet6")), optional=True),
    Argument(
        Choice(("unicast", "local", "broadcast", "multicast", "throw", "unreachable", "prohibit",
                "blackhole", "nat", "anycast")),
        optional=True,
    ),
    Argument(Network(), optional=True),
)  # fmt: skip

VIRTUAL_ROUTE = Shape(_ROUTE, _ROUTE_OPTIONS)
STATIC_ROUTE = Shape(_ROUTE, (*_ROUTE_OPTIONS, _TRACK_GROUP))

_RULE_OPTIONS = (
    Option("inet", means="IPv4"),
    Option("inet6", means="IPv6"),
    Option("not", means="For packets that do not match"),
    given("from", Network()),
    given("to", Network()),
    *_other_names(given("table", _TEXT, means="Look there"), "lookup"),
    *_other_names(given("preference", _TEXT), "order", "priority"),
    *_other_names(given("tos", _TEXT), "dsfield"),
    given("fwmark", _TEXT),
    given("realms", _TEXT),
    *_other_names(given("suppress_prefixlength", Integer(0, 2147483647)), "sup_pl"),
    *_other_names(given("suppress_ifgroup", _TEXT), "sup_group"),
    *_other_names(given("iif", Interface()), "dev"),
    given("oif", Interface()),
    given("tunnel-id", Integer(0, 2**64 - 1)),
    given("uidrange", _TEXT),
    Option("l3mdev"),
    given("protocol", Integer(0, 255)),
    given("ipproto", _TEXT),
    given("sport", _TEXT),
    given("dport", _TEXT),
    given("goto", _U32),
    Option("nop"),
    Option("type", (Argument(_TEXT),)),
    *(Option(kind) for kind in ("blackhole", "unreachable", "prohibit", "throw", "unicast")),
    _NO_TRACK,
)
VIRTUAL_RULE = Shape((), _RULE_OPTIONS)
STATIC_RULE = Shape((), (*_RULE_OPTIONS, _TRACK_GROUP))

VIRTUAL_IPADDRESS = entries(
    "virtual_ipaddress", VIRTUAL_ADDRESS, means="VIPs, which adverts carry too"
)
VIRTUAL_IPADDRESS_EXCLUDED = entries(
    "virtual_ipaddress_excluded",
    VIRTUAL_ADDRESS,
    means="VIPs of either family that adverts do not carry",
)
VIRTUAL_ROUTES = entries("virtual_routes", VIRTUAL_ROUTE, means="Routes that a master has")
VIRTUAL_RULES = entries("virtual_rules", VIRTUAL_RULE, means="Rules that a master has")

ROOTS: tuple[Keyword, ...] = (
    entries("static_ipaddress", STATIC_ADDRESS, means="Addresses, whatever VRRP's state"),
    entries("static_routes", STATIC_ROUTE, means="Routes, whatever VRRP's state"),
    entries("static_rules", STATIC_RULE, means="Rules, whatever VRRP's state"),
)
