"""All rules, in the order in which they are documented."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lvsnet.lint.model import Family, Finding, Rule
from lvsnet.lint.rules import (
    agreement,
    authentication,
    checks,
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
from lvsnet.lint.site import Site

FAMILIES: tuple[Family, ...] = (
    identity.FAMILY,
    agreement.FAMILY,
    instances.FAMILY,
    authentication.FAMILY,
    timing.FAMILY,
    modes.FAMILY,
    tracking.FAMILY,
    groups.FAMILY,
    scripts.FAMILY,
    services.FAMILY,
    weights.FAMILY,
    checks.FAMILY,
    directors.FAMILY,
    nat.FAMILY,
    realservers.FAMILY,
    sync.FAMILY,
    left_out.FAMILY,
    left_out_services.FAMILY,
    keywords.FAMILY,
    comments.FAMILY,
)
LAB_FILE = Rule(
    "lab-file",
    "error",
    "a lab file says something that cannot become machines",
    "docs/lab-file.md",
    "see the message; `lvsnet validate` says the same",
)
RULES: Mapping[str, Rule] = {
    rule.name: rule for rule in (*(rule for family in FAMILIES for rule in family.rules), LAB_FILE)
}


def judge(site: Site) -> Iterator[Finding]:
    """All that is wrong or unwise in a site, family by family; what is allowed is among it."""
    for family in FAMILIES:
        for check in family.checks:
            yield from check(site)
