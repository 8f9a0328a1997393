"""Words that keepalived does not know, and values that it cannot use.

By lvsnet's table of keepalived's keywords. What other rules say with more words is not said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lvsnet.keepalived.keywords import FILE
from lvsnet.keepalived.keywords.model import Block, Entries, Keyword
from lvsnet.keepalived.keywords.values import entry_faults, faults
from lvsnet.lab.suggest import nearest
from lvsnet.lint.model import Check, Finding, Place, Related
from lvsnet.lint.site import Site
from lvsnet.lint.written import Written
from lvsnet.rules.keywords import AGAIN, DEFAULT, UNKNOWN, VALUE
from lvsnet.rules.sync import DEPRECATED

_AS_WITHOUT = {
    ("vrrp_garp_interval", "0"),
    ("vrrp_gna_interval", "0"),
    ("persistence_timeout", "0"),
}
"""As files have it that packages of keepalived bring along."""
_ELSEWHERE = {
    "virtual_router_id",
    "priority",
    "advert_int",
    "state",
    "auth_type",
    "auth_pass",
    "lb_algo",
    "lvs_sched",
    "lb_kind",
    "lvs_method",
    "sorry_server_lvs_method",
    "real_server",
}
"""Whose values have rules of their own."""
MOST = 1000
"""That are told of one machine: a file that is none of keepalived's has one in each line."""
_MARK = "\ufeff"
"""That some editors begin a file with (RFC 3629, 6)."""
_UNTOLD = {"static_routes", "static_rules", "virtual_routes", "virtual_rules"}
"""Whose words can stand in more orders than the table has."""


def words(site: Site) -> Iterator[Finding]:
    told: set[tuple[Place, str]] = set()
    for machine in site.machines:
        for finding in islice(_within(machine.statements, FILE, ""), MOST):
            # A file that several machines include is wrong once.
            if (finding.place, finding.message) not in told:
                told.add((finding.place, finding.message))
                yield finding


def _within(statements: tuple[Written, ...], block: Block, above: str) -> Iterator[Finding]:
    first: dict[str, Written] = {}
    for one in statements:
        keyword = block.keywords.get(one.keyword)
        if keyword is None:
            where = f" in {above}" if above else ""
            known = _home(one.keyword, above) or _meant(one.keyword, block)
            name = one.keyword.removeprefix(_MARK) or "empty word"
            if one.keyword.startswith(_MARK):
                known = " with a byte order mark before it; save the file without"
            message = f"keepalived knows no {name}{where}{known}"
            yield Finding(UNKNOWN.name, one.place, message)
            continue
        yield from _fitting(one, keyword)
        before = first.setdefault(one.keyword, one)
        if before is not one and keyword.used != "all" and above:
            counts = before if keyword.used == "first" else one
            message = f"{one.keyword} is there already, and '{counts.text}' counts"
            related = (Related(before.place, "here first"),)
            yield Finding(AGAIN.name, one.place, message, related)
        if one.block is None:
            continue
        if isinstance(keyword.block, Block):
            yield from _within(one.block, keyword.block, keyword.name)
        elif isinstance(keyword.block, Entries):
            for entry in one.block:
                if one.keyword in _UNTOLD:
                    continue
                for fault in entry_faults(one.keyword, keyword.block, entry.words):
                    yield Finding(VALUE.name, entry.place, fault.message)


def _fitting(one: Written, keyword: Keyword) -> Iterator[Finding]:
    if keyword.deprecated:
        use = f"write {keyword.instead}" if keyword.instead else keyword.means
        message = f"keepalived will give up {one.keyword}{f': {use}' if use else ''}"
        yield Finding(DEPRECATED.name, one.place, message)
    if one.keyword not in _ELSEWHERE:
        harmless = one.words in _AS_WITHOUT
        for fault in faults(keyword, one.words):
            rule = DEFAULT if harmless else VALUE
            yield Finding(rule.name, one.place, fault.message)


def _meant(word: str, block: Block) -> str:
    match = nearest(word, block.keywords)
    return "" if match is None else f"; did you mean '{match}'?"


def _home(word: str, above: str) -> str:
    """Where keepalived would know it: a hint for what stands in the wrong block."""
    for name, keyword in FILE.keywords.items():
        if name == word:
            return "; it stands by itself, outside of blocks"
        if isinstance(keyword.block, Block) and name != above:
            if word in keyword.block.keywords:
                return f"; it belongs into {name}"
            for inner, further in keyword.block.keywords.items():
                if isinstance(further.block, Block) and word in further.block.keywords:
                    return f"; it belongs into {inner} of {name}"
    return ""


CHECKS: tuple[Check, ...] = (words,)
