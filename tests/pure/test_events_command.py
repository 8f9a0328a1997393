"""How `lvsnet events` prints events, and which."""

from __future__ import annotations

import json

import pytest
import typer

from lvsnet.cli import events
from lvsnet.cli.events import Shown
from lvsnet.cli.formats import Format
from lvsnet.control import clock
from lvsnet.observe.event import Event

SECOND = 1_000_000_000
MASTER = Event(83_456_789_000, "vrrp", "lb01", "master", "VI_1", "VI_1 enters MASTER")
ARP = Event(84 * SECOND, "arp", "lb01", "gratuitous", "192.168.10.100", "says that ...")
FAULT = Event(90 * SECOND, "fault", "", "put", "partition a from b", "fault: partition a from b")
ALL = (MASTER, ARP, FAULT)
NONE: frozenset[str] = frozenset()


def printed(capsys: pytest.CaptureFixture[str], shown: Shown, *found: Event) -> list[str]:
    for one in found:
        shown.show(one)
    return capsys.readouterr().out.splitlines()


def test_a_line_has_time_node_and_text(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Shown("dr", NONE, NONE, Format.table, width=7)
    assert printed(capsys, shown, MASTER, FAULT) == [
        "0:01:23.456789  lb01     VI_1 enters MASTER",
        "0:01:30.000000           fault: partition a from b",
    ]


def test_what_is_known_to_the_second_has_no_fraction(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Shown("dr", NONE, NONE, Format.table, width=4)
    shown.show(MASTER, SECOND - 1)
    assert capsys.readouterr().out == "0:01:23         lb01  VI_1 enters MASTER\n"


def test_programs_get_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Shown("dr", NONE, NONE, Format.json)
    (line,) = printed(capsys, shown, MASTER)
    assert json.loads(line) == {
        "lab": "dr",
        "time": "0:01:23.456789",
        "at": 83_456_789_000,
        "kind": "vrrp",
        "node": "lb01",
        "what": "master",
        "subject": "VI_1",
        "text": "VI_1 enters MASTER",
        "within": 0,
    }


@pytest.mark.parametrize(
    ("kinds", "nodes", "left"),
    [
        (NONE, NONE, ALL),
        ({"vrrp", "fault"}, NONE, (MASTER, FAULT)),
        (NONE, {"lb01"}, (MASTER, ARP)),
        ({"fault"}, {"lb01"}, ()),
    ],
)
def test_only_what_is_wanted(
    kinds: set[str], nodes: set[str], left: tuple[Event, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = Shown("dr", frozenset(kinds), frozenset(nodes), Format.json)
    lines = [json.loads(one) for one in printed(capsys, shown, *ALL)]
    assert [one["text"] for one in lines] == [one.text for one in left]


def test_people_read_once_what_is_said_five_times(capsys: pytest.CaptureFixture[str]) -> None:
    again = [Event(at, "arp", "lb01", "gratuitous", "x", "said") for at in (0, 1, 2, 5 * SECOND)]
    shown = Shown("dr", NONE, NONE, Format.table)
    assert len(printed(capsys, shown, *again)) == 2
    assert len(printed(capsys, Shown("dr", NONE, NONE, Format.json), *again)) == 4


@pytest.mark.parametrize(
    ("text", "oldest"),
    [
        ("30s", 70 * SECOND),
        ("0:01:23.456789", 83_456_789_000),
        ("0:00:05", 5 * SECOND),
        ("26:00:00", 26 * 3600 * SECOND),
    ],
)
def test_since(text: str, oldest: int) -> None:
    assert events._oldest(events._when(text), 100 * SECOND, None) == oldest


def test_since_a_time_of_day() -> None:
    now = 100 * SECOND
    booted = 1_798_761_600 * SECOND
    shown = clock.stamp(now - 10 * SECOND, booted)
    assert events._oldest(events._when(shown), now, booted) == now - 10 * SECOND


@pytest.mark.parametrize("text", ["soon", "1:2", "0:00:61", "-5s"])
def test_a_time_that_is_none_is_told(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="as it is shown"):
        events._when(text)


def test_a_kind_that_is_none_is_told() -> None:
    with pytest.raises(typer.BadParameter, match="vrpp is none of lab, vip, link"):
        events._check_kinds(["vrpp"])
