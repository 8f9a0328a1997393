"""A lab's journal, in a directory of the test's own."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lvsnet.host import journal, leftovers
from lvsnet.host.journal import Entry
from lvsnet.observe import journal_watch

LAB = "noted"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LVSNET_STATE_DIR", str(tmp_path))
    return tmp_path


def note(lab: str, kind: str, node: str, what: str, subject: str, text: str) -> None:
    journal.tell(lab, Entry(1, kind, node, what, subject, text))


def entries() -> list[Entry]:
    with journal_watch.begin(LAB) as watch:
        return watch.read()


def texts() -> list[str]:
    return [entry.text for entry in entries()]


def test_what_was_noted_is_read_in_its_order() -> None:
    note(LAB, "fault", "lb01", "put", "stop lb01", "fault: stop lb01")
    second = Entry(5, "step", "", "passed", "7", "stop: lb01: passed", {"lb01": 77})
    journal.tell(LAB, second)
    first = Entry(1, "fault", "lb01", "put", "stop lb01", "fault: stop lb01")
    assert entries() == [first, second]


def test_a_lab_without_a_journal_has_no_entries() -> None:
    assert entries() == []


def test_a_text_of_several_lines_is_one_short_line() -> None:
    note(LAB, "fault", "", "failed", "heal", "first\n  second" + " more" * 1000)
    (text,) = texts()
    assert text.startswith("first second more")
    assert text.endswith("...")
    assert len(text) == journal.LONGEST


def test_it_never_grows_for_ever(state: Path) -> None:
    for number in range(200):
        note(LAB, "step", "", "passed", str(number), "x" * 490)
    everything = entries()
    assert [one.subject for one in everything] == [str(n) for n in range(200)]
    for number in range(200, 2000):
        note(LAB, "step", "", "passed", str(number), "x" * 490)
    kept = [int(one.subject) for one in entries()]
    assert kept == list(range(kept[0], 2000))
    assert len(kept) > 400
    sizes = [path.stat().st_size for path in (state / "journal").iterdir()]
    assert len(sizes) == 2
    assert max(sizes) <= journal.MOST + 1000


def test_whoever_writes_at_the_same_time_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MOST", 40_000)

    def write(name: int) -> None:
        for number in range(200):
            note(LAB, "step", "", "passed", f"{name}-{number}", "x" * 40)

    writers = [threading.Thread(target=write, args=(name,)) for name in range(3)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    kept = [one.subject for one in entries()]
    assert len(kept) == len(set(kept))
    for name in range(3):
        numbers = [int(one.partition("-")[2]) for one in kept if one.startswith(f"{name}-")]
        assert numbers == list(range(numbers[0], 200))


def test_half_a_line_is_left_out() -> None:
    note(LAB, "node", "lb01", "off", "lb01", "is off")
    with leftovers.journal_of(LAB).open("ab") as file:
        file.write(b'[5, "node", "lb0')
    assert texts() == ["is off"]
    with leftovers.journal_of(LAB).open("ab") as file:
        file.write(b"\n")
    note(LAB, "node", "lb01", "on", "lb01", "is on")
    assert texts() == ["is off", "is on"]


def test_it_ends_with_its_lab(state: Path) -> None:
    note(LAB, "node", "lb01", "off", "lb01", "is off")
    note("other", "node", "lb01", "off", "lb01", "is off")
    journal.old_of(leftovers.journal_of(LAB)).touch()
    leftovers.remove(LAB)
    leftovers.remove(LAB)
    assert [path.name for path in (state / "journal").iterdir()] == ["other"]


def test_where_it_cannot_be_written_nothing_fails(state: Path) -> None:
    (state / "journal").write_text("no directory")
    note(LAB, "node", "lb01", "off", "lb01", "is off")
