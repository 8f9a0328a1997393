"""What becomes of a load, told while its records come."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.observe.beside import readable
from lvsnet.observe.event import Event
from lvsnet.traffic import analysis, homes, records, running, story
from lvsnet.traffic.model import Load, Request
from lvsnet.traffic.story import KEPT, Stories, Story
from lvsnet.traffic.target import parse

MS = 1_000_000
TIMEOUT = 1000 * MS


def request(number: int, answered: bool) -> Request:
    """The ``number``-th of 20 a second."""
    at = number * 50 * MS
    if answered:
        return Request(at, MS, "client", "nginx01", "", 0, 40000, 10, 10)
    return Request(at, TIMEOUT, "client", "", "timeout", 0, 40000, 10, 0)


def results(pattern: str) -> list[tuple[int, Request]]:
    """As they are over, with their numbers: ``+`` for an answered one, ``-`` for a lost one."""
    found = [(number, request(number, one == "+")) for number, one in enumerate(pattern)]
    return sorted(found, key=lambda one: one[1].over)


class Given(records.Reader):
    """Records that come when a test says so."""

    def __init__(self) -> None:
        super().__init__(Path("none"), "client")
        self.writer = records.Writer()

    def come(self, found: Sequence[tuple[int, Request]]) -> None:
        for number, one in found:
            self.writer.add(number, one)

    def read_on(self) -> None:
        self._take(bytes(self.writer.pending))
        self.writer.pending.clear()


def told(found: Sequence[tuple[int, Request]], step: int) -> list[Event]:
    reader = Given()
    one = Story("web", [reader], KEPT * TIMEOUT)
    events: list[Event] = []
    for start in range(0, len(found), step):
        reader.come(found[start : start + step])
        events += one.read_on()
    return [*events, *one.end()]


def whole(results: Sequence[tuple[int, Request]]) -> list[Event]:
    """What is told of a load that is over."""
    found = [one for _, one in results]
    events = []
    for one in analysis.outages(found):
        events.append(story.begun("web", one))
        if one.over:
            events.append(story.answered("web", one))
    lost = sum(not one.answered for one in found)
    ended = max(one.over for one in found)
    noun = "request" if len(found) == 1 else "requests"
    text = f"traffic web: {len(found)} {noun}, {lost} lost"
    return [*events, Event(ended, "traffic", "", "ended", "web", text)]


def test_an_outage_is_told_at_its_first_loss_and_at_its_end() -> None:
    found = results("+" * 10 + "-" * 40 + "+" * 40)
    events = told(found, 1)
    assert [one.what for one in events] == ["outage", "answered", "ended"]
    assert events[0].at == request(9, True).over
    assert events[1].text == "traffic web: answered again after 2.05 s, 40 requests lost"


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(
    "pattern",
    ["+++", "---", "+-+", "+" * 100 + "-" + "+" * 200 + "--" + "+" * 100, "+++---", "-+-+-+++"],
)
def test_in_any_pieces_it_is_the_same(pattern: str, step: int) -> None:
    found = results(pattern)
    assert told(found, step) == whole(found)


@given(st.text("+-", min_size=1, max_size=200), st.integers(1, 50))
def test_whatever_comes_and_in_any_pieces_it_is_the_same(pattern: str, step: int) -> None:
    found = results(pattern)
    assert told(found, step) == whole(found)


def test_what_is_long_past_is_not_kept() -> None:
    reader = Given()
    one = Story("web", [reader], KEPT * TIMEOUT)
    for number in range(10_000):
        reader.come([(number, request(number, True))])
        list(one.read_on())
    assert one.requests == 10_000
    assert len(one.recent) <= KEPT * 20 + 1


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LVSNET_STATE_DIR", str(tmp_path))
    return "told"


@pytest.fixture
def stories(lab: str) -> Iterator[Stories]:
    with Stories(lab) as found:
        yield found


def begun(lab: str, name: str) -> Path:
    """The directory of a load whose client does not run any more, and has recorded nothing."""
    home, _ = homes.new_home(lab, name)
    load = Load(name, ("client",), parse("http://192.168.10.100/"), 20.0, 10, None)
    (home / running.LOAD).write_text(json.dumps(asdict(running.Begun(load, 0))))
    (home / "0").touch()
    return home


def record(home: Path, found: Sequence[tuple[int, Request]]) -> None:
    writer = records.Writer()
    for number, one in found:
        writer.add(number, one)
    fd = os.open(home / "0", os.O_WRONLY | os.O_APPEND)
    records.append(fd, writer)
    os.close(fd)


def test_loads_are_told_to_their_end_once(lab: str, stories: Stories) -> None:
    assert stories.read_on() == []
    found = results("++-++")
    record(begun(lab, "web"), found)
    assert stories.read_on() == whole(found)
    assert stories.read_on() == []
    assert not stories.going


def test_a_load_that_goes_on_is_read_further(lab: str, stories: Stories) -> None:
    home = begun(lab, "web")
    reader = homes.control(home, 0)  # as if the client's generator ran
    record(home, [(0, request(0, True))])
    assert stories.read_on() == []
    record(home, [(1, request(1, False))])
    assert [one.what for one in stories.read_on()] == ["outage"]
    os.close(reader)
    record(home, [(30, request(30, True))])
    assert [one.what for one in stories.read_on()] == ["answered", "ended"]


def test_a_client_that_ends_says_so_and_one_that_records_does_not(
    lab: str, stories: Stories
) -> None:
    home = begun(lab, "web")
    control = homes.control(home, 0)
    output = os.open(home / "0", os.O_WRONLY | os.O_APPEND)
    assert stories.read_on() == []
    writer = records.Writer()
    writer.add(0, request(0, True))
    writer.end()
    records.append(output, writer)
    assert not readable(stories.fd, 0)
    os.close(output)
    assert readable(stories.fd, 0)
    assert [one.what for one in stories.read_on()] == ["ended"]
    assert not readable(stories.fd, 0)
    os.close(control)


def test_a_load_that_is_forgotten_tells_nothing_more(lab: str, stories: Stories) -> None:
    home = begun(lab, "web")
    reader = homes.control(home, 0)
    record(home, [(0, request(0, True))])
    assert stories.read_on() == []
    os.close(reader)
    running.forget(lab, "web")
    assert stories.read_on() == []
    assert not stories.going
    record(begun(lab, "web"), [(0, request(5, True))])
    assert [one.what for one in stories.read_on()] == ["ended"]


def test_what_only_answers_and_what_is_half_begun_tells_nothing(lab: str, stories: Stories) -> None:
    home, _ = homes.new_home(lab, "nginx01-udp-9000")
    (home / running.RESPONDER).touch()
    half, _ = homes.new_home(lab, "half")
    (half / running.LOAD).write_text('{"load"')
    assert stories.read_on() == []
