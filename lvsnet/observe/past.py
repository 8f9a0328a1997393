"""What happened at a node before anybody watched, by what keepalived 2.2 and 2.3 say in their log.

No I/O here. The log has whole seconds of the node's calendar, which is taken as UTC, as lvsnet's
images have it. What it does not say, such as real servers that are never checked, is not known.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import timegm
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from itertools import islice
from operator import attrgetter

from lvsnet.endpoint import joined
from lvsnet.host.journal import Entry
from lvsnet.observe import tables
from lvsnet.observe.event import OFTEN, Event
from lvsnet.observe.notices import Change
from lvsnet.observe.transitions import STARTS, Log

SECOND = 1_000_000_000
KEEPALIVED = "keepalived"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATED = re.compile(
    rf"\w{{3}} (?P<month>{'|'.join(MONTHS)}) (?P<day>[ \d]\d) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) (?P<year>\d{4}): (?P<said>.*)$"
)
"""``Fri Jan  1 00:00:03 2027: (VI_1) Entering MASTER STATE``: %c of strftime(3), vlog_message() of
keepalived's lib/logger.c."""
_SERVER = r"(?P<server>\[\S+\]:\w+:\d+)"
_SERVICE = r"VS (?P<service>.+)$"


@dataclass(frozen=True)
class Past:
    """What has happened before it was watched."""

    event: Event
    within: int = 0
    """Nanoseconds: it happened at its time, or up to so much later; 0 where that is exact."""
    offset: int = 0
    """Where in the node's log it is said; 0 also of what is said elsewhere."""

    @property
    def latest(self) -> int:
        return self.event.at + self.within


def to_json(past: Past) -> list[object]:
    """The fields of its event, `Past.within` and `Past.offset`."""
    return [*astuple(past.event), past.within, past.offset]


def from_json(value: object) -> Past:
    """What `to_json` gave.

    Raises:
        ValueError: it is something else.
    """
    match value:
        case [
            int(at),
            str(kind),
            str(node),
            str(what),
            str(subject),
            str(text),
            int(within),
            int(offset),
        ]:
            return Past(Event(at, kind, node, what, subject, text), within, offset)
    raise ValueError(f"no event of the past: {value}")


def narrowed(past: Past, noted: Sequence[Entry]) -> Past:
    """When it happened, as exactly as that is known from what was noted, in order, at the time.

    What is in a log before the end that it had then, was said before; all else after.
    """
    earliest, latest = past.event.at, past.latest
    if earliest == latest:
        return past
    first = bisect_left(noted, earliest, key=attrgetter("at"))
    for one in islice(noted, first, None):
        if one.at > latest:
            break
        if past.event.node in one.sizes:
            if past.offset < one.sizes[past.event.node]:
                latest = one.at - 1
                break
            earliest = one.at
    event = replace(past.event, at=earliest)
    return replace(past, event=event, within=max(0, latest - earliest))


@dataclass
class Told:
    """A node's log, read from some line on."""

    node: str
    booted: int
    """The calendar's time at which the clock of events began, in nanoseconds since 1970 (UTC)."""
    names: Mapping[str, str]
    """As of `lvsnet.observe.tables.names`."""
    offset: int = 0
    """Of the next line in the log."""
    log: Log = field(default_factory=Log)
    second: int = 0
    """Of the last line, since 1970."""
    said: set[Change] = field(default_factory=set)
    """In that second, of what is said often and told once."""

    def receive(self, content: bytes) -> Iterator[Past]:
        """What whole lines say."""
        for line in content.split(b"\n")[:-1]:
            offset = self.offset
            self.offset += len(line) + 1
            found = _DATED.match(line.decode(errors="replace").rstrip("\r"))
            if found is None:
                continue
            second = _calendar(found)
            if second != self.second:
                self.second = second
                self.said.clear()
            for one in self._changes(found["said"]):
                if one in self.said:
                    continue
                if one.kind in OFTEN:
                    self.said.add(one)
                at = second * SECOND - self.booted
                event = Event(at, one.kind, self.node, one.what, one.subject, one.text)
                yield Past(event, SECOND - 1, offset)

    def _changes(self, said: str) -> Iterator[Change]:
        for one in self.log.receive(f"{said}\n".encode()):
            yield Change("vrrp", one.state, one.instance, one.text)
        for pattern, change in CHANGES:
            if found := pattern.match(said):
                yield change(found, self.names)


def _calendar(found: re.Match[str]) -> int:
    """Seconds since 1970."""
    day = (int(found["year"]), MONTHS.index(found["month"]) + 1, int(found["day"]))
    return timegm((*day, int(found["hour"]), int(found["minute"]), int(found["second"])))


def _started(_found: re.Match[str], _names: Mapping[str, str]) -> Change:
    return Change("daemon", "started", KEEPALIVED, f"{KEEPALIVED} runs")


def _stopped(_found: re.Match[str], _names: Mapping[str, str]) -> Change:
    return Change("daemon", "exited", KEEPALIVED, f"{KEEPALIVED} has ended")


def _moved(found: re.Match[str], names: Mapping[str, str]) -> Change:
    server, who = _named(found, names)
    what = "in" if found["what"] == "Add" else "out"
    of = "in" if what == "in" else "out of"
    return Change("ipvs", what, server, f"{who} {of} {_service(found)}")


def _able(found: re.Match[str], names: Mapping[str, str]) -> Change:
    server, who = _named(found, names)
    text = "as it was" if found["what"] == "En" else "0, for its check fails"
    return Change("ipvs", "weight", server, f"{who} in {_service(found)}: weight {text}")


def _weighed(found: re.Match[str], names: Mapping[str, str]) -> Change:
    server, who = _named(found, names)
    weights = f"weight {found['old']} -> {found['new']}"
    return Change("ipvs", "weight", server, f"{who} in {_service(found)}: {weights}")


def _announced(found: re.Match[str], _names: Mapping[str, str]) -> Change:
    address, interface = found["address"], found["interface"]
    return Change("arp", "gratuitous", address, f"sends ARPs for {address} on {interface}")


def _advertised(found: re.Match[str], _names: Mapping[str, str]) -> Change:
    address, interface = found["address"], found["interface"]
    text = f"sends neighbour advertisements for {address} on {interface}"
    return Change("nd", "unsolicited", address, text)


Read = Callable[[re.Match[str], Mapping[str, str]], Change]
CHANGES: tuple[tuple[re.Pattern[str], Read], ...] = (
    (STARTS, _started),
    (re.compile(r"Stopped Keepalived v"), _stopped),
    # perform_svr_state() and update_svr_wgt() of check/ipwrapper.c.
    (re.compile(rf"(?P<what>Add|Remov)ing service {_SERVER} (?:to|from) {_SERVICE}"), _moved),
    (re.compile(rf"(?P<what>En|Dis)abling service {_SERVER} of {_SERVICE}"), _able),
    (
        re.compile(
            r"Changing weight from (?P<old>-?\d+) to (?P<new>-?\d+) for (?:in)?active service "
            rf"{_SERVER} of {_SERVICE}"
        ),
        _weighed,
    ),
    # vrrp/vrrp_arp.c and vrrp/vrrp_ndisc.c, with --log-detail.
    (re.compile(r"Sending gratuitous ARP on (?P<interface>\S+) for (?P<address>\S+)$"), _announced),
    (
        re.compile(
            r"Sending unsolicited Neighbour Advert on (?P<interface>\S+) for (?P<address>\S+)$"
        ),
        _advertised,
    ),
)


def _named(found: re.Match[str], names: Mapping[str, str]) -> tuple[str, str]:
    """``192.168.10.13:80`` of ``[192.168.10.13]:tcp:80``, and how it is called."""
    server = _parted(found["server"])[1]
    return server, tables.named(server, names)


def _service(found: re.Match[str]) -> str:
    """``tcp 192.168.10.100:80``, as in IPVS's table; a group of services by its name."""
    service = found["service"]
    if service.startswith("FWM "):
        return f"fwmark {service.removeprefix('FWM ')}"
    protocol, address = _parted(service)
    return f"{protocol} {address}" if protocol else service


def _parted(trio: str) -> tuple[str, str]:
    """Protocol, and address with port; the former empty where it has none."""
    host, _, rest = trio.rpartition("]")
    protocol, colon, port = rest.removeprefix(":").partition(":")
    if not host or not colon:
        return "", trio
    return protocol, joined(host.removeprefix("["), port)
