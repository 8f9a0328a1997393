"""What a semantic check finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from lvsnet.lab.document import Loc
from lvsnet.lab.model import Lab


@dataclass(frozen=True)
class Finding:
    """What is wrong or unwise between values that are each right by themselves."""

    loc: Loc
    message: str
    part: Literal["key", "value"] = "value"
    """Whether the key at ``loc`` is wrong, or its value."""
    because: tuple[Loc, ...] = ()
    """Places that the finding rests on besides ``loc``: often one where nothing was found. It
    is dropped when one of them, or something within, has an error of its own."""
    rule: str = ""
    """A key of ``lvsnet.rules.of_labs.RULES``, which says whether it is an error or a warning;
    empty for an error that no lab can allow itself."""


Check = Callable[[Lab], Iterator[Finding]]
