"""All checks, in the order of the rules that they are for."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lint.checks import (
    agreement,
    authentication,
    checkers,
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
from lvsnet.lint.model import Check, Finding
from lvsnet.lint.site import Site

CHECKS: tuple[Check, ...] = (
    *identity.CHECKS,
    *agreement.CHECKS,
    *instances.CHECKS,
    *authentication.CHECKS,
    *timing.CHECKS,
    *modes.CHECKS,
    *tracking.CHECKS,
    *groups.CHECKS,
    *scripts.CHECKS,
    *services.CHECKS,
    *weights.CHECKS,
    *checkers.CHECKS,
    *directors.CHECKS,
    *nat.CHECKS,
    *realservers.CHECKS,
    *sync.CHECKS,
    *left_out.CHECKS,
    *left_out_services.CHECKS,
    *keywords.CHECKS,
)


def judge(site: Site) -> Iterator[Finding]:
    """All that is wrong or unwise in a site, check by check; what is allowed is among it."""
    for check in CHECKS:
        yield from check(site)
