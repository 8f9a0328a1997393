"""A lab's journal as it is followed."""

from __future__ import annotations

import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from lvsnet.host import journal, leftovers
from lvsnet.host.journal import Entry
from lvsnet.observe import journal_watch
from lvsnet.observe.journal_watch import JournalWatch

LAB = "noted"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LVSNET_STATE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def watch() -> Iterator[JournalWatch]:
    with journal_watch.begin(LAB) as found:
        yield found


def note(subject: str, length: int = 0) -> None:
    journal.tell(LAB, Entry(1, "step", "", "passed", subject, subject + "x" * length))


def subjects(watch: JournalWatch) -> list[str]:
    return [one.subject for one in watch.read()]


def readable(watch: JournalWatch) -> bool:
    return bool(select.select([watch.fd], [], [], 0)[0])


def test_what_comes_can_be_waited_for(watch: JournalWatch) -> None:
    assert subjects(watch) == []
    assert not readable(watch)
    note("1")
    assert readable(watch)
    assert subjects(watch) == ["1"]
    assert not readable(watch)
    note("2")
    note("3")
    assert subjects(watch) == ["2", "3"]


def test_what_was_there_before_is_read_first() -> None:
    note("1")
    with journal_watch.begin(LAB) as watch:
        assert subjects(watch) == ["1"]
        note("2")
        assert subjects(watch) == ["2"]


def test_nothing_is_lost_when_a_new_journal_is_begun(
    watch: JournalWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MOST", 2000)
    found = []
    for number in range(100):
        note(str(number), 200)
        if number % 5 == 0:
            found += subjects(watch)
    found += subjects(watch)
    assert found == [str(number) for number in range(100)]
    with journal_watch.begin(LAB) as later:
        kept = subjects(later)
    assert kept == found[-len(kept) :]
    assert len(kept) > 5


def test_half_a_line_is_read_when_it_is_whole(watch: JournalWatch) -> None:
    note("1")
    assert subjects(watch) == ["1"]
    with leftovers.journal_of(LAB).open("ab", buffering=0) as file:
        file.write(b'[5, "step", "", "passed"')
        assert subjects(watch) == []
        file.write(b', "2", "text", {}]\n')
    assert subjects(watch) == ["2"]


def test_a_lab_that_ends_says_nothing_more(watch: JournalWatch) -> None:
    note("1")
    leftovers.remove(LAB)
    assert subjects(watch) == []
