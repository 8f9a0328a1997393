"""Words that keepalived does not know, and values that it cannot use."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

UNKNOWN = Rule(
    "keepalived-unknown-keyword",
    "error",
    "keepalived does not know a keyword where it stands: it ignores the line, and a block with all"
    " that is in it",
    "keepalived.conf(5); process_stream() of keepalived's lib/parser.c",
    "correct its spelling, or put it into the block that it belongs to",
)
VALUE = Rule(
    "keepalived-value",
    "error",
    "keepalived cannot use a value: it ignores the line, or uses another value",
    "keepalived.conf(5), and the keyword's handler in keepalived's source",
    "write what the message asks for; keepalived knows no units such as 2s",
)
INCLUDE = Rule(
    "keepalived-include",
    "warning",
    "a file that is included is not there, or none that keepalived reads: it goes on without it, or"
    " ends where includer, includem, includew or includea ask for it",
    "keepalived.conf(5), include; open_and_check_glob() of keepalived's lib/parser.c",
    "correct the path, or bring the file along; of lb01/etc/keepalived/keepalived.conf absolute"
    " paths are looked for below lb01",
)
AGAIN = Rule(
    "keyword-twice",
    "warning",
    "a setting is written twice in one block: keepalived uses one of the two",
    "keepalived.conf(5), and the keyword's handler in keepalived's source",
    "take out the one that is not meant",
)
DEFAULT = Rule(
    "value-as-without",
    "note",
    "a value says what holds without it, in a way that keepalived does not take: it complains and"
    " ignores the line, which changes nothing",
    "vrrp_garp_interval_handler() of keepalived/core/global_parser.c; pto_handler() of"
    " keepalived/check/check_parser.c",
    "take the line out",
)

SUBJECT = Subject("Keywords and values", (UNKNOWN, VALUE, DEFAULT, INCLUDE, AGAIN))
