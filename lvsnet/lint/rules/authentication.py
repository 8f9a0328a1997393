"""How a VRRP instance authenticates, as far as its own file tells."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.keepalived.lexing import octets
from lvsnet.lint.instances import OWNER
from lvsnet.lint.model import Family, Finding, Rule
from lvsnet.lint.site import Site

LONGEST = 8
"""Bytes of a password that packets have (RFC 2338, 5.3.10)."""

PASS_LENGTH = Rule(
    "auth-pass-length",
    "warning",
    "auth_pass has more than 8 bytes: keepalived cuts the rest off, so passwords that begin alike"
    " are the same",
    "RFC 2338, 5.3.10; vrrp_auth_pass_handler() of keepalived/vrrp/vrrp_parser.c",
    "write 8 characters or fewer",
)
INCOMPLETE = Rule(
    "auth-incomplete",
    "error",
    "authentication has no auth_type, or no auth_pass: advertisements go without any password",
    "vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "write both, or take the block out",
)
TYPE_UNKNOWN = Rule(
    "auth-type-unknown",
    "error",
    "an auth_type is neither PASS nor AH, in capitals: advertisements go without any password",
    "vrrp_auth_type_handler() of keepalived/vrrp/vrrp_parser.c",
    "write auth_type PASS",
)
VERSION_3 = Rule(
    "auth-version-3",
    "warning",
    "authentication is written where VRRP is version 3, which has none: keepalived ignores it",
    "RFC 5798, 9; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "take it out; keep strangers off the segment, or use IPsec between the machines",
)
AH_MASTER = Rule(
    "auth-ah-master",
    "warning",
    "state MASTER with auth_type AH: keepalived starts as BACKUP",
    "vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "write state BACKUP; the priorities decide anyway",
)


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


FAMILY = Family(
    "Authentication",
    (PASS_LENGTH, INCOMPLETE, TYPE_UNKNOWN, VERSION_3, AH_MASTER),
    (authentication,),
)
