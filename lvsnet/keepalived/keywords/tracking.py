"""What VRRP instances can follow: scripts, processes, files, BFD sessions; and static groups."""

from __future__ import annotations

from decimal import Decimal

from lvsnet.keepalived.keywords.making import (
    INT,
    UINT,
    USER,
    alias,
    block,
    entries,
    flag,
    holding,
    keyword,
    number,
    optional,
    seconds,
    truth,
    used_first,
)
from lvsnet.keepalived.keywords.model import (
    Address,
    Argument,
    Block,
    Choice,
    Command,
    CommandLine,
    Integer,
    Interface,
    Keyword,
    Name,
    NewName,
    Option,
    Path,
    Shape,
    Time,
    User,
)

_BFD_MOST_MS = Decimal(UINT // 1000)
_REVERSE = Argument(Choice(("reverse",)), optional=True)
_EITHER = Argument(Choice(("reverse", "noreverse")), optional=True)


def _weight(most: int, default: str = "0") -> Keyword:
    shape = Shape((Argument(Integer(-most, most)), _REVERSE))
    means = "Added to the priority; with 0 a failure is a fault"
    return Keyword("weight", (shape,), means=means, default=default)


def _tracked(value: Name | Interface, most: int, reverse: Argument) -> Shape:
    weight = Option("weight", (Argument(Integer(-most, most)), reverse), "Instead of its own")
    return Shape((Argument(value),), (weight,))


TRACK_INTERFACE = entries(
    "track_interface",
    _tracked(Interface(), 253, _REVERSE),
    means="Interfaces that must be up",
)
TRACK_SCRIPT = entries(
    "track_script", _tracked(Name("vrrp_script"), 253, _EITHER), means="Scripts to follow"
)
TRACK_PROCESS = entries(
    "track_process",
    _tracked(Name("vrrp_track_process"), 254, _EITHER),
    means="Processes to follow",
)
TRACK_FILE_ENTRIES = entries(
    "track_file", _tracked(Name("track_file"), 254, _EITHER), means="Files to follow"
)
TRACK_BFD = entries(
    "track_bfd", _tracked(Name("bfd_instance"), 253, _EITHER), means="BFD sessions to follow"
)
TRACKING = (TRACK_INTERFACE, TRACK_SCRIPT, TRACK_FILE_ENTRIES, TRACK_PROCESS, TRACK_BFD)
"""In an instance or a sync group; what is tracked is defined further up in the file."""

VRRP_SCRIPT: Block = block(
    "vrrp_script",
    "vrrp/vrrp_parser.c",
    "VRRP script(s)",
    Keyword(
        "script",
        (Shape((Argument(Command()),)),),
        means="The command; exit code 0 is success",
        command=True,
    ),
    seconds("interval", "0.001", "4294", 3, "From one run to the next", "1"),
    seconds("timeout", "0.001", "4294", 3, "A longer run has failed; interval unless given"),
    _weight(253),
    number("rise", 1, INT, "Successes until it is up", "1"),
    number("fall", 1, INT, "Failures until it is down", "1"),
    Keyword("user", (Shape((Argument(User()), USER[1])),), means="Who runs it"),
    flag("init_fail", "It has failed until it has run"),
)

_DELAY = Time(Decimal("0.000001"), Decimal(3600), 6)

TRACK_PROCESS_BLOCK: Block = block(
    "vrrp_track_process",
    "vrrp/vrrp_parser.c",
    "VRRP track processes",
    Keyword(
        "process",
        (Shape((Argument(CommandLine()),)),),
        means="The program, and parameters where these must match",
        used="first",
    ),
    optional(
        "param_match",
        Choice(("initial", "partial")),
        "Parameters must be equal, begin alike, or be contained in that order",
    ),
    used_first(_weight(254)),
    number("quorum", 1, 65535, "How many must run", "1"),
    number("quorum_max", 0, 65535, "How many may run"),
    keyword("delay", _DELAY, means="Wait that long before a change counts"),
    keyword("terminate_delay", _DELAY, means="The same for processes that end"),
    keyword("fork_delay", _DELAY, means="The same for processes that begin"),
    flag("full_command", "Compare the whole command line, not the 15 bytes of its name"),
)

TRACK_FILE: Block = block(
    "track_file",
    "trackers/track_file.c",
    "Track files",
    used_first(keyword("file", Path(), means="Has a number that is multiplied by weight")),
    used_first(_weight(254, "1")),
    Keyword(
        "init_file",
        (
            Shape(
                (Argument((Integer(-254, 254), Choice(("overwrite",))), optional=True, many=True),)
            ),
        ),
        means="Make the file, with a number; overwrite one that is there",
    ),
)


def _milliseconds(name: str, low: int, means: str, default: str) -> Keyword:
    return keyword(name, Time(Decimal(low), _BFD_MOST_MS, 3, "ms"), means=means, default=default)


_NEIGHBOUR = keyword("neighbor_ip", Address(), means="The other end")
_TTL = number("ttl", 1, 255, "Of packets; 255 with IPv4, 64 with IPv6 unless given")

BFD_INSTANCE: Block = block(
    "bfd_instance",
    "bfd/bfd_parser.c",
    "BFD CONFIGURATION",
    _NEIGHBOUR,
    alias(_NEIGHBOUR, "neighbour_ip", deprecated=False),
    keyword("source_ip", Address(), means="This end"),
    _milliseconds("min_rx", 1, "Shortest time between packets that are taken", "10"),
    _milliseconds("min_tx", 1, "Shortest time between packets that are sent", "10"),
    _milliseconds("idle_tx", 1000, "Time between packets as long as the session is down", "1000"),
    number("multiplier", 1, 255, "Missed packets until the session is down", "5"),
    flag("passive", "Wait for the other end to begin"),
    _TTL,
    alias(_TTL, "hoplimit", deprecated=False),
    number("max_hops", -1, 255, "By which the TTL may be lower; 255 for any", "0"),
    truth("multihop", "The other end is behind routers (port 4784)"),
    _weight(253),
    flag("vrrp", "For VRRP only, unless checker is written too"),
    flag("checker", "For checkers only, unless vrrp is written too"),
)

TRACK_GROUP: Block = block(
    "track_group",
    "vrrp/vrrp_parser.c",
    "Static track groups",
    used_first(
        entries(
            "group",
            Shape((Argument(Name("vrrp_instance")),)),
            means="Instances whose interfaces' static addresses come back",
            several=True,
        )
    ),
)

LINKBEAT_INTERFACES = entries(
    "linkbeat_interfaces",
    Shape((Argument(Interface()), Argument(Choice(("MII", "ETHTOOL", "IOCTL")), optional=True))),
    means="Interfaces that are polled, and how",
)

_DEBOUNCE = Time(Decimal(0), Decimal(255), 6)
UP_DOWN_DELAYS = entries(
    "interface_up_down_delays",
    Shape((Argument(Interface()), Argument(_DEBOUNCE), Argument(_DEBOUNCE, optional=True))),
    means="How long an interface must be down, and up, until that counts",
)

_NAMED = Shape((Argument(NewName()),))
_FILE = holding(Keyword("track_file", (_NAMED,), means="A file that is followed"), TRACK_FILE)

ROOTS = (
    holding(Keyword("vrrp_script", (_NAMED,), means="A command that is followed"), VRRP_SCRIPT),
    holding(
        Keyword("vrrp_track_process", (_NAMED,), means="Processes that are followed"),
        TRACK_PROCESS_BLOCK,
    ),
    _FILE,
    alias(_FILE, "vrrp_track_file"),
    holding(Keyword("bfd_instance", (_NAMED,), means="A BFD session"), BFD_INSTANCE),
    holding(Keyword("track_group", (_NAMED,), means="For static addresses"), TRACK_GROUP),
    LINKBEAT_INTERFACES,
    UP_DOWN_DELAYS,
)
