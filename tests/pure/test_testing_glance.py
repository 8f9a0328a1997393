"""Which guest is started before the scenarios have been read."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from lvsnet.guest import launch
from lvsnet.guest.boot import Machine
from lvsnet.testing.glance import guess

LAB = "name: dr\nnodes: {}\n"
SCENARIOS = """\
# of the site
scenarios:
  first:   # the one
    steps:
      - wait: 1s

  # a matrix in a comment
  second:
    matrix: {method: [dr, nat]}
    steps:
      - wait: 1s
  third:
    steps: []
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dr.yaml").write_text(LAB + SCENARIOS)
    (tmp_path / "lab.yaml").write_text(LAB)
    for name, lab in (("one", "lab.yaml"), ("two", "[lab.yaml, dr.yaml]"), ("none", "no.yaml")):
        (tmp_path / f"{name}.yaml").write_text(f"lab: {lab}\n{SCENARIOS}")
    (tmp_path / "wild.yaml").write_text("scenarios: {a: {steps: []}}\nname: dr\n")
    (tmp_path / "cut.yaml").write_text("name: dr\nscenarios:\n")
    (tmp_path / "quoted.yaml").write_text("name: dr\nscenarios:\n  'a b':\n    steps: []\n")
    return tmp_path


@pytest.mark.parametrize(
    ("argument", "repeats", "lab", "file"),
    [
        ("dr.yaml", 1, "dr-first", "dr.yaml"),
        ("dr.yaml", 3, "dr-first-r1", "dr.yaml"),
        ("dr.yaml::second", 1, "dr-second-v1", "dr.yaml"),
        ("dr.yaml::third", 1, "dr-third", "dr.yaml"),
        ("one.yaml", 1, "dr-first", "lab.yaml"),
        ("two.yaml::third", 2, "dr-third-r1", "lab.yaml"),
    ],
)
def test_the_first_task_is_guessed_from_the_text(
    here: Path, argument: str, repeats: int, lab: str, file: str
) -> None:
    assert here.is_dir()
    found = guess(argument, repeats)
    assert found is not None
    assert (found.lab, found.file) == (lab, Path(file))


@pytest.mark.parametrize(
    "argument",
    [
        "lab.yaml",
        "none.yaml",
        "wild.yaml",
        "cut.yaml",
        "quoted.yaml",
        "missing.yaml",
        ".",
        "dr.yaml::th*",
        "dr",
    ],
)
def test_where_nothing_is_to_be_seen_nothing_is_guessed(here: Path, argument: str) -> None:
    assert here.is_dir()
    assert guess(argument, 1) is None


def machine(memory: str) -> Machine:
    """Of a kernel that there is none of: its supervisor says so, and ends."""
    return Machine(
        kernel="/nowhere/linux", parameters=(), busybox="/nowhere/busybox", image="/nowhere/image",
        release="0", module_tree="/nowhere", early_modules=(), memory=memory, window=1,
    )  # fmt: skip


def test_what_was_launched_ahead_is_given_once_and_else_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    launch.ahead("one", machine("1G"))
    launch.ahead("two", machine("1G"))
    launch.end_unneeded("one", machine("1G"))
    given = launch.launch("one", machine("1G"))
    other = launch.launch("one", machine("1G"))
    assert given.process.pid != other.process.pid
    for one in (given, other):
        one.owner.close()
        assert one.process.wait(20) in (0, -signal.SIGKILL)


def test_one_that_the_forked_process_has_ends_with_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    launch.begin()
    (waiting,) = launch._waiting
    launch.let_go()
    # Nobody has its connection, and nobody tells it what to run.
    assert waiting.process.wait(20) == 0
    assert not launch._waiting
