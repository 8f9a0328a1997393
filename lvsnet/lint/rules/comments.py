"""Comments that allow rules: ``# lvsnet: allow RULE``."""

from __future__ import annotations

from lvsnet.lint.model import Family, Rule

UNKNOWN = Rule(
    "allow-unknown",
    "warning",
    "a comment allows a rule that there is not: it allows nothing",
    "docs/lint.md",
    "correct the name; docs/lint-rules.md has all",
)

# Told by lvsnet.lint.allowing, which reads the comments.
FAMILY = Family("Comments", (UNKNOWN,), ())
