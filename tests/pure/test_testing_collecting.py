"""Which scenarios the arguments of `lvsnet test` stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from testing_samples import job

from lvsnet.errors import LabFileError, Problem
from lvsnet.scenario.files import Job
from lvsnet.testing import collecting
from lvsnet.testing.collecting import Collection, tasks

YAML = "name: x\nscenarios:\n  a: {}\n"


def no_example(given: str) -> Path:
    raise LabFileError([Problem(given, None, None, "no such file")])


def collect(
    arguments: Sequence[str | Path], has: Mapping[str, Sequence[Job]], *patterns: str
) -> Collection:
    """``has``: the name of a file -> its jobs."""

    def read(path: Path) -> tuple[Job, ...]:
        if path.name not in has:
            raise LabFileError([Problem(str(path), 3, 1, "is wrong")])
        return tuple(has[path.name])

    return collecting.collect([str(one) for one in arguments], patterns, no_example, read)


def labels(found: Collection) -> list[str]:
    return [one.job.variant.label for one in found.chosen]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("b.yaml", "a.yml", "sub/c.yaml", ".hidden/d.yaml", "sub/.e.yaml", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(YAML)
    (tmp_path / "none.yaml").write_text("name: x\nnodes:\n  scenarios: {}\n")
    return tmp_path


ALL = {
    "a.yml": [job("a.yml", "a", "one"), job("a.yml", "a", "two")],
    "b.yaml": [
        job("b.yaml", "b", "one", method="dr"),
        job("b.yaml", "b", "one", method="nat"),
        job("b.yaml", "b", "other"),
    ],
    "c.yaml": [job("c.yaml", "c", "one")],
}


def test_a_directory_stands_for_every_file_below_that_has_scenarios(files: Path) -> None:
    found = collect([files], ALL)
    assert not found.problems
    assert [one.source.name for one in found.chosen] == ["a.yml"] * 2 + ["b.yaml"] * 3 + ["c.yaml"]


def test_a_name_after_colons_picks_scenarios_of_a_file(files: Path) -> None:
    assert labels(collect([f"{files}/b.yaml::oth*"], ALL)) == ["other"]
    assert labels(collect([f"{files}/b.yaml::one"], ALL)) == ["one[method=dr]", "one[method=nat]"]
    assert labels(collect([f"{files}/b.yaml::one[method=nat]"], ALL)) == ["one[method=nat]"]


def test_the_number_of_a_variant_does_not_depend_on_what_is_picked(files: Path) -> None:
    whole = collect([files / "b.yaml"], ALL)
    assert [one.number for one in whole.chosen] == [1, 2, None]
    assert [one.number for one in collect([f"{files}/b.yaml::one[method=nat]"], ALL).chosen] == [2]


def test_a_file_that_is_named_twice_runs_once(files: Path) -> None:
    assert labels(collect([files / "a.yml", f"{files}/a.yml::one", files / "a.yml"], ALL)) == [
        "one",
        "two",
    ]


def test_a_pattern_leaves_some_of_all_files(files: Path) -> None:
    assert labels(collect([files], ALL, "tw?", "other")) == ["two", "other"]


@pytest.mark.parametrize(
    ("argument", "patterns", "words"),
    [
        ("missing.yaml", (), "no such file"),
        ("a.yml::three", (), "has no scenario three; there is one, two"),
        ("a.yml", ("three",), "fits no scenario; there is one, two"),
        ("none.yaml", (), "has no scenarios"),
        (".hidden/sub", (), "no file below has scenarios"),
    ],
)
def test_what_stands_for_nothing_is_told(
    files: Path, argument: str, patterns: tuple[str, ...], words: str
) -> None:
    (files / ".hidden/sub").mkdir()
    found = collect([files / argument], {**ALL, "none.yaml": ()}, *patterns)
    assert not found.chosen
    assert [one.message for one in found.problems] == [words]


def test_a_wrong_file_keeps_no_other_from_being_read(files: Path) -> None:
    found = collect([files], {name: jobs for name, jobs in ALL.items() if name != "b.yaml"})
    assert labels(found) == ["one", "two", "one"]
    assert [str(one) for one in found.problems] == [f"{files}/b.yaml:3:1: is wrong"]


def test_repeats_have_seeds_one_after_the_other(files: Path) -> None:
    chosen = collect([f"{files}/a.yml::one"], ALL).chosen
    found = tasks(chosen, 3, 999_999, fixed=False)
    assert [one.seed for one in found] == [999_999, 0, 1]
    assert [one.plan.lab for one in found] == ["a-one-r1", "a-one-r2", "a-one-r3"]
    assert [one.lab for one in found] == ["a"] * 3
    assert [one.seed for one in tasks(chosen, 2, 7, fixed=True)] == [7, 7]
    assert [one.seed for one in tasks(chosen, 2, None, fixed=False)] == [None, None]


def test_labs_of_two_files_with_one_name_have_two_names(files: Path) -> None:
    has = {"a.yml": [job("a.yml", "x", "one")], "c.yaml": [job("c.yaml", "x", "one")]}
    chosen = collect([files / "a.yml", files / "sub/c.yaml"], has).chosen
    first, second = (one.plan.lab for one in tasks(chosen, 1, 7, fixed=True))
    assert first == "x-one"
    assert second.startswith("x-one-")


def test_a_command_repeats_a_task(files: Path) -> None:
    chosen = collect([f"{files}/b.yaml::one[method=nat]"], ALL).chosen
    (one,) = tasks(chosen, 1, 7, fixed=True)
    said = one.command("virtual", ["--kernel", "guest"])
    assert said == f"lvsnet test '{files}/b.yaml::one[method=nat]' --seed 7 --kernel guest"
    assert one.command("real").endswith("--clock real")
