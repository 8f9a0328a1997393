"""What a keyword of keepalived.conf is: its arguments, its options, and what stands in its block.

The tables are made of these. Everything is frozen data, so that it can be looked up, shown in
documentation, turned into a schema and asked whether a value fits, by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class Integer:
    """A whole number, decimal."""

    low: int
    high: int


@dataclass(frozen=True)
class Time:
    """A time without a unit: keepalived knows none, each keyword has its own."""

    low: Decimal
    high: Decimal
    places: int
    """Digits behind the point that keepalived reads; 0 for a whole number."""
    unit: Literal["s", "ms", "us"] = "s"


@dataclass(frozen=True)
class Truth:
    """``true``, ``on`` or ``yes``, or ``false``, ``off`` or ``no`` (``check_true_false()``)."""


@dataclass(frozen=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]
    any_case: bool = False


@dataclass(frozen=True)
class Text:
    """Any word, in quotes when it has spaces."""

    longest: int | None = None
    """In bytes; keepalived cuts or refuses what is longer."""


@dataclass(frozen=True)
class Name:
    """The name of something that is defined elsewhere in the configuration."""

    of: str
    """The root keyword that defines it: ``vrrp_script``."""


@dataclass(frozen=True)
class NewName:
    """The name that a block gives itself."""


@dataclass(frozen=True)
class Address:
    """An IP address."""

    family: Literal[4, 6] | None = None
    prefix: bool = False
    """Whether a prefix length may follow, as in ``10.0.0.1/24``."""
    interval: bool = False
    """Whether a range may follow, as in ``10.0.0.1-9`` (``alloc_vsg_entry()``)."""
    multicast: bool = False


@dataclass(frozen=True)
class Network:
    """A destination of a route or rule: an address with or without a prefix, or ``default``."""


@dataclass(frozen=True)
class Netmask:
    """An IPv4 netmask (``255.255.255.0``), or the length of an IPv6 prefix."""


@dataclass(frozen=True)
class Interface:
    """The name of a network interface, at most 15 bytes (IFNAMSIZ)."""


@dataclass(frozen=True)
class Hardware:
    """A MAC address; use_vmac also takes one without its last octet, where the VRID goes."""


@dataclass(frozen=True)
class Host:
    """A host's name or its address."""


@dataclass(frozen=True)
class Path:
    """A file, a directory or a socket."""


@dataclass(frozen=True)
class Command:
    """A program with its arguments as one word, in quotes (``notify_script_init()``).

    keepalived does not look at the words behind it: ``script /usr/bin/x -v`` runs ``/usr/bin/x``.
    """


@dataclass(frozen=True)
class CommandLine:
    """A program with its arguments: the rest of the line."""


@dataclass(frozen=True)
class User:
    """A user, by name or number."""


@dataclass(frozen=True)
class Group:
    """A group, by name or number."""


@dataclass(frozen=True)
class Hexadecimal:
    """Octets as hexadecimal digits."""

    digits: int | None = None
    """How many exactly; None for any number."""
    wildcard: bool = False
    """Whether ``x`` stands for any digit."""


@dataclass(frozen=True)
class Regex:
    """A regular expression (PCRE2), the only word that is read with backslash escapes."""


@dataclass(frozen=True)
class StatusCodes:
    """An HTTP status code, or a range such as ``200-299``."""


Value: TypeAlias = (
    Integer
    | Time
    | Truth
    | Choice
    | Text
    | Name
    | NewName
    | Address
    | Network
    | Netmask
    | Interface
    | Hardware
    | Host
    | Path
    | Command
    | CommandLine
    | User
    | Group
    | Hexadecimal
    | Regex
    | StatusCodes
)


@dataclass(frozen=True)
class Argument:
    """A word behind a keyword, in its place."""

    value: Value | tuple[Value, ...]
    """Several: any of these."""
    optional: bool = False
    many: bool = False
    """Whether more of the same may follow; only of the last one."""

    @property
    def values(self) -> tuple[Value, ...]:
        return self.value if isinstance(self.value, tuple) else (self.value,)


@dataclass(frozen=True)
class Option:
    """A word with a name behind the arguments, in any order: ``weight -20``, ``dev eth0``."""

    name: str
    arguments: tuple[Argument, ...] = ()
    means: str = ""
    instead: str = ""
    """The option that this is another name of."""


@dataclass(frozen=True)
class Shape:
    """One way to write the words of a line."""

    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()

    def option(self, name: str) -> Option | None:
        return next((one for one in self.options if one.name == name), None)


@dataclass(frozen=True)
class Entries:
    """A block whose lines have no keyword: ``virtual_ipaddress``, ``track_script``."""

    shapes: tuple[Shape, ...]
    """Of one line."""
    several: bool = False
    """Whether a line may have several entries (``read_value_block()``)."""


@dataclass(frozen=True)
class Block:
    """A block of statements."""

    name: str
    """Its keyword; empty for the file as a whole."""
    keywords: Mapping[str, Keyword]
    file: str
    """Where keepalived reads it, below ``keepalived/`` in its source."""
    section: str
    """Where keepalived.conf(5) describes it."""


@dataclass(frozen=True)
class Keyword:
    name: str
    shapes: tuple[Shape, ...] = (Shape(),)
    """The ways to write it; at least one."""
    block: Block | Entries | None = None
    means: str = ""
    """A sentence without its dot; empty where the name says it."""
    default: str = ""
    """What holds without it, where keepalived has a value for that."""
    used: Literal["last", "first", "all"] = "last"
    """Which of several count when it is written several times in its block."""
    deprecated: bool = False
    instead: str = ""
    """The keyword that this is another, mostly an older, name of."""
    command: bool = False
    """Whether a word of it is a command (``install_keyword_quoted()``)."""

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Of its first shape, which most keywords have alone."""
        return self.shapes[0].arguments

    @property
    def options(self) -> tuple[Option, ...]:
        return self.shapes[0].options
