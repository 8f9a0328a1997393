"""The files that have scenarios, to what `lvsnet test` runs.

Scenarios stand in a lab file under ``scenarios``, or beside it in a file of their own, which names
one lab file or several under ``lab`` and has no ``nodes``. `collect(path)` reads one file;
`variants(source)` compiles its labs, with each variant's values in them, reads its scenarios and
checks them against the plans.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from lvsnet.compiled import compile_document
from lvsnet.errors import LabFileError, LvsnetError, Problem
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Document, Loc, Mark, Node, Table
from lvsnet.lab.source import read_text
from lvsnet.lab.topology import load as topology
from lvsnet.lab.topology.values import MOST_TOLD, Text, Told, inner, known_keys
from lvsnet.plan.model import Plan
from lvsnet.plan.topology import compile_topology
from lvsnet.scenario import loads, matrix, reading
from lvsnet.scenario.matrix import Combination, NoPlaceError, Value
from lvsnet.scenario.model import Variant
from lvsnet.scenario.reading import SCENARIOS, Written

LAB = matrix.LAB
OF_A_LAB = ("name", "segments", "nodes")
"""What only lab files have."""
ELSEWHERE = 1 << 24
"""Lines, more than a lab file can have (`lvsnet.lab.source.LARGEST`): marks of what a matrix puts
into a lab's document are so much further down, which tells them from the document's own."""


@dataclass(frozen=True)
class LabFile:
    """A lab that scenarios are run in."""

    path: Path
    written: str
    """As the scenarios' file names it; empty for that file itself."""
    document: Document
    is_topology: bool


@dataclass(frozen=True)
class Source:
    """A file that has been read."""

    path: Path
    labs: tuple[LabFile, ...]
    """Those that the file names, or the file itself; matrices may name others."""
    scenarios: tuple[Written, ...]
    """None of a lab file that has none."""
    is_beside: bool = False
    """Whether it has scenarios alone, and is no lab file itself."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with what stands around the steps."""


@dataclass(frozen=True)
class Job:
    """A variant of a scenario, and the lab that it is run in."""

    lab: Path
    plan: Plan
    """With the variant's values in it."""
    variant: Variant


def collect(path: Path) -> Source:
    """Read a file and the lab files that it names.

    What is wrong in it is kept, to be told by `variants` with what is wrong in labs and steps.

    Raises:
        LabFileError: it cannot be read at all.
    """
    told = Told()
    source = _collected(path, told)
    return replace(source, problems=told.errors(str(path)))


def _collected(path: Path, told: Told) -> Source:
    own = _open(path, "")
    root = own.document.root
    if own.document.faults or not isinstance(root, Table) or own.is_topology:
        # What is wrong with it is told as that of a lab, by `variants`.
        return Source(path, (own,), ())
    scenarios = reading.written(root, told)
    if not _is_beside(root):
        return Source(path, (own,), scenarios)
    known_keys(root, "", (LAB, SCENARIOS), told)
    labs: list[LabFile] = []
    at = inner(root, LAB, "")
    for one in loads.names(at, told) if at is not None else ():
        if (file := _beside(path, one, told)) is not None:
            labs.append(file)
    if at is None and not all(_chooses_lab(one) for one in scenarios):
        told.missing(LAB, own.document.start, "")
    if not scenarios:
        told.error(own.document.start, f"'{SCENARIOS}' is missing or empty")
    return Source(path, tuple(labs), scenarios, is_beside=True)


def variants(source: Source) -> tuple[Job, ...]:
    """What is to be run, in the order of the file.

    For a lab file without scenarios there is nothing, but it is compiled all the same.

    Raises:
        LabFileError: with all that is wrong in the scenarios and their labs.
    """
    work = _Work(source)
    if not source.scenarios:
        for lab in source.labs:
            work.plan(lab, ())
    for one in source.scenarios:
        if not source.labs and not _chooses_lab(one):
            for combination in one.variants:
                reading.scenario(one, combination, None, work.told)
        for lab, values, combination in _spread(source, one, work):
            _variant(one, lab, values, combination, work)
    problems = [*source.problems, *work.told.errors(str(source.path)), *work.problems]
    if problems:
        raise LabFileError(in_order(problems, str(source.path)))
    return tuple(work.jobs)


@dataclass
class _Work:
    """What is known while the variants of a file are made."""

    source: Source
    told: Told = field(default_factory=Told)
    """Of the file with the scenarios."""
    problems: list[Problem] = field(default_factory=list)
    """Of lab files."""
    jobs: list[Job] = field(default_factory=list)
    compiled: dict[tuple[Path, tuple[tuple[str, str], ...]], Plan | None] = field(
        default_factory=dict
    )
    """By lab file and by what of a matrix changes it; None for what is wrong, which is told."""
    opened: dict[str, LabFile | None] = field(default_factory=dict)
    """Labs that matrices name."""

    def plan(self, lab: LabFile, values: Combination) -> Plan | None:
        """The plan of a lab with these values in it."""
        key = lab.path, tuple((one.key, one.text) for one in values)
        if key not in self.compiled:
            self.compiled[key] = self._plan(lab, values)
        return self.compiled[key]

    def _plan(self, lab: LabFile, values: Combination) -> Plan | None:
        try:
            return _compiled(lab, _changed(lab, values))
        except LabFileError as error:
            found = error.problems
        if values and (own := _problems(lab)):
            # It is wrong without them.
            self.problems += own
        else:
            self.problems += (_at_its_place(one, self.source.path, values) for one in found)
        return None


def _open(path: Path, written: str) -> LabFile:
    text = read_text(path)
    if topology.is_topology(text):
        return LabFile(path, written, topology.read(text, os.environ), True)
    return LabFile(path, written, parse(text), False)


def _beside(path: Path, written: Text, told: Told) -> LabFile | None:
    """A lab file that a file of scenarios names, from where that is."""
    try:
        return _open(path.parent / written.text, written.text)
    except LabFileError as error:
        for one in error.problems:
            told.error(written.mark, f"{written.path}: {one}")
        return None


def _is_beside(root: Table) -> bool:
    return LAB in root.entries or (
        SCENARIOS in root.entries and not any(key in root.entries for key in OF_A_LAB)
    )


def _chooses_lab(one: Written) -> bool:
    return all(LAB in matrix.texts(combination) for combination in one.variants)


def _spread(
    source: Source, one: Written, work: _Work
) -> Iterator[tuple[LabFile, tuple[tuple[str, str], ...], Combination]]:
    """Each lab with each of a scenario's combinations, and how the variant is called."""
    for combination in one.variants:
        named = tuple((value.key, value.text) for value in combination)
        choice = next((value for value in combination if value.key == LAB), None)
        if choice is not None:
            lab = _chosen(one, choice, work)
            if lab is not None:
                yield lab, named, combination
            continue
        several = len(source.labs) > 1
        for lab in source.labs:
            yield lab, ((LAB, lab.written), *named) if several else named, combination


def _chosen(one: Written, choice: Value, work: _Work) -> LabFile | None:
    if choice.text not in work.opened:
        where = Text(choice.text, choice.mark, f"{one.at.path}.matrix.{LAB}")
        work.opened[choice.text] = _beside(work.source.path, where, work.told)
    return work.opened[choice.text]


def _variant(
    one: Written,
    lab: LabFile,
    values: tuple[tuple[str, str], ...],
    combination: Combination,
    work: _Work,
) -> None:
    changes = tuple(
        value for value in combination if value.key != LAB and _is_of_lab(one, lab, value, work)
    )
    plan = work.plan(lab, changes)
    scenario = reading.scenario(one, combination, plan, work.told)
    if plan is not None and scenario is not None:
        work.jobs.append(Job(lab.path, plan, Variant(scenario, values)))


def _is_of_lab(one: Written, lab: LabFile, value: Value, work: _Work) -> bool:
    """Whether a value changes the lab; when it is of no use at all, that is told."""
    root = lab.document.root
    if not isinstance(root, Table):
        return False
    why = "it is neither a place in the lab file nor used as ${" + value.key + "}"
    try:
        if matrix.places(root, value.key):
            return True
    except NoPlaceError as error:
        why = str(error)
    if value.key not in one.uses:
        path = f"{one.at.path}.matrix.{value.key}"
        work.told.error(value.key_mark, f"{path}: {why}")
    return False


def _changed(lab: LabFile, values: Combination) -> Document:
    root = lab.document.root
    changes: list[tuple[Loc, Node, Mark]] = []
    for value in values:
        mark = replace(value.mark, line=value.mark.line + ELSEWHERE)
        places = matrix.places(root, value.key) if isinstance(root, Table) else ()
        changes += ((loc, value.node, mark) for loc in places)
    return matrix.changed(lab.document, changes)


def _compiled(lab: LabFile, document: Document) -> Plan:
    """Raises LabFileError with all that is wrong."""
    try:
        if lab.is_topology:
            return compile_topology(topology.examine(document, lab.path).topology)
        return compile_document(document, lab.path).plan
    except LabFileError as error:
        raise LabFileError([one for one in error.problems if not one.warning]) from None
    except LvsnetError as error:
        raise LabFileError([Problem(str(lab.path), None, None, str(error))]) from None


def _problems(lab: LabFile) -> tuple[Problem, ...]:
    """What is wrong with a lab as it is."""
    try:
        _compiled(lab, lab.document)
    except LabFileError as error:
        return error.problems
    return ()


def _at_its_place(problem: Problem, source: Path, values: Combination) -> Problem:
    """At the matrix, what is wrong with a value of it; what is wrong because of one, with that."""
    if problem.line is not None and problem.line > ELSEWHERE:
        return replace(problem, file=str(source), line=problem.line - ELSEWHERE)
    if not values:
        return problem
    said = ", ".join(f"{one.key}={one.text}" for one in values)
    return replace(problem, message=f"{problem.message} (with {said})")


def in_order(problems: Iterable[Problem], first: str) -> list[Problem]:
    """Each once, file by file, that of the scenarios, ``first``, before the others."""

    def place(one: Problem) -> tuple[bool, str, bool, int, int, str]:
        where = one.line is None, one.line or 0, one.column or 0
        return one.file != first, one.file, *where, one.message

    return sorted(dict.fromkeys(problems), key=place)[:MOST_TOLD]
