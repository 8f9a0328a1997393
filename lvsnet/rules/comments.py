"""Comments that allow rules: ``# lvsnet: allow RULE``."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

UNKNOWN = Rule(
    "allow-unknown",
    "warning",
    "a comment allows a rule that there is not: it allows nothing",
    "docs/lint.md",
    "correct the name; docs/lint-rules.md has all",
)

SUBJECT = Subject("Comments", (UNKNOWN,))
