"""How long a takeover lasts at most, from the configurations that keepalived runs with.

A backup becomes master when it has heard nothing for Master_Down_Interval, 3 * advert_int + skew.
Its skew is (256 - priority) / 256 seconds in VRRP version 2 (RFC 3768, 6.1), and that part of
advert_int in version 3 (RFC 5798, 6.1). Which of the backups is the next in line depends on what
is left of the site, so the largest skew of all is taken: it holds in every case.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Node, Plan

PRIORITY = 100
ADVERT_INT = 1.0
"""Of an instance that says neither (keepalived.conf(5))."""
LOWEST = 1
"""The lowest priority that a backup can have (RFC 3768, 5.3.4)."""
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]|[^\s{}"!#]+|[!#].*')
DEFAULT_PATH = "/etc/keepalived/keepalived.conf"


@dataclass
class _Block:
    """A statement of keepalived.conf, with what is in braces behind it."""

    words: tuple[str, ...]
    inner: list[_Block] = field(default_factory=list)


@dataclass(frozen=True)
class Instance:
    """A node's part in a VRRP instance."""

    addresses: frozenset[str]
    """Without prefix length."""
    seconds: float
    """Until the node is master, after the last advertisement that it heard."""


def takeover(plan: Plan, addresses: Collection[str] = ()) -> float:
    """Seconds within which a backup takes over; of the instances of these addresses, if any is one.

    Raises:
        LvsnetError: no configuration in the plan has a VRRP instance, or one cannot be read.
    """
    found = list(instances(plan))
    if not found:
        raise LvsnetError(f"lab {plan.lab} has no VRRP instance that 'takeover' could be of")
    named = [one for one in found if one.addresses & set(addresses)]
    return max(one.seconds for one in named or found)


def instances(plan: Plan) -> Iterator[Instance]:
    """The VRRP instances of all nodes that run keepalived.

    Raises:
        LvsnetError: a number of one cannot be read, as when it is a definition ($NAME).
    """
    for node in plan.nodes:
        for text in _configurations(node):
            blocks = _blocks(text)
            lowered = any(_weighs(one) for one in blocks)
            version = _version(blocks, 2)
            for block in blocks:
                if block.words[:1] == ("vrrp_instance",):
                    yield _instance(node.name, block, version, lowered)


def _configurations(node: Node) -> Iterator[str]:
    if not any(daemon.name == "keepalived" for daemon in node.daemons):
        return
    for file in node.files:
        if os.path.dirname(file.path) == os.path.dirname(DEFAULT_PATH):  # noqa: PTH120
            yield file.content


def _instance(node: str, block: _Block, version: int, lowered: bool) -> Instance:
    where = f"{node}: {' '.join(block.words)}"
    every = _number(where, block, "advert_int", ADVERT_INT)
    priority = _number(where, block, "priority", PRIORITY)
    if lowered or any(_weighs(one) for one in block.inner):
        priority = LOWEST
    part = (256 - priority) / 256
    skew = part * every if _version([block], version) == 3 else part
    return Instance(frozenset(_addresses(block)), 3 * every + skew)


def _addresses(block: _Block) -> Iterator[str]:
    for one in block.inner:
        if one.words[:1] in (("virtual_ipaddress",), ("virtual_ipaddress_excluded",)):
            yield from (line.words[0].partition("/")[0] for line in one.inner if line.words)


def _weighs(block: _Block) -> bool:
    """Whether something that is watched may lower priorities."""
    said = " ".join(block.words)
    if re.search(r"\bweight -?[1-9]", said) and not said.startswith("real_server"):
        return True
    watches = block.words[:1] and block.words[0].startswith(("track_", "vrrp_script", "vrrp_track"))
    return bool(watches) and any(_weighs(one) for one in block.inner)


def _version(blocks: Sequence[_Block], default: int) -> int:
    for block in blocks:
        for one in block.inner:
            if one.words[:1] in (("vrrp_version",), ("version",)) and one.words[1:2] == ("3",):
                return 3
            if one.words == ("version", "2"):
                return 2
    return default


def _number(where: str, block: _Block, name: str, default: float) -> float:
    for one in block.inner:
        if one.words[:1] == (name,):
            text = one.words[1] if len(one.words) > 1 else ""
            if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", text):
                said = text or "nothing"
                raise LvsnetError(
                    f"'takeover' is not known: {where} has {name} {said}; write a time instead"
                )
            return float(text)
    return default


def _blocks(text: str) -> list[_Block]:
    """The statements of a keepalived.conf, each a line, with those in its braces.

    What stands on one line with a brace belongs to it, as keepalived reads it (lib/parser.c).
    """
    top = _Block(())
    stack = [top]
    for line in text.splitlines():
        words: list[str] = []
        for part in TOKEN.findall(line):
            if part[0] in "!#":
                break
            if part == "{":
                # The statement may stand on the line before.
                owner = stack[-1]
                block = _Block(tuple(words)) if words else _last(owner)
                if words:
                    owner.inner.append(block)
                stack.append(block)
                words = []
            elif part == "}":
                if words:
                    stack[-1].inner.append(_Block(tuple(words)))
                    words = []
                if len(stack) > 1:
                    stack.pop()
            else:
                words.append(part.strip('"'))
        if words:
            stack[-1].inner.append(_Block(tuple(words)))
    return top.inner


def _last(owner: _Block) -> _Block:
    if not owner.inner:
        owner.inner.append(_Block(()))
    return owner.inner[-1]
