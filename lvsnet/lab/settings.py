"""keepalived's settings in a lab file, under keepalived's own names: from YAML values to words.

What lab files have no key of their own for is taken as ``lvsnet.keepalived.keywords`` has it, and
becomes lines of keepalived.conf. The forms, by what a keyword takes:

- nothing: ``true``, and ``false`` for leaving it out; what may be switched off: both are written;
- one value: that value, with a unit when it is a time (``garp_master_delay: 5s``);
- several words: text, or a list of them (``use_vmac: vrrp.33``);
- a block of entries: a list, each text (``10.0.0.0/8 via 192.168.10.1 dev lan``) or a mapping of
  its first word to its options (``192.168.10.100: {label: eth1:web}``);
- a block of statements: a mapping of these, or a list of mappings where several may be written.

In the place of a value, or of a list of entries, a mapping may give one to each machine
(``garp_master_delay: {lb01: 5s, lb02: 10s}``). Where keepalived has an interface stands a segment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from lvsnet.keepalived.keywords.model import Block, Keyword, NewName

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core.core_schema import CoreSchema


@dataclass(frozen=True)
class Line:
    """What stands behind a keyword, or an entry of a block."""

    words: tuple[str, ...]
    interfaces: tuple[int, ...] = ()
    """Which of the words are interfaces; one that is a segment's name stands for the machine's
    interface in it."""
    names: tuple[tuple[str, str], ...] = ()
    """What it uses: (``vrrp_script``, its name)."""


Tree: TypeAlias = "Line | list[Tree] | dict[str, Tree] | None"
"""A setting as it was given: a mapping is a block, named blocks or what each machine has, by its
keyword. None is one that is switched off by being left out."""


@dataclass(frozen=True)
class Settings:
    """keepalived's settings in one place of a lab file."""

    given: Mapping[str, Tree] = field(default_factory=dict)
    """By their keywords, in the order of the file."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Settings], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from lvsnet.lab.settings_model import schema

        return schema(cls)


def is_named(keyword: Keyword) -> bool:
    """Whether its blocks have names of their own, as bfd_instance's."""
    return isinstance(keyword.block, Block) and any(
        isinstance(value, NewName) for one in keyword.arguments for value in one.values
    )


def of_machine(settings: Settings, keyword: str, node: str) -> Line | None:
    """What ``node`` has of a keyword with one line; None without it."""
    tree = settings.given.get(keyword)
    if isinstance(tree, dict):
        tree = tree.get(node)
    return tree if isinstance(tree, Line) else None


def is_on(settings: Settings, keyword: str, node: str) -> bool | None:
    """Whether ``node`` has a switch on; None where that is not said."""
    line = of_machine(settings, keyword, node)
    return None if line is None else line.words[:1] not in (("false",), ("off",), ("no",))


def is_strict(of_instance: Settings, of_all: Settings, node: str) -> bool:
    """Whether an instance keeps to the RFC on ``node`` (strict_mode, and vrrp_strict for all)."""
    own = is_on(of_instance, "strict_mode", node)
    return bool(is_on(of_all, "vrrp_strict", node)) if own is None else own
