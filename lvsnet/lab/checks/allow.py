"""Checks of what a lab allows itself."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.keepalived import verdict
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.suggest import hint
from lvsnet.rules.of_labs import RULES
from lvsnet.rules.table import RULES as LINTED


def names() -> list[str]:
    """What can stand in ``allow``: names of lvsnet's own rules, those of keepalived -t, and those
    of `lvsnet lint`.

    A name that several have stands for one fault, in a lab file or in a configuration of the
    user's.
    """
    return list(dict.fromkeys((*RULES, *verdict.RULES, *LINTED)))


def allowed_names(lab: Lab) -> Iterator[Finding]:
    """A rule of each name in ``allow`` exists; whether the lab breaks it does not matter."""
    known = names()
    for number, name in enumerate(lab.allow):
        if name not in known:
            yield Finding(("allow", number), f"allow: there is no rule '{name}'{hint(name, known)}")
