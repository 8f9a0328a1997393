"""Checks of what a lab allows itself."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.keepalived import verdict
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.rules import RULES
from lvsnet.lab.suggest import hint


def names() -> list[str]:
    """What can stand in ``allow``: names of lvsnet's own rules, those of keepalived -t, and those
    of `lvsnet lint`.

    A name that several have stands for one fault, in a lab file or in a configuration of the
    user's.
    """
    from lvsnet.lint.table import RULES as LINTED

    return list(dict.fromkeys((*RULES, *verdict.RULES, *LINTED)))


def allowed_names(lab: Lab) -> Iterator[Finding]:
    """A rule of each name in ``allow`` exists; whether the lab breaks it does not matter."""
    for number, name in enumerate(lab.allow):
        if name in RULES or name in verdict.RULES:
            continue
        # Most labs allow none of the linter's, whose import takes time.
        if name not in (known := names()):
            yield Finding(("allow", number), f"allow: there is no rule '{name}'{hint(name, known)}")
