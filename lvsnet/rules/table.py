"""All rules of the linter, in the order in which they are documented."""

from __future__ import annotations

from collections.abc import Mapping

from lvsnet.rules import (
    agreement,
    authentication,
    checkers,
    comments,
    directors,
    groups,
    identity,
    instances,
    keywords,
    left_out,
    left_out_services,
    modes,
    nat,
    realservers,
    scripts,
    services,
    sync,
    timing,
    tracking,
    weights,
)
from lvsnet.rules.rule import Rule, Subject

SUBJECTS: tuple[Subject, ...] = (
    identity.SUBJECT,
    agreement.SUBJECT,
    instances.SUBJECT,
    authentication.SUBJECT,
    timing.SUBJECT,
    modes.SUBJECT,
    tracking.SUBJECT,
    groups.SUBJECT,
    scripts.SUBJECT,
    services.SUBJECT,
    weights.SUBJECT,
    checkers.SUBJECT,
    directors.SUBJECT,
    nat.SUBJECT,
    realservers.SUBJECT,
    sync.SUBJECT,
    left_out.SUBJECT,
    left_out_services.SUBJECT,
    keywords.SUBJECT,
    comments.SUBJECT,
)
LAB_FILE = Rule(
    "lab-file",
    "error",
    "a lab file says something that cannot become machines",
    "docs/lab-file.md",
    "see the message; `lvsnet validate` says the same",
)
RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (*(rule for subject in SUBJECTS for rule in subject.rules), LAB_FILE)
}
