"""What ipvsadm's command lines and rule files say: virtual servers and sync daemons.

ipvsadm(8); a rule file has the same words without the program's name (ipvsadm-save(8)).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from lvsnet.lint import ipvsadm_line
from lvsnet.lint.addresses import IPAddress
from lvsnet.lint.from_conf import SYNC_GROUP_ADDRESS, SYNC_PORT, integer
from lvsnet.lint.ipvsadm_line import Line, Option
from lvsnet.lint.model import Given, Place
from lvsnet.lint.servers import RealServer, VirtualServer
from lvsnet.lint.site import Machine, SyncDaemon
from lvsnet.lint.written import Written

_KINDS = {"gatewaying": "DR", "masquerading": "NAT", "ipip": "TUN"}
_PROTOCOLS = {"tcp-service": "TCP", "udp-service": "UDP", "sctp-service": "SCTP"}
_PERSISTENT = "360"
"""Seconds, where --persistent has no value, as ipvsadm 1.31 does it; its man page says 300."""
_REDIRECTED = re.compile(r"(?<!\S)[0-9]*(>>?|<|>&)(&?[0-9-]|[ \t]*\S+)")
_READ_BY_A_SHELL = re.compile(r"[$`*?]")
_Key = tuple[str, str, bool]
"""Which option names a service, its value, and whether it is of IPv6 by ``-6``."""


@dataclass
class _Service:
    """A service while its lines are read."""

    line: Line
    place: Place
    reals: list[RealServer] = field(default_factory=list)


def added(machine: Machine, lines: Iterable[tuple[str, Place]]) -> Machine:
    """A machine with what lines add to what its keepalived.conf says."""
    read = tuple(_lines(lines))
    return replace(
        machine,
        servers=(*machine.servers, *_servers(machine.name, read)),
        sync=machine.sync or _sync_daemon(read),
        refused=tuple(Given(fault, place) for line, place in read for fault in line.faults),
    )


def _servers(machine: str, lines: Iterable[tuple[Line, Place]]) -> Iterator[VirtualServer]:
    """The services that lines add; what ipvsadm refuses adds nothing."""
    found: dict[_Key, _Service] = {}
    for line, place in lines:
        if line.command == "clear":
            found.clear()
        if line.service is None or line.faults:
            continue
        key = (line.service.name, line.service.value or "", line.has("ipv6"))
        if line.command == "add-service":
            found.setdefault(key, _Service(line, place))
        elif line.command == "delete-service":
            found.pop(key, None)
        elif line.command == "add-server" and key in found:
            found[key].reals.append(_real_server(line, place, line.service))
    for key, service in found.items():
        yield _server(machine, key, service)


def _sync_daemon(lines: Iterable[tuple[Line, Place]]) -> SyncDaemon | None:
    """The sync daemons that lines start, taken together."""
    found = None
    for line, place in lines:
        role = line.value("start-daemon")
        if role is None or line.faults:
            continue
        roles = frozenset({role}) | (found.roles if found else frozenset())
        found = SyncDaemon(
            line.value("mcast-interface") or "",
            integer(line.value("syncid") or "") or 0,
            "",
            roles,
            line.value("mcast-group") or SYNC_GROUP_ADDRESS,
            integer(line.value("mcast-port") or "") or SYNC_PORT,
            found.place if found else place,
        )
    return found


def _lines(lines: Iterable[tuple[str, Place]]) -> Iterator[tuple[Line, Place]]:
    """The command lines of ipvsadm's among lines of a shell's, or of a rule file."""
    for text, place in lines:
        for words in _commands(text):
            if words[0].rpartition("/")[2] == "ipvsadm":
                words = words[1:]
            elif not words[0].startswith("-"):
                continue
            line = ipvsadm_line.read(words)
            # What a shell puts there is not known.
            open_ended = any(map(_READ_BY_A_SHELL.search, words))
            yield (replace(line, faults=()) if open_ended else line), place


def _commands(text: str) -> Iterator[list[str]]:
    """The words of each command in a line."""
    if "ipvsadm" not in text and not text.startswith("-"):
        return
    lexer = shlex.shlex(_REDIRECTED.sub(" ", text), posix=True, punctuation_chars=";|&()")
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:  # a quote that is not closed
        tokens = text.split()
    words: list[str] = []
    for token in tokens:
        if token and not token.strip(";|&()"):
            if words:
                yield words
            words = []
        else:
            words.append(token)
    if words:
        yield words


def _server(machine: str, key: _Key, service: _Service) -> VirtualServer:
    option, value, of_ipv6 = key
    place = service.place
    address, port = (None, 0) if option == "fwmark-service" else _address(value)
    name = f"{address} {port}" if address else value
    if option == "fwmark-service":
        name = f"fwmark {value}{' inet6' if of_ipv6 else ''}"
    scheduler = service.line.value("scheduler")
    kind = service.reals[0].kind if service.reals else "DR"
    return VirtualServer(
        machine=machine,
        name=name,
        address=address,
        port=port,
        protocol=Given(_PROTOCOLS[option], place) if option in _PROTOCOLS else None,
        scheduler=Given(scheduler, place) if scheduler else None,
        kind=Given(kind, place),
        place=place,
        written=Written(("ipvsadm",), place, tuple(_settings(service.line, place))),
        real_servers=tuple(service.reals),
        sorry=None,
        checked=False,
    )


def _settings(line: Line, place: Place) -> Iterator[Written]:
    """A service's settings, under keepalived's names for them."""
    scheduler = line.value("scheduler")
    if scheduler:
        yield Written(("lb_algo", scheduler), place)
    for flag in (line.value("sched-flags") or "").split(","):
        if flag:
            yield Written((flag,), place)
    if line.has("persistent"):
        yield Written(("persistence_timeout", line.value("persistent") or _PERSISTENT), place)
    for name, keyword in (("netmask", "persistence_granularity"), ("pe", "persistence_engine")):
        given = line.value(name)
        if given:
            yield Written((keyword, given), place)
    if line.has("ops"):
        yield Written(("ops",), place)


def _real_server(line: Line, place: Place, service: Option) -> RealServer:
    where = line.value("real-server") or ""
    address, port = _address(where)
    weight = integer(line.value("weight") or "")
    of_service = 0 if service.name == "fwmark-service" else _address(service.value or "")[1]
    limits = (("u-threshold", "uthreshold"), ("l-threshold", "lthreshold"))
    return RealServer(
        address=address,
        port=port or of_service,
        port_written=bool(port),
        kind=next((_KINDS[one.name] for one in line.options if one.name in _KINDS), "DR"),
        weight=1 if weight is None else weight,
        place=place,
        written=Written(
            ("real_server", *((str(address), str(port)) if address else (where,))),
            place,
            tuple(
                Written((keyword, value), place)
                for name, keyword in limits
                if (value := line.value(name))
            ),
        ),
        checks=(),
    )


def _address(text: str) -> tuple[IPAddress | None, int]:
    """``192.168.10.100:80`` or ``[fd00::1]:80``"""
    host, _, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    try:
        return ip_address(host.strip("[]")), int(port) if port.isdecimal() else 0
    except ValueError:
        return None, 0
