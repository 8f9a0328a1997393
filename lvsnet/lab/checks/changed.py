"""Settings that keepalived silently changes or leaves out, since others stand beside them.

What it does with them is in vrrp_complete_instance() of keepalived/vrrp/vrrp.c, and in the files of
keepalived/check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from lvsnet.lab.checks.checkers import placed
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.model_checks import Check
from lvsnet.lab.model_vrrp import VrrpInstance
from lvsnet.lab.settings import Line, Tree, is_on, is_strict, of_machine

_UNICAST = (
    "unicast_src_ip",
    "unicast_fault_no_peer",
    "check_unicast_src",
    "old_unicast_checksum",
    "unicast_ttl",
)
_IGNORED = ("down_timer_adverts", "garp_lower_prio_repeat", "garp_lower_prio_delay")
"""Settings of an instance that a strict one does not have."""
_NEEDS = (
    ("timer_expired_backup", "nopreempt"),
    ("vmac_xmit_base", "use_vmac"),
    ("use_vmac_addr", "use_vmac"),
)
"""Settings of an instance, and those without which they do nothing."""
_BESIDE = (("promote_secondaries", "use_vmac"), ("promote_secondaries", "use_ipvlan"))
"""Settings of an instance, and those beside which they do nothing."""
_NEEDS_OF_PAGES = ("regex_no_match", "regex_options", "regex_min_offset", "regex_max_offset")


def strict_instances(lab: Lab) -> Iterator[Finding]:
    """What RFC 5798 does not know is left out where keepalived is to keep to it."""
    for name, instance in lab.vrrp.items():
        strict = [node for node in instance.priority if _strict(lab, instance, node)]
        if not strict:
            continue
        where = f"VRRP instance {name} is strict on {strict[0]}"
        because: tuple[Loc, ...] = (("global_defs",), ("vrrp", name, "strict_mode"))
        unicast = "unicast" if instance.unicast else "unicast_peer"
        if instance.unicast or unicast in instance.settings.given:
            yield Finding(
                ("vrrp", name, unicast),
                f"{where}, and RFC 5798 knows no unicast: keepalived ends, if it is not 2.3.3; take"
                " one of the two out",
                "key",
                because,
                "strict-unicast",
            )
        for key, given in (
            ("authentication", instance.authentication is not None),
            ("preempt_delay", instance.preempt_delay is not None),
            *((one, one in instance.settings.given) for one in _IGNORED),
        ):
            if given:
                yield Finding(
                    ("vrrp", name, key),
                    f"{where}: keepalived leaves {key} out there",
                    "key",
                    because,
                    "strict-ignored",
                )
        accepts = instance.version == 3 and is_on(instance.settings, "accept", strict[0])
        if not accepts:
            hint = "write accept: true" + ("" if instance.version == 3 else " and version: 3")
            yield Finding(
                ("vrrp", name),
                f"{where}: who holds its VIPs drops all packets to them but ARP, since it does not"
                f" own the addresses; {hint}",
                "key",
                because,
                "strict-unreachable",
            )


def without_effect(lab: Lab) -> Iterator[Finding]:
    """Settings of an instance that need another one, or are of no use beside one."""
    for name, instance in lab.vrrp.items():
        given = instance.settings.given
        where = f"VRRP instance {name}"
        peers = instance.unicast or "unicast_peer" in given

        def told(key: str, why: str, *rests_on: str, name: str = name) -> Finding:
            return Finding(
                ("vrrp", name, key),
                f"VRRP instance {name}: {key} {why}",
                "key",
                tuple(("vrrp", name, one) for one in rests_on),
                "vrrp-without-effect",
            )

        for key, other in _NEEDS:
            if key in given and not (
                instance.nopreempt if other == "nopreempt" else other in given
            ):
                yield told(key, f"does nothing without {other}; take it out, or add that", other)
        for key, other in _BESIDE:
            if key in given and other in given:
                yield told(key, f"is set anyway with {other}; take it out", other)
        if "owner_ignore_adverts" in given:
            yield told("owner_ignore_adverts", "is for priority 255 alone; take it out")
        if "mcast_dst_ip" in given and peers:
            yield told("mcast_dst_ip", "does nothing with unicast; take it out", "unicast")
        if not peers:
            for key in _UNICAST:
                if key in given:
                    yield told(key, "does nothing without unicast; take it out, or add that")
        if instance.unicast and "unicast_peer" in given:
            yield Finding(
                ("vrrp", name, "unicast_peer"),
                f"{where}: unicast has named all the other machines as peers; write one of the two",
                "key",
            )


def debounce(lab: Lab) -> Iterator[Finding]:
    """A delay that is longer than the time after which a backup takes over would hide nothing."""
    delays = lab.settings.given.get("interface_up_down_delays")
    for loc, node, line in _lines(delays, ("interface_up_down_delays",), ""):
        segment, down = line.words[0], Decimal(line.words[1])
        for name, instance in lab.vrrp.items():
            if instance.segment != segment or (node and node not in instance.priority):
                continue
            adverts = of_machine(
                instance.settings, "down_timer_adverts", next(iter(instance.priority))
            )
            count = 3 if adverts is None else int(adverts.words[0])
            every = instance.advert_int.seconds
            most = max(count - 1, 0) * every - every / 256
            if down > most:
                yield Finding(
                    loc,
                    f"interface_up_down_delays: {down}s with {segment} down is more than the"
                    f" {most.normalize():f}s that VRRP instance {name} can wait, which keepalived"
                    " makes of it",
                    because=(("vrrp", name),),
                    rule="debounce-interval",
                )
                break


def checks(lab: Lab) -> Iterator[Finding]:
    """Settings of checks that need others."""
    for one in placed(lab):
        yield from _of_check(one.name, one.loc, one.check)


def _of_check(name: str, loc: Loc, check: Check) -> Iterator[Finding]:
    given = check.settings.given
    pages = dict(_pages(given.get("url")))
    for place, page in pages.items():
        if "regex" in page:
            continue
        for key in _NEEDS_OF_PAGES:
            if key in page:
                yield Finding(
                    (*loc, *place, key),
                    f"service {name}: {key} does nothing without regex",
                    "key",
                    rule="check-without-effect",
                )
    named = any("virtualhost" in one for one in (given, *pages.values()))
    if "enable_sni" in given and not named:
        yield Finding(
            (*loc, "enable_sni"),
            f"service {name}: enable_sni has nothing to say without virtualhost",
            "key",
            rule="check-without-effect",
        )
    least, most = (_number(given.get(f"{end}_reply_length")) for end in ("min", "max"))
    if least is not None and most is not None and least > most:
        yield Finding(
            (*loc, "min_reply_length"),
            f"service {name}: min_reply_length {least} is more than max_reply_length {most}, so the"
            " check always fails",
        )


def _pages(tree: Tree) -> Iterator[tuple[Loc, Mapping[str, Tree]]]:
    """The pages that an http check asks for, each with its place: one, or a list of them."""
    if isinstance(tree, dict):
        yield ("url",), tree
    elif isinstance(tree, list):
        for number, one in enumerate(tree):
            if isinstance(one, dict):
                yield ("url", number), one


def _number(tree: Tree) -> int | None:
    return int(tree.words[0]) if isinstance(tree, Line) else None


def _lines(tree: Tree, loc: Loc, node: str) -> Iterator[tuple[Loc, str, Line]]:
    match tree:
        case Line():
            yield loc, node, tree
        case list():
            for number, one in enumerate(tree):
                yield from _lines(one, (*loc, number), node)
        case dict():
            for key, one in tree.items():
                yield from _lines(one, (*loc, key), key)
        case None:
            pass


def _strict(lab: Lab, instance: VrrpInstance, node: str) -> bool:
    return is_strict(instance.settings, lab.global_defs.settings, node)
