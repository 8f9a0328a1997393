"""What became of a load, in words and bars for people, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from lvsnet.control.clock import Clock, elapsed
from lvsnet.traffic.heavy import Requests, Stream
from lvsnet.traffic.model import Outage, Request, Share, Summary

MOST = 10
"""Outages that are listed: the longest."""
BAR = 24
"""Characters of a bar that stands for all answers."""
TITLE = 10
"""Characters of the first column."""
BLOCK = "█"
"""What bars are made of, where it can be written."""
SECOND = 1_000_000_000
"""In nanoseconds."""


def lines(summary: Summary, clock: Clock, block: str = BLOCK) -> list[str]:
    """A block of lines, each with a title: counts, spread, outages, percentiles.

    ``clock`` is that of the lab: with a virtual one an outage has the lab's own time, too.
    """
    found = _titled("outages", _outages(summary, clock) or ["none"])
    return _table([*_counts(summary, block), *found, *_took(summary)])


def heavy_lines(found: Requests | Stream, block: str = BLOCK) -> list[str]:
    """As `lines`, of a heavy load, of whose outages nobody knows."""
    rows = list(_stream(found)) if isinstance(found, Stream) else list(_requests(found, block))
    return _table(rows)


def _table(rows: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{title:{TITLE}} {words}".rstrip() for title, words in rows]


def _counts(summary: Summary, block: str) -> Iterator[tuple[str, str]]:
    span = duration(summary.ended - summary.begun)
    yield "requests", f"{summary.requests} in {span}" if summary.requests else "none"
    yield "answered", f"{summary.answered}{_part(summary.answered, summary.requests)}"
    why = ", ".join(f"{count} {failure}" for failure, count in summary.failures)
    lost = f"{summary.lost}{_part(summary.lost, summary.requests)}"
    yield "lost", f"{lost}: {why}" if why else lost
    yield from _titled("spread", _bars(summary.spread, summary.answered, block))


def _took(summary: Summary) -> Iterator[tuple[str, str]]:
    if summary.answered:
        p50, p90, p99, longest = map(
            duration, (summary.p50, summary.p90, summary.p99, summary.longest)
        )
        yield "took", f"p50 {p50}, p90 {p90}, p99 {p99}, longest {longest}"


def _requests(found: Requests, block: str) -> Iterator[tuple[str, str]]:
    yield from _counts(found.summary, block)
    yield "rate", f"{found.rate:.0f} answers/s, {bits(8 * found.received / found.seconds)}"
    yield from _took(found.summary)


def _stream(found: Stream) -> Iterator[tuple[str, str]]:
    yield "sent", f"{amount(found.sent)} in {found.seconds:.1f} s"
    each = f"; in a second {bits(min(found.each_second))} to {bits(max(found.each_second))}"
    yield "rate", f"{bits(found.rate)}{each if len(found.each_second) > 1 else ''}"
    if found.retransmitted is not None:
        yield "again", f"{found.retransmitted} segments were sent again"
    if found.datagrams is not None and found.lost is not None:
        part = _part(found.lost, found.datagrams)
        yield "lost", f"{found.lost} of {found.datagrams} datagrams{part}"
    if found.jitter is not None:
        yield "jitter", duration(round(found.jitter * SECOND))


def _titled(title: str, rows: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, row in enumerate(rows):
        yield "" if number else title, row


def _part(count: int, whole: int) -> str:
    return f" ({100 * count / whole:.1f} %)" if count and whole else ""


def _bars(spread: Sequence[Share], answered: int, block: str) -> list[str]:
    names = [name(share) for share in spread]
    wide = max(map(len, names), default=0)
    count = len(str(answered))
    return [
        f"{named:{wide}}  {share.answers:{count}}  {100 * share.answers / answered:5.1f} %  "
        f"{block * round(BAR * share.answers / answered)}"
        for named, share in zip(names, spread, strict=True)
    ]


def name(share: Share) -> str:
    """What a share is called: an answer need not say whose it is."""
    return share.server or "(no name)"


def _outages(summary: Summary, clock: Clock) -> list[str]:
    longest = sorted(summary.outages, key=lambda one: one.start - one.end)[:MOST]
    rows = [outage(one, summary.begun, clock) for one in summary.outages if one in longest]
    more = len(summary.outages) - len(rows)
    if more > 0:
        rows.append(f"and {more} that were not longer")
    return rows


def outage(one: Outage, begun: int, clock: Clock) -> str:
    """``3.612 s at 2.050 s (0:00:14.050123), 72 lost``; the first time since the load began."""
    when = f"at {max(0, one.start - begun) / SECOND:.3f} s"
    if clock.kind == "virtual":
        when += f" ({elapsed(replace(clock, now=one.start))})"
    end = "" if one.over else ", and no answer came after it"
    return f"{one.seconds:.3f} s {when}, {one.lost} lost{end}"


def duration(nanoseconds: int) -> str:
    """Four digits at most, with a unit: ``512 us``, ``12.3 ms``, ``3.612 s``."""
    if nanoseconds < 999_500:
        return f"{nanoseconds / 1000:.0f} us"
    if nanoseconds < 999_500_000:
        digits = 2 if nanoseconds < 9_995_000 else 1 if nanoseconds < 99_950_000 else 0
        return f"{nanoseconds / 1e6:.{digits}f} ms"
    return f"{nanoseconds / 1e9:.3f} s"


def bits(rate: float) -> str:
    """Bits a second: ``9.41 Gbit/s``."""
    return f"{_scaled(rate, 'bit')}/s"


def amount(number: int) -> str:
    """Bytes: ``1.25 GB``; units are powers of 1000."""
    return _scaled(number, "B")


def _scaled(number: float, unit: str) -> str:
    """With three digits, where there are so many."""
    for power, prefix in ((9, "G"), (6, "M"), (3, "k")):
        if number >= 10**power:
            scaled = number / 10**power
            return f"{scaled:.{2 if scaled < 10 else 1 if scaled < 100 else 0}f} {prefix}{unit}"
    return f"{number:.0f} {unit}"


def plain(summary: Summary) -> dict[str, object]:
    """For programs. All times are in seconds, points in time since the lab's kernel booted."""
    return {
        "requests": summary.requests,
        "answered": summary.answered,
        "lost": summary.lost,
        "failures": dict(summary.failures),
        "spread": {share.server: share.answers for share in summary.spread},
        "outages": [
            {
                "start": one.start / SECOND,
                "end": one.end / SECOND,
                "seconds": one.seconds,
                "lost": one.lost,
                "over": one.over,
            }
            for one in summary.outages
        ],
        "outage": summary.outage,
        "p50": summary.p50 / SECOND,
        "p90": summary.p90 / SECOND,
        "p99": summary.p99 / SECOND,
        "longest": summary.longest / SECOND,
        "begun": summary.begun / SECOND,
        "ended": summary.ended / SECOND,
    }


def plain_request(request: Request) -> dict[str, object]:
    """For programs: a request, with ``at`` and ``took`` in seconds."""
    return {
        "at": request.at / SECOND,
        "took": request.took / SECOND,
        "client": request.client,
        "server": request.server,
        "failure": request.failure,
        "connection": request.connection,
        "port": request.port,
        "sent": request.sent,
        "received": request.received,
    }


def plain_heavy(found: Requests | Stream) -> dict[str, object]:
    """For programs: ``{summary, seconds, received, rate}`` of http, in answers a second; else the
    fields of a `Stream`, and ``rate`` in bits a second.
    """
    if isinstance(found, Stream):
        return {"stream": {**asdict(found), "rate": found.rate}}
    said = plain(found.summary)
    for unknown in ("outages", "outage", "begun", "ended"):
        del said[unknown]
    return {
        "summary": said,
        "seconds": found.seconds,
        "received": found.received,
        "rate": found.rate,
    }
