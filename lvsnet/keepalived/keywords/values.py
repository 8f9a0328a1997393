"""Whether words fit a keyword of the table, by keepalived's own rules, and what it wants."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import ip_address, ip_interface

from lvsnet.keepalived.keywords.model import (
    Address,
    Argument,
    Choice,
    Command,
    CommandLine,
    Entries,
    Group,
    Hardware,
    Hexadecimal,
    Host,
    Integer,
    Interface,
    Keyword,
    Name,
    Netmask,
    Network,
    NewName,
    Path,
    Regex,
    Shape,
    StatusCodes,
    Text,
    Time,
    Truth,
    User,
    Value,
)
from lvsnet.keepalived.lexing import octets

YES = ("true", "on", "yes")
NO = ("false", "off", "no")

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_TIME = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)
_INTERFACE = re.compile(r"(?!\.{1,2}$)[^\s/:]{1,15}")
_HARDWARE = re.compile(r"([0-9A-Fa-f]{1,2}:){5}[0-9A-Fa-f]{0,2}|([0-9A-Fa-f]{1,2}:){4}[0-9A-Fa-f]+")
_CODES = re.compile(r"([1-5]\d\d)(?:-([1-5]\d\d))?", re.ASCII)
_UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds"}
_ANY_NETWORK = frozenset({"default", "any", "all", "default6"})


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with the words of a statement."""

    word: int
    """Which word, from 0, the keyword; behind the last one when something is missing."""
    message: str
    """What is wrong and what is wanted, a sentence without its dot."""


def faults(keyword: Keyword, words: Sequence[str]) -> tuple[Fault, ...]:
    """What keepalived does not take of a statement whose first word is the keyword itself."""
    return _shaped(keyword.name, keyword.shapes, words, 1)


def entry_faults(name: str, entries: Entries, words: Sequence[str]) -> tuple[Fault, ...]:
    """The same of a line in a block without keywords, such as virtual_ipaddress's."""
    if entries.several:
        first = entries.shapes[0].arguments[0]
        return tuple(
            fault
            for at, word in enumerate(words)
            if not _fits(first, word)
            for fault in [Fault(at, _unfit(name, first, word))]
        )
    return _shaped(name, entries.shapes, words, 0)


def fits(value: Value, text: str) -> bool:
    """Whether keepalived takes ``text`` as it is: what it would change does not fit."""
    match value:
        case Integer(low, high):
            return bool(_INTEGER.fullmatch(text.strip())) and low <= int(text) <= high
        case Time(low, high, places, _):
            if not _TIME.fullmatch(text) or text == ".":
                return False
            return len(text.partition(".")[2]) <= places and low <= Decimal(text) <= high
        case Truth():
            return text in YES + NO
        case Choice(words, any_case):
            return text in words or (any_case and text.upper() in map(str.upper, words))
        case Text(longest):
            return longest is None or octets(text) <= longest
        case Address():
            return _is_address(value, text)
        case Network():
            return text in _ANY_NETWORK or _is_address(Address(prefix=True), text)
        case Netmask():
            return _is_netmask(text)
        case Interface():
            return bool(_INTERFACE.fullmatch(text)) and octets(text) <= 15
        case Hardware():
            return bool(_HARDWARE.fullmatch(text))
        case Hexadecimal(digits, wildcard):
            found = re.fullmatch("[0-9A-Fa-fXx]+" if wildcard else "[0-9A-Fa-f]+", text)
            return found is not None and digits in (None, len(text))
        case StatusCodes():
            match = _CODES.fullmatch(text)
            return match is not None and (match[2] is None or match[1] <= match[2])
        case _:
            return text != ""


def wanted(value: Value) -> str:
    """What fits, for a message or a table: ``a number from 1 to 255``."""
    match value:
        case Integer(low, high):
            return f"a whole number from {low} to {high}"
        case Time(low, high, places, unit):
            kind = f", at most {places} decimals" if places else ", a whole number"
            return f"{_UNITS[unit]} from {low} to {high}{kind}"
        case Truth():
            return "yes or no"
        case Choice(words, _):
            return " or ".join(words) if len(words) < 3 else f"one of {', '.join(words)}"
        case Text(longest):
            return "text" if longest is None else f"text of at most {longest} bytes"
        case Name(of):
            return f"the name of a {of}"
        case Address(family, prefix, interval, multicast):
            kind = {4: "an IPv4 ", 6: "an IPv6 ", None: "an IP "}[family]
            behind = " with or without a prefix length" if prefix else ""
            return f"{kind}{'multicast ' * multicast}address{behind}{' or a range' * interval}"
        case Network():
            return "an address, a network or default"
        case Hexadecimal(digits, _):
            return "hexadecimal digits" if digits is None else f"{digits} hexadecimal digits"
        case _:
            return _WANTED[type(value)]


_WANTED: dict[type, str] = {
    NewName: "a name",
    Netmask: "an IPv4 netmask, or the length of an IPv6 prefix",
    Interface: "an interface, at most 15 characters",
    Hardware: "a MAC address",
    Host: "a host's name or address",
    Path: "a path",
    Command: "a command, quoted when it has arguments",
    CommandLine: "a command",
    User: "a user",
    Group: "a group",
    Regex: "a regular expression",
    StatusCodes: "HTTP status codes from 100 to 599, such as 200 or 200-299",
}


def _shaped(
    name: str, shapes: tuple[Shape, ...], words: Sequence[str], first: int
) -> tuple[Fault, ...]:
    """The faults of the shape that the words come nearest to."""
    found = [_of_shape(name, shape, words, first) for shape in shapes]
    return min(
        found, key=lambda faults: (len(faults), -max((one.word for one in faults), default=0))
    )


def _of_shape(name: str, shape: Shape, words: Sequence[str], first: int) -> tuple[Fault, ...]:
    found: list[Fault] = []
    at = _take(name, shape.arguments, shape, words, first, found)
    while at < len(words):
        option = shape.option(words[at])
        if option is None:
            found.append(Fault(at, _unexpected(name, shape, words[at])))
            break
        at = _take(option.name, option.arguments, shape, words, at + 1, found)
    return tuple(found)


def _take(
    name: str,
    arguments: tuple[Argument, ...],
    shape: Shape,
    words: Sequence[str],
    at: int,
    found: list[Fault],
) -> int:
    """Match arguments with words from ``at``; the position behind them."""
    for argument in arguments:
        taken = 0
        while at < len(words) and (not taken or argument.many):
            word = words[at]
            if (argument.optional or taken) and shape.option(word):
                break
            if not _fits(argument, word):
                if argument.optional or (taken and shape.options):
                    break
                found.append(Fault(at, _unfit(name, argument, word)))
            taken += 1
            at += 1
            if any(isinstance(value, CommandLine) for value in argument.values):
                return len(words)
        if not taken and not argument.optional and at >= len(words):
            found.append(Fault(at, f"{name} lacks a value: {_wanted(argument)}"))
            break
    return at


def _fits(argument: Argument, text: str) -> bool:
    return any(fits(value, text) for value in argument.values)


def _wanted(argument: Argument) -> str:
    return " or ".join(wanted(value) for value in argument.values)


def _unfit(name: str, argument: Argument, text: str) -> str:
    return f"{name} cannot be {text!r}: it takes {_wanted(argument)}"


def _unexpected(name: str, shape: Shape, text: str) -> str:
    if shape.options:
        options = ", ".join(option.name for option in shape.options if not option.instead)
        return f"{name} has no option {text!r}: it knows {options}"
    if shape.arguments:
        return f"{name} cannot have {text!r}: it takes {_wanted(shape.arguments[-1])}"
    return f"{name} takes no value, so not {text!r}"


def _is_address(value: Address, text: str) -> bool:
    text, _, scope = text.partition("%")
    if value.interval and not scope:
        text, dash, end = text.partition("-")
        if dash and not _is_end(end, text):
            return False
    try:
        found = ip_interface(text).ip if value.prefix or value.interval else ip_address(text)
    except ValueError:
        return False
    if value.multicast and not found.is_multicast:
        return False
    return value.family in (None, found.version)


def _is_end(end: str, begin: str) -> bool:
    """What a range ends with: an address, or the last number of one (``alloc_vsg_entry()``)."""
    if re.fullmatch(r"[0-9A-Fa-f]+", end):
        return "/" not in begin
    try:
        return ip_address(end).version == ip_address(begin).version
    except ValueError:
        return False


def _is_netmask(text: str) -> bool:
    if _INTEGER.fullmatch(text):
        return 1 <= int(text) <= 128
    try:
        bits = f"{int(ip_address(text)):032b}"
    except ValueError:
        return False
    return len(bits) == 32 and "1" in bits and "01" not in bits
