"""How a VRRP instance authenticates, as far as its own file tells."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.keepalived.lexing import octets
from lvsnet.lint.instances import OWNER
from lvsnet.lint.model import Check, Finding
from lvsnet.lint.site import Site
from lvsnet.rules.authentication import AH_MASTER, INCOMPLETE, PASS_LENGTH, TYPE_UNKNOWN, VERSION_3

LONGEST = 8
"""Bytes of a password that packets have (RFC 2338, 5.3.10)."""


def authentication(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        block = one.written.last("authentication")
        if block is None:
            continue
        where = f"VRRP instance {one.name}"
        if one.version == 3:
            yield Finding(VERSION_3.name, block.place, f"{where}: version 3 has no authentication")
            continue
        kind, password = one.auth_type, one.auth_pass
        if kind is not None and kind.value not in ("PASS", "AH"):
            message = f"{where}: keepalived does not know auth_type {kind.value}"
            yield Finding(TYPE_UNKNOWN.name, kind.place, message)
        elif kind is None or password is None:
            lacking = "auth_type" if kind is None else "auth_pass"
            message = f"{where}: authentication has no {lacking}"
            yield Finding(INCOMPLETE.name, block.place, message)
        size = octets(password.value) if password else 0
        if password is not None and size > LONGEST:
            message = f"{where}: auth_pass has {size} bytes, of which keepalived uses {LONGEST}"
            yield Finding(PASS_LENGTH.name, password.place, message)
        if kind is not None and kind.value == "AH" and one.master and one.priority != OWNER:
            message = f"{where}: with auth_type AH it starts as BACKUP"
            yield Finding(AH_MASTER.name, one.at(one.state), message)


CHECKS: tuple[Check, ...] = (authentication,)
