"""How a VRRP instance authenticates, as far as its own file tells."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

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

SUBJECT = Subject("Authentication", (PASS_LENGTH, INCOMPLETE, TYPE_UNKNOWN, VERSION_3, AH_MASTER))
