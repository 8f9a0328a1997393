"""The checkers of real servers."""

from __future__ import annotations

from lvsnet.keepalived.keywords.making import (
    INT,
    LONGEST_S,
    MICRO_S,
    UINT,
    USER,
    alias,
    block,
    choice,
    flag,
    holding,
    keyword,
    many,
    number,
    seconds,
    text,
    truth,
    used_first,
    whole_seconds,
)
from lvsnet.keepalived.keywords.model import (
    Address,
    Argument,
    Block,
    Choice,
    Command,
    Hexadecimal,
    Integer,
    Interface,
    Keyword,
    Name,
    Regex,
    Shape,
    StatusCodes,
    User,
)

SECTION = "Virtual server(s)"

CONNECTION = (
    keyword("connect_ip", Address(), means="The real server's unless given"),
    number("connect_port", 1, 65535, "The real server's unless given"),
    keyword("bindto", Address(), means="Source address"),
    number("bind_port", 1, 65535, "Source port"),
    keyword("bind_if", Interface(), means="Source interface"),
    seconds("connect_timeout", "0.000001", MICRO_S, 6, "Of the connection", "5"),
    number("fwmark", 0, UINT, "Mark of its packets"),
)
"""How a checker connects; ``check/check_api.c``."""


def _repeating(retry: str = "1", delay: str = "1") -> tuple[Keyword, ...]:
    """When a checker runs; ``check/check_api.c``. Given the defaults that checkers differ in."""
    return (
        number("retry", 0, UINT, "Further tries until the real server is out", retry),
        seconds("delay_before_retry", "0", LONGEST_S, 6, "Between tries", delay),
        seconds("warmup", "0", LONGEST_S, 6, "The first check is at a random time in this"),
        seconds("delay_loop", "0.000001", LONGEST_S, 6, "From one check to the next", "60"),
        truth("alpha", "The real server is down until a check succeeds"),
        truth("log_all_failures", "Log each failed check, not the last one only"),
    )


_COMMON = (*CONNECTION, *_repeating())
_AS_DELAY_LOOP = "delay_loop"
"""The default of a delay_before_retry."""

_REGEX_OPTIONS = (
    "allow_empty_class", "alt_bsux", "auto_callout", "caseless", "dollar_endonly", "dotall",
    "dupnames", "extended", "firstline", "match_unset_backref", "multiline", "never_ucp",
    "never_utf", "no_auto_capture", "no_auto_possess", "no_dotstar_anchor", "no_start_optimize",
    "ucp", "ungreedy", "utf", "never_backslash_c", "alt_circumflex", "alt_verbnames",
    "use_offset_limit",
)  # fmt: skip
_URL = (
    text("path", "What is asked for"),
    used_first(keyword("digest", Hexadecimal(32), means="MD5 of the page, as genhash prints it")),
    many("status_code", StatusCodes(), "Which are fine; 200-299 unless given"),
    text("virtualhost", "The Host: header"),
    keyword("regex", Regex(), means="Must be found in the page"),
    flag("regex_no_match", "Must not be found"),
    many("regex_options", Choice(_REGEX_OPTIONS), "PCRE2's"),
    number("regex_min_offset", 0, UINT, "Where it may begin at first, bytes"),
    number("regex_max_offset", 0, UINT, "Where it may begin at last, bytes"),
    keyword("regex_stack", Integer(0, UINT), Integer(0, UINT), means="PCRE2's JIT stack, bytes"),
)
_COMPLIANT = truth("tls_compliant", "The page must end by TLS's close_notify")
_HTTP = (*CONNECTION, *_repeating(delay="3"))
_GET_RETRY = alias(_HTTP[len(CONNECTION)], "nb_get_retry")


def _get(name: str, *more: Keyword) -> Block:
    url = block("url", "check/check_http.c", SECTION, *_URL, *more)
    return block(
        name,
        "check/check_http.c",
        SECTION,
        *_HTTP,
        _GET_RETRY,
        text("virtualhost", "The Host: header"),
        choice("http_protocol", "1.0", "1.1", "1.0C", "1.0c", default="1.0"),
        truth("enable_sni", "Name the virtualhost in TLS's hello"),
        truth("fast_recovery", "After a failure, begin with the page that had failed"),
        *more,
        holding(keyword("url", means="A page, all of which must be fine"), url),
    )


HTTP_GET: Block = _get("HTTP_GET")
SSL_GET: Block = _get("SSL_GET", _COMPLIANT)
TCP_CHECK: Block = block("TCP_CHECK", "check/check_tcp.c", SECTION, *_COMMON)
PING_CHECK: Block = block("PING_CHECK", "check/check_ping.c", SECTION, *_COMMON)
SMTP_HOST: Block = block("host", "check/check_smtp.c", SECTION, *_COMMON)
SMTP_CHECK: Block = block(
    "SMTP_CHECK",
    "check/check_smtp.c",
    SECTION,
    used_first(text("helo_name", "Name for HELO")),
    *_COMMON,
    holding(keyword("host", means="keepalived 2.3 reads it for ever: leave it out"), SMTP_HOST),
)
DNS_CHECK: Block = block(
    "DNS_CHECK",
    "check/check_dns.c",
    SECTION,
    *CONNECTION,
    *_repeating("3", _AS_DELAY_LOOP),
    choice(
        "type", "A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY", default="SOA"
    ),
    used_first(text("name", "What is asked for", ".")),
)
UDP_CHECK: Block = block(
    "UDP_CHECK",
    "check/check_udp.c",
    SECTION,
    *_COMMON,
    many("payload", Hexadecimal(), "What is sent"),
    Keyword(
        "require_reply",
        (Shape((Argument(Hexadecimal(wildcard=True), optional=True, many=True),)),),
        means="An answer must come, and begin so",
    ),
    number("min_reply_length", 0, 65535, "Of the answer, bytes", "0"),
    number("max_reply_length", 0, 65535, "Of the answer, bytes", "255"),
)
MISC_CHECK: Block = block(
    "MISC_CHECK",
    "check/check_misc.c",
    SECTION,
    *_repeating("0"),
    Keyword(
        "misc_path",
        (Shape((Argument(Command()),)),),
        means="A command; exit code 0 is success",
        command=True,
    ),
    whole_seconds("misc_timeout", "It is killed after that; delay_loop unless given"),
    flag("misc_dynamic", "Exit codes 2 to 255 set the weight to 0 to 253"),
    Keyword("user", (Shape((Argument(User()), USER[1])),), means="Who runs it"),
)
FILE_CHECK: Block = block(
    "FILE_CHECK",
    "check/check_file.c",
    SECTION,
    keyword("track_file", Name("track_file"), means="The file"),
    Keyword(
        "weight",
        (
            Shape(
                (
                    Argument(Integer(-INT, INT)),
                    Argument(Choice(("reverse", "noreverse")), optional=True),
                )
            ),
        ),
        means="By which the file's number is multiplied; the track_file's unless given",
    ),
)
BFD_CHECK: Block = block(
    "BFD_CHECK",
    "check/check_bfd.c",
    SECTION,
    used_first(keyword("name", Name("bfd_instance"), means="The session")),
    truth("alpha", "The real server is down until the session is up"),
)

CHECKERS: tuple[Block, ...] = (
    HTTP_GET, SSL_GET, TCP_CHECK, SMTP_CHECK, DNS_CHECK, UDP_CHECK, PING_CHECK, MISC_CHECK,
    FILE_CHECK, BFD_CHECK,
)  # fmt: skip
