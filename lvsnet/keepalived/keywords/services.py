"""virtual_server, its real servers, virtual_server_group and SSL."""

from __future__ import annotations

from decimal import Decimal

from lvsnet.keepalived.keywords.checkers import CHECKERS
from lvsnet.keepalived.keywords.making import (
    INT,
    LONGEST_S,
    MICRO_S,
    UINT,
    alias,
    block,
    command,
    flag,
    given,
    holding,
    keyword,
    number,
    optional,
    path,
    seconds,
    text,
    truth,
)
from lvsnet.keepalived.keywords.model import (
    Address,
    Argument,
    Block,
    Choice,
    Entries,
    Integer,
    Keyword,
    Name,
    Netmask,
    NewName,
    Option,
    Shape,
    Text,
    Time,
)

FILE = "check/check_parser.c"
SECTION = "Virtual server(s)"

SCHEDULERS = (
    "rr", "wrr", "lc", "wlc", "lblc", "sh", "mh", "dh", "fo", "ovf", "lblcr", "sed", "nq", "twos",
)  # fmt: skip
FLAGS = (
    "hashed", "ops", "flag-1", "flag-2", "flag-3", "sh-port", "sh-fallback", "mh-port",
    "mh-fallback",
)  # fmt: skip

_PORT = Argument(Integer(0, 65535), optional=True)
_SERVER = Shape((Argument(Address()), _PORT))
_FAMILY = Choice(("inet", "inet6"))
_MARK = Integer(0, UINT)

_METHOD = Shape(
    (Argument(Choice(("NAT", "DR", "TUN"))),),
    (
        given("type", Choice(("ipip", "gue", "gre")), means="Of the tunnel"),
        given("port", Integer(1, 65535), means="Of a gue tunnel"),
        Option("nocsum", means="A tunnel without checksums"),
        Option("csum", means="With checksums, gue and gre"),
        Option("remcsum", means="With remote checksum offload, gue"),
    ),
)


def _method(name: str) -> Keyword:
    return Keyword(name, (_METHOD,), means="The forwarding method")


def _checking(least_retry: int) -> tuple[Keyword, ...]:
    """What checkers have where they do not say themselves."""
    return (
        number("retry", least_retry, UINT, "Of its checkers"),
        seconds("delay_before_retry", "0", LONGEST_S, 6, "Of its checkers"),
        seconds("warmup", "0", LONGEST_S, 6, "Of its checkers"),
        seconds("connect_timeout", "0.000001", MICRO_S, 6, "Of its checkers", "5"),
        seconds("delay_loop", "0.000001", LONGEST_S, 6, "Of its checkers", "60"),
    )


REAL_SERVER: Block = block(
    "real_server",
    FILE,
    SECTION,
    number("weight", 0, INT, "Its share; 0 gets no new connections", "1"),
    _method("lvs_method"),
    number("uthreshold", 0, UINT, "No new connections above as many; 0 for no bound", "0"),
    number("lthreshold", 0, UINT, "Again new ones below as many", "0"),
    truth("inhibit_on_failure", "Give it weight 0 when it is down, and keep it in the table"),
    command("notify_up", "Run when it comes up"),
    command("notify_down", "Run when it goes down"),
    truth("alpha", "It is down until its checks succeed"),
    *_checking(1),
    truth("smtp_alert", "Send mails of its changes"),
    text("virtualhost", "The Host: header of HTTP_GET and SSL_GET"),
    text("snmp_name", "Its name in SNMP"),
    *(holding(Keyword(one.name, means="A checker"), one) for one in CHECKERS),
)

_SCHEDULER = keyword("lvs_sched", Choice(SCHEDULERS), means="The scheduler", default="wlc")
_LB_KIND = _method("lvs_method")

VIRTUAL_SERVER: Block = block(
    "virtual_server",
    FILE,
    SECTION,
    keyword("ip_family", _FAMILY, means="Of a service by firewall mark"),
    *_checking(1),
    flag("inhibit_on_failure", "Give a real server weight 0 when it is down"),
    alias(_SCHEDULER, "lb_algo", deprecated=False),
    _SCHEDULER,
    *(flag(one, "A flag of the service or its scheduler") for one in FLAGS),
    alias(_LB_KIND, "lb_kind", deprecated=False),
    _LB_KIND,
    keyword("persistence_engine", Text(15), means="What says which client it is: sip"),
    optional(
        "persistence_timeout",
        Time(Decimal(1), Decimal(86400 * 31), 0),
        "A client stays at its real server for that long",
        "360",
    ),
    keyword("persistence_granularity", Netmask(), means="Clients of one network are one client"),
    keyword("protocol", Choice(("TCP", "UDP", "SCTP"), any_case=True)),
    flag("ha_suspend", "Check only as long as this machine has the VIP"),
    truth("smtp_alert", "Send mails of its changes"),
    text("virtualhost", "The Host: header of HTTP_GET and SSL_GET"),
    text("snmp_name", "Its name in SNMP"),
    flag("alpha", "Real servers are down until their checks succeed"),
    flag("omega", "Run notify_down and quorum_down when keepalived ends"),
    command("quorum_up", "Run when there are enough real servers"),
    command("quorum_down", "Run when there are too few"),
    number("quorum", 1, UINT, "Weight of real servers that is enough", "1"),
    number("hysteresis", 0, UINT, "By which it must be exceeded, or missed", "0"),
    number("weight", 1, INT, "Of real servers that have none of their own", "1"),
    Keyword("sorry_server", (_SERVER,), means="Answers when there are too few real servers"),
    flag("sorry_server_inhibit", "The sorry server's inhibit_on_failure"),
    _method("sorry_server_lvs_method"),
    holding(Keyword("real_server", (_SERVER,), means="A real server"), REAL_SERVER),
)

_GROUP_ENTRIES = Entries(
    (
        Shape((Argument(Address(prefix=True, interval=True)), _PORT)),
        Shape((Argument(Choice(("fwmark",))), Argument(_MARK), Argument(_FAMILY, optional=True))),
    )
)

SSL: Block = block(
    "SSL",
    FILE,
    "LVS CONFIGURATION",
    text("password", "Of the key"),
    path("ca", "Certificates of those who are trusted"),
    path("certificate", "That SSL_GET shows"),
    path("key", "Of this certificate"),
)

ROOTS = (
    holding(Keyword("SSL", means="What SSL_GET shows of itself"), SSL, used="last"),
    Keyword(
        "virtual_server_group",
        (Shape((Argument(NewName()),)),),
        _GROUP_ENTRIES,
        means="Addresses, ranges and marks that make one service",
        used="all",
    ),
    holding(
        Keyword(
            "virtual_server",
            (
                _SERVER,
                Shape((Argument(Choice(("fwmark",))), Argument(_MARK))),
                Shape((Argument(Choice(("group",))), Argument(Name("virtual_server_group")))),
            ),
            means="A virtual service",
        ),
        VIRTUAL_SERVER,
    ),
)
