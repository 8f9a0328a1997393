"""What became of a load, as people and programs read it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lvsnet.control.clock import REAL, Clock
from lvsnet.traffic import text
from lvsnet.traffic.analysis import summary
from lvsnet.traffic.heavy import Requests, Stream
from lvsnet.traffic.model import Request

MS = 1_000_000
BOOTED = 60_000 * MS
"""When the load began."""
HELD = Clock("virtual", "held", 1.0, 90_000 * MS, 0, 7)


def sent(at: int, took: int = 2, failure: str = "", server: str = "nginx01") -> Request:
    """In milliseconds since the load began."""
    return Request(BOOTED + at * MS, took * MS, "client", "" if failure else server, failure)


TAKEOVER = [
    *(sent(at, server=f"nginx0{1 + at // 50 % 2}") for at in range(0, 2000, 50)),
    *(sent(at, 500, "timeout") for at in range(2000, 2500, 50)),
    *(sent(at, 0, "refused") for at in range(2500, 2600, 50)),
    *(sent(at, 80) for at in range(2600, 3000, 50)),
]


def test_a_takeover() -> None:
    assert text.lines(summary(TAKEOVER), HELD) == [
        "requests   60 in 3.030 s",
        "answered   48 (80.0 %)",
        "lost       12 (20.0 %): 10 timeout, 2 refused",
        "spread     nginx01  28   58.3 %  ██████████████",
        "           nginx02  20   41.7 %  ██████████",
        "outages    0.728 s at 1.952 s (0:01:01.952000), 12 lost",
        "took       p50 2.00 ms, p90 80.0 ms, p99 80.0 ms, longest 80.0 ms",
    ]


def test_with_the_real_clock_there_is_no_time_of_the_labs_own() -> None:
    found = text.lines(summary(TAKEOVER), REAL)
    assert "outages    0.728 s at 1.952 s, 12 lost" in found


def test_bars_where_there_are_no_blocks() -> None:
    assert "           nginx02  20   41.7 %  ##########" in text.lines(summary(TAKEOVER), HELD, "#")


def test_without_any_requests() -> None:
    assert text.lines(summary([]), HELD) == [
        "requests   none",
        "answered   0",
        "lost       0",
        "outages    none",
    ]


def test_without_any_answers() -> None:
    found = text.lines(summary([sent(0, 1000, "timeout")]), REAL)
    assert found[1:] == [
        "answered   0",
        "lost       1 (100.0 %): 1 timeout",
        "outages    1.000 s at 0.000 s, 1 lost, and no answer came after it",
    ]


def test_who_answers_need_not_say_its_name() -> None:
    found = text.lines(summary([sent(0, server="")]), REAL)
    assert f"spread     (no name)  1  100.0 %  {'█' * 24}" in found


def test_of_many_outages_the_longest_are_listed() -> None:
    many = []
    for number in range(15):
        many += [sent(number * 1000), sent(number * 1000 + 100 + number, 1, "refused")]
        many += [sent(number * 1000 + 200 + number)]
    found = text.lines(summary(many), REAL)
    listed = [line for line in found if "1 lost" in line]
    assert len(listed) == text.MOST
    assert listed[0].startswith("outages    0.205 s at 5.002 s")
    assert "           and 5 that were not longer" in found


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [
        (0, "0 us"),
        (999_499, "999 us"),
        (999_500, "1.00 ms"),
        (12_345_678, "12.3 ms"),
        (99_949_999, "99.9 ms"),
        (123_456_789, "123 ms"),
        (999_499_999, "999 ms"),
        (999_500_000, "1.000 s"),
        (61_000_000_000, "61.000 s"),
    ],
)
def test_durations(nanoseconds: int, words: str) -> None:
    assert text.duration(nanoseconds) == words


@pytest.mark.parametrize(
    ("rate", "words"),
    [(0, "0 bit/s"), (9_410_000_000, "9.41 Gbit/s"), (94_100_000, "94.1 Mbit/s"), (941e3, "941 k")],
)
def test_rates(rate: float, words: str) -> None:
    assert text.bits(rate).startswith(words)


def test_for_programs_times_are_seconds() -> None:
    found = json.loads(json.dumps(text.plain(summary(TAKEOVER))))
    assert found["outages"] == [
        {"start": 61.952, "end": 62.68, "seconds": 0.728, "lost": 12, "over": True}
    ]
    assert found["spread"] == {"nginx01": 28, "nginx02": 20}
    assert found["failures"] == {"timeout": 10, "refused": 2}
    assert (found["outage"], found["p50"], found["begun"]) == (0.728, 0.002, 60)
    one = replace(TAKEOVER[0], connection=3, port=41000, sent=80, received=200)
    assert json.loads(json.dumps(text.plain_request(one))) == {
        "at": 60,
        "took": 0.002,
        "client": "client",
        "server": "nginx01",
        "failure": "",
        "connection": 3,
        "port": 41000,
        "sent": 80,
        "received": 200,
    }


def test_a_heavy_load_of_requests_has_a_rate_and_no_outages() -> None:
    found = Requests(replace(summary([sent(0), sent(50)]), outages=()), 2.0, 500_000)
    assert text.heavy_lines(found) == [
        "requests   2 in 52.0 ms",
        "answered   2 (100.0 %)",
        "lost       0",
        f"spread     nginx01  2  100.0 %  {'█' * 24}",
        "rate       1 answers/s, 2.00 Mbit/s",
        "took       p50 2.00 ms, p90 2.00 ms, p99 2.00 ms, longest 2.00 ms",
    ]
    plain = text.plain_heavy(found)
    assert (plain["rate"], plain["seconds"]) == (1.0, 2.0)
    assert "outages" not in json.dumps(plain)


def test_a_heavy_stream() -> None:
    tcp = Stream(2.0, 3_000_000_000, 2_500_000_000, (9.9e9, 1.01e10), 12, None, None, None)
    assert text.heavy_lines(tcp) == [
        "sent       3.00 GB in 2.0 s",
        "rate       10.0 Gbit/s; in a second 9.90 Gbit/s to 10.1 Gbit/s",
        "again      12 segments were sent again",
    ]
    udp = Stream(1.0, 1_250_000, 1_000_000, (1e7,), None, 1000, 200, 0.000_336)
    assert text.heavy_lines(udp) == [
        "sent       1.25 MB in 1.0 s",
        "rate       8.00 Mbit/s",
        "lost       200 of 1000 datagrams (20.0 %)",
        "jitter     336 us",
    ]
    assert json.loads(json.dumps(text.plain_heavy(udp)))["stream"]["rate"] == 8e6
