"""What a keepalived.conf of the user's own asks of its machine: schedulers, and other files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lvsnet.errors import LabFileError
from lvsnet.keepalived.expanding import expand
from lvsnet.keepalived.including import in_mapping
from lvsnet.keepalived.tree import Item, Statement
from lvsnet.plan.keepalived import DIRECTORY, PATH, SCHEDULERS
from lvsnet.plan.reading import elsewhere


@dataclass(frozen=True)
class Asked:
    schedulers: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    """What it includes from elsewhere than its own directory, as ``Daemon.reads`` has it."""


def asked(node: str, text: str, files: Mapping[str, str]) -> Asked:
    """Of the configuration ``text`` on ``node``, whose other files are ``files``.

    Nothing of one that cannot be read: `keepalived -t` says what is wrong with it.
    """
    try:
        found = expand(PATH, in_mapping({**files, PATH: text}), node)
    except LabFileError:
        return Asked()
    return Asked(
        tuple(dict.fromkeys(_schedulers(found.statements))), elsewhere(found.includes, DIRECTORY)
    )


def _schedulers(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Statement):
            if item.keyword in SCHEDULERS and item.arguments:
                yield item.arguments[0]
            yield from _schedulers(item.block or ())
