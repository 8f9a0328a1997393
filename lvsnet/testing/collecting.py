"""From the paths of a command line to the tasks they stand for."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet.deployment import SEEDS
from lvsnet.errors import LabFileError, LvsnetError, Problem
from lvsnet.lab.source import LARGEST
from lvsnet.testing import naming
from lvsnet.testing.model import Task

if TYPE_CHECKING:
    from lvsnet.scenario.files import Job
    from lvsnet.scenario.model import Variant

SUFFIXES = (".yaml", ".yml")
_HAS_SCENARIOS = re.compile(rb"""^["']?scenarios["']?[ \t]*:""", re.MULTILINE)

Read = Callable[[Path], tuple["Job", ...]]
"""What a file has; raises LabFileError when it is wrong."""


@dataclass(frozen=True)
class Selection:
    """A file, and which of its scenarios are meant."""

    path: Path
    patterns: tuple[str, ...]
    """As fnmatch(3), or a variant's label; a scenario is meant if one of them fits."""


@dataclass(frozen=True)
class Chosen:
    """A job of a file's, and which of its scenario's it is."""

    source: Path
    job: Job
    number: int | None
    """From 1; None of the only one."""


@dataclass(frozen=True)
class Collection:
    """What is to be run, and what could not be read."""

    chosen: tuple[Chosen, ...]
    problems: tuple[Problem, ...]


def read(path: Path) -> tuple[Job, ...]:
    """The scenarios of a file, with every value of their matrices.

    Raises:
        LabFileError: the file is wrong.
    """
    from lvsnet.scenario import files

    return files.variants(files.collect(path))


def collect(
    arguments: Sequence[str], patterns: Sequence[str], find: Callable[[str], Path], read: Read
) -> Collection:
    """What ``PATH`` and ``PATH::NAME`` stand for; ``patterns`` then leave some of it.

    ``find`` gives the path of an argument that is neither file nor directory, such as an example
    lab's name, or raises LabFileError. What is wrong in one file keeps no other from being read.
    """
    chosen: list[Chosen] = []
    problems: list[Problem] = []
    for selection in _merged(_selections(arguments, find, problems)):
        try:
            jobs = read(selection.path)
        except LabFileError as error:
            problems += error.problems
        except LvsnetError as error:
            problems.append(Problem(str(selection.path), None, None, str(error)))
        else:
            chosen += _of_file(selection, jobs, problems)
    left = [one for one in chosen if not patterns or fits(one.job.variant, patterns)]
    if chosen and not left:
        problems.append(
            Problem(
                f"--scenario {' '.join(patterns)}", None, None,
                f"fits no scenario; there is {_names(chosen)}",
            )
        )  # fmt: skip
    return Collection(tuple(left), tuple(problems))


def fits(variant: Variant, patterns: Iterable[str]) -> bool:
    """Whether a variant is meant by one of the patterns: by its scenario's name, or its label."""
    return any(
        pattern == variant.label or fnmatch.fnmatchcase(variant.scenario.name, pattern)
        for pattern in patterns
    )


def tasks(chosen: Sequence[Chosen], repeats: int, seed: int | None, *, fixed: bool) -> list[Task]:
    """A task for every repeat of what was chosen; no two have a lab of the same name.

    ``seed`` None is the real clock. With ``fixed``, every repeat has that seed, else each one has
    another, beginning with it.
    """
    found: list[Task] = []
    names: set[str] = set()
    for one in chosen:
        for repeat in range(1, repeats + 1):
            plan, variant = one.job.plan, one.job.variant
            turn = repeat if repeats > 1 else None
            name = naming.lab_name(plan.lab, variant.scenario.name, one.number, turn)
            if name in names:
                name = naming.distinct(name, f"{one.source}/{one.job.lab}/{variant.label}/{repeat}")
            names.add(name)
            own = seed if seed is None or fixed else (seed + repeat - 1) % SEEDS
            found.append(
                Task(
                    source=one.source,
                    lab_file=one.job.lab,
                    plan=replace(plan, lab=name),  # links keep the addresses that the file gave
                    lab=plan.lab,
                    variant=variant,
                    repeat=repeat,
                    repeats=repeats,
                    seed=own,
                )
            )
    return found


def _selections(
    arguments: Sequence[str], find: Callable[[str], Path], problems: list[Problem]
) -> Iterator[Selection]:
    for argument in arguments:
        path, pattern = split(argument)
        try:
            there = Path(path) if Path(path).exists() else find(path)
            if not there.is_dir():
                yield Selection(there, (pattern,))
                continue
            below = with_scenarios(there)
        except LabFileError as error:
            problems += error.problems
            continue
        except OSError as error:
            problems.append(Problem(error.filename or path, None, None, str(error.strerror)))
            continue
        if not below:
            problems.append(Problem(path, None, None, "no file below has scenarios"))
        yield from (Selection(file, (pattern,)) for file in below)


def split(argument: str) -> tuple[str, str]:
    """``PATH::NAME`` in its parts; without a name it is ``*``."""
    path, colons, pattern = argument.partition("::")
    if Path(argument).exists() or not colons:
        return argument, "*"
    return path, pattern or "*"


def with_scenarios(directory: Path) -> list[Path]:
    """The files below a directory that have scenarios, by path; hidden ones are left out.

    Raises:
        OSError: one cannot be read.
    """
    found = []
    for where, below, files in os.walk(directory, onerror=_raise):
        below[:] = sorted(one for one in below if not one.startswith("."))
        paths = (Path(where, name) for name in sorted(files) if not name.startswith("."))
        found += [path for path in paths if path.suffix in SUFFIXES and _has_scenarios(path)]
    return found


def _has_scenarios(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return _HAS_SCENARIOS.search(stream.read(LARGEST)) is not None


def _raise(error: OSError) -> None:
    raise error


def _merged(selections: Iterable[Selection]) -> list[Selection]:
    """A file that was named twice is read once."""
    found: dict[Path, Selection] = {}
    for one in selections:
        key = one.path.resolve()
        before = found.get(key, Selection(one.path, ()))
        found[key] = Selection(before.path, (*before.patterns, *one.patterns))
    return list(found.values())


def _of_file(
    selection: Selection, jobs: Sequence[Job], problems: list[Problem]
) -> Iterator[Chosen]:
    path = selection.path
    if not jobs:
        problems.append(Problem(str(path), None, None, "has no scenarios"))
        return
    numbered = _numbered(path, jobs)
    for pattern in selection.patterns:
        if not any(fits(one.job.variant, (pattern,)) for one in numbered):
            problems.append(
                Problem(
                    str(path), None, None,
                    f"has no scenario {pattern}; there is {_names(numbered)}",
                )
            )  # fmt: skip
    yield from (one for one in numbered if fits(one.job.variant, selection.patterns))


def _numbered(path: Path, jobs: Sequence[Job]) -> list[Chosen]:
    """Numbers do not depend on what is picked: they are in the names of labs."""
    keys = [(job.plan.lab, job.variant.scenario.name) for job in jobs]
    return [
        Chosen(path, job, keys[:place].count(key) + 1 if keys.count(key) > 1 else None)
        for place, (job, key) in enumerate(zip(jobs, keys, strict=True))
    ]


def _names(chosen: Sequence[Chosen]) -> str:
    return ", ".join(dict.fromkeys(one.job.variant.scenario.name for one in chosen))
