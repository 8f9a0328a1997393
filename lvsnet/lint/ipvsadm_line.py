"""One command line of ipvsadm's, read as ipvsadm reads it: by popt.

Its options are those of parse_options() in ipvsadm 1.31 and of ipvsadm(8). popt(3) takes a value
from behind a space, behind ``=`` or right behind a short option (``-w1``), and several short
options behind one dash (``-At 192.168.10.100:80``). Long names are not to be shortened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lvsnet.lab.suggest import hint

_SHORT = {
    "A": "add-service", "E": "edit-service", "D": "delete-service", "C": "clear", "L": "list",
    "l": "list", "Z": "zero", "a": "add-server", "e": "edit-server", "d": "delete-server",
    "h": "help", "v": "version", "R": "restore", "S": "save", "t": "tcp-service",
    "u": "udp-service", "f": "fwmark-service", "s": "scheduler", "p": "persistent", "M": "netmask",
    "r": "real-server", "m": "masquerading", "i": "ipip", "g": "gatewaying", "w": "weight",
    "x": "u-threshold", "y": "l-threshold", "n": "numeric", "c": "connection", "X": "exact",
    "6": "ipv6", "o": "ops", "b": "sched-flags",
}  # fmt: skip
_COMMANDS = frozenset({
    "add-service", "edit-service", "delete-service", "clear", "list", "zero", "add-server",
    "edit-server", "delete-server", "set", "help", "version", "restore", "save", "start-daemon",
    "stop-daemon",
})  # fmt: skip
_SERVICES = frozenset({"tcp-service", "udp-service", "sctp-service", "fwmark-service"})
_VALUED = _SERVICES | {
    "start-daemon", "stop-daemon", "scheduler", "persistent", "netmask", "real-server", "weight",
    "u-threshold", "l-threshold", "mcast-interface", "syncid", "pe", "sched-flags", "mcast-group",
    "mcast-port", "mcast-ttl", "sync-maxlen", "tun-type", "tun-port",
}  # fmt: skip
_OPTIONAL = "persistent"
"""Whose value may be left out."""
_PLAIN = frozenset({
    "timeout", "daemon", "stats", "rate", "thresholds", "persistent-conn", "nosort", "sort",
    "tun-info", "tun-nocsum", "tun-csum", "tun-remcsum",
})  # fmt: skip
KNOWN = frozenset(_SHORT.values()) | _COMMANDS | _VALUED | _PLAIN
_OF_SERVICE = _SERVICES | {"scheduler", "persistent", "netmask", "ops", "pe", "sched-flags", "ipv6"}
_OF_SERVER = _SERVICES | {
    "real-server", "masquerading", "ipip", "gatewaying", "weight", "u-threshold", "l-threshold",
    "ipv6", "tun-type", "tun-port", "tun-nocsum", "tun-csum", "tun-remcsum",
}  # fmt: skip
_FITTING = {
    "add-service": _OF_SERVICE,
    "edit-service": _OF_SERVICE,
    "delete-service": _SERVICES | {"ipv6"},
    "add-server": _OF_SERVER,
    "edit-server": _OF_SERVER,
    "delete-server": _SERVICES | {"real-server", "ipv6"},
    "start-daemon": frozenset(
        {"mcast-interface", "syncid", "mcast-group", "mcast-port", "mcast-ttl", "sync-maxlen"}
    ),
    "stop-daemon": frozenset({"syncid"}),
}
"""Command -> the options that may stand beside it (commands_v_options of ipvsadm.c)."""


@dataclass(frozen=True)
class Option:
    """An option under its long name."""

    name: str
    written: str
    """As the line has it: ``-w``, ``--weight``."""
    value: str | None = None


@dataclass(frozen=True)
class Line:
    """What ipvsadm makes of a line."""

    options: tuple[Option, ...]
    faults: tuple[str, ...] = ()
    """Why it would refuse the line; sentences without their dots."""

    def has(self, name: str) -> bool:
        return any(one.name == name for one in self.options)

    def value(self, name: str) -> str | None:
        return next((one.value for one in self.options if one.name == name), None)

    @property
    def command(self) -> str:
        return next((one.name for one in self.options if one.name in _COMMANDS), "")

    @property
    def service(self) -> Option | None:
        return next((one for one in self.options if one.name in _SERVICES), None)


def read(words: Sequence[str]) -> Line:
    """What the words behind ``ipvsadm`` mean."""
    options: list[Option] = []
    faults: list[str] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            rest += words[at:]
            break
        if not word.startswith("-") or word == "-":
            rest.append(word)
            continue
        parts = [_long(word)] if word.startswith("--") else list(_grouped(word))
        for name, written, value in parts:
            if name not in KNOWN:
                faults.append(f"ipvsadm knows no option {written}{_meant(name)}")
                break
            if name not in _VALUED:
                if value is not None:
                    faults.append(f"{written} takes no value, and '{value}' is one")
                value = None
            elif value is None and at < len(words) and not _is_next(name, words[at]):
                value = words[at]
                at += 1
            elif value is None and name != _OPTIONAL:
                faults.append(f"{written} has no value")
            options.append(Option(name, written, value))
    line = Line(tuple(options))
    return Line(line.options, (*faults, *_unfit(line, rest)) if not faults else tuple(faults))


def _long(word: str) -> tuple[str, str, str | None]:
    name, equals, value = word[2:].partition("=")
    return name, f"--{name}", value if equals else None


def _grouped(word: str) -> Iterator[tuple[str, str, str | None]]:
    """The options behind one dash; what is behind one that has a value is that value."""
    for number, letter in enumerate(word[1:], 1):
        name = _SHORT.get(letter, letter)
        rest = word[number + 1 :]
        if name in _VALUED:
            yield name, f"-{letter}", rest.removeprefix("=") if rest else None
            return
        if rest.startswith("="):
            yield name, f"-{letter}", rest[1:]
            return
        yield name, f"-{letter}", None


def _is_next(name: str, word: str) -> bool:
    """Whether a word is no value but the next option; popt asks only where none is needed."""
    return name == _OPTIONAL and word.startswith("-")


def _meant(name: str) -> str:
    return hint(f"--{name}", sorted(f"--{one}" for one in KNOWN)) if len(name) > 1 else ""


def _unfit(line: Line, rest: Sequence[str]) -> Iterator[str]:
    """What ipvsadm refuses of options that it knows."""
    command = line.command
    first = line.options[0].name if line.options else ""
    if command and first != command:
        yield f"{line.options[0].written} stands before the command, which has to come first"
    fitting = _FITTING.get(command)
    if fitting is None:
        return
    if rest:
        yield f"'{rest[0]}' is no option, nor the value of one"
    seen: dict[str, str] = {}
    for one in line.options:
        kind = _kind(one.name)
        if one.name in _COMMANDS:
            if one.name != command:
                yield f"{one.written} is another command beside --{command}"
        elif one.name not in fitting:
            yield f"{one.written} does not go with --{command}"
        elif one.name == "ipv6":
            if not line.has("fwmark-service") or "service" not in seen:
                yield f"{one.written} is for a firewall mark, and stands behind it"
        elif kind in seen:
            yield f"{one.written} and {seen[kind]} are two of which there can be one"
        seen.setdefault(kind, one.written)
    if command.endswith(("-service", "-server")) and line.service is None:
        yield f"--{command} names no service: -t, -u, --sctp-service or -f"
    if command.endswith("-server") and not line.has("real-server"):
        yield f"--{command} names no real server: -r"


def _kind(name: str) -> str:
    if name in _SERVICES:
        return "service"
    return "forwarding" if name in ("masquerading", "ipip", "gatewaying") else name
