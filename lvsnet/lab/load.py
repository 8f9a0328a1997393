"""A lab file to a Lab and its warnings, or to all of its errors and warnings at once.

What ``vrrp.spread`` stands for is put into its place first (``lvsnet.lab.spreading``).

pydantic validates the plain values. Where it finds errors they are told, their parts are cut out,
and what is left is validated again until a Lab is there, so that the semantic checks run on all
that is right. What follows only from a cut is not told: a node that has an error is no unknown
node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lvsnet.errors import LabFileError, Problem
from lvsnet.lab import spreading
from lvsnet.lab.check import check
from lvsnet.lab.compose import parse
from lvsnet.lab.document import (
    Document,
    Loc,
    Mark,
    Node,
    Plain,
    Table,
    child,
    place,
    plain,
    restore,
)
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import File, Lab
from lvsnet.lab.model_vrrp import Spread
from lvsnet.lab.settings_model import UNKNOWN
from lvsnet.lab.source import read_text
from lvsnet.lab.spread_choices import PLACE, RefusedError
from lvsnet.lab.values import SPREAD
from lvsnet.lab.wording import dotted, message, misspelt
from lvsnet.rules.of_labs import RULES

UNREAD: Loc = ("scenarios",)
"""What deploying a lab has no use for; `lvsnet.scenario.files` reads and checks it."""
MOST_ERRORS = 200
"""That are told of one file, by pydantic and again by the checks; and as many warnings."""

_AT_KEYS = ("missing", "extra_forbidden", UNKNOWN)
"""Types of errors that are about a key."""
_STANDING_IN: Mapping[str, Plain] = {"name": "unnamed", "segments": {}, "nodes": {}}
"""For what every lab must have, so that the rest can be checked without it."""


@dataclass(frozen=True)
class Examined:
    """A lab that can run."""

    lab: Lab
    warnings: tuple[Problem, ...]
    """What is unwise in it, in the order of the file."""


def load(path: Path) -> Lab:
    """Read a lab file, and the files that it names; what is only unwise is not told.

    Raises LabFileError as ``examine``.
    """
    return load_text(read_text(path), path)


def load_text(text: str, path: Path) -> Lab:
    """Read a lab file whose text is ``text``; files that it names are relative to ``path``.

    Raises LabFileError as ``examine``.
    """
    return examine(parse(text), path).lab


def examine(document: Document, path: Path) -> Examined:
    """Make a Lab of a document; files that it names are relative to ``path``.

    Raises LabFileError with all that is wrong or unwise, in the order of the file, when something
    is wrong.
    """
    problems = [_problem(str(path), fault.mark, fault.message) for fault in document.faults]
    lab: Lab | None = None
    if isinstance(document.root, Table):
        lab, more = _lab(document, document.root, path)
        problems += more
    elif document.root is not None:
        what = "a lab file is a mapping with the keys name, segments and nodes"
        problems.append(_problem(str(path), document.start, what))
    told = _in_order(problems)
    if lab is None or not all(problem.warning for problem in told):
        raise LabFileError(told)
    return Examined(lab, tuple(told))


def _problem(
    file: str, mark: Mark | None, text: str, rule: str = "", *, warning: bool = False
) -> Problem:
    line, column = (mark.line, mark.column) if mark else (None, None)
    return Problem(file, line, column, _on_one_line(text), rule, warning)


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    """The problems, each once: what an anchor names is found wherever an alias stands for it."""
    return sorted(
        set(problems),
        key=lambda one: (one.line is None, one.line or 0, one.column or 0, one.message),
    )


def _on_one_line(text: str) -> str:
    """Show line breaks and other control characters, which keys and values may have."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def _lab(document: Document, root: Table, path: Path) -> tuple[Lab | None, list[Problem]]:
    draft = _Draft(str(path), document, root)
    if "topology" in root.entries:
        draft.tell(("topology",), "this is a containerlab topology, not a lab file", "key")
        return None, draft.problems
    if UNREAD[0] in root.entries and not any(key in root.entries for key in _STANDING_IN):
        beside = "this is a file of scenarios, not a lab file; `lvsnet test` runs them"
        draft.tell(UNREAD, beside, "key")
        return None, draft.problems
    _spread(draft, root)
    lab = _validated(draft)
    if lab is None:
        return None, draft.problems
    _semantics(draft, lab)
    return _with_sources(draft, lab, path.parent), draft.problems


@dataclass
class _Draft:
    """A document that is losing its wrong parts."""

    file: str
    document: Document
    root: Node
    cut: set[Loc] = field(default_factory=lambda: {UNREAD})
    """What has been left out, as places in the document."""
    wrong: set[Loc] = field(default_factory=set)
    """Everything that has an error; what rests on it is not told."""
    problems: list[Problem] = field(default_factory=list)
    origins: Mapping[Loc, Loc] = field(default_factory=dict)
    """Of what was made of a spread: its place now -> where the file has what it was made of."""
    unwise: tuple[Finding, ...] = ()
    """What is unwise in the spread."""

    def tell(self, loc: Loc, text: str, part: str) -> None:
        self.problems.append(_problem(self.file, self._mark(loc, part), text))

    def tell_of(self, finding: Finding) -> None:
        mark = self.mark(finding)
        warning = _is_warning(finding)
        self.problems.append(
            _problem(self.file, mark, finding.message, finding.rule, warning=warning)
        )

    def tell_of_more(self, text: str, *, warning: bool = False) -> None:
        """What has no place in the file."""
        self.problems.append(_problem(self.file, None, text, warning=warning))

    def mark(self, finding: Finding) -> Mark:
        return self._mark(_within(self, finding.loc), finding.part)

    def _mark(self, loc: Loc, part: str) -> Mark:
        key, value = place(self.document, loc)
        return key if part == "key" else value


def _spread(draft: _Draft, root: Table) -> None:
    """Put instances and services into the place of a spread; one that is wrong is told and cut."""
    node = child(child(root, "vrrp"), SPREAD)
    if node is not None:
        made = _expanded(draft, root, node)
        if made is not None:
            draft.document = replace(draft.document, root=made.root)
            draft.root, draft.origins, draft.unwise = made.root, made.origins, made.warnings
            return
        draft.cut.add(PLACE)
        # Others may name the instances that would be there.
        numbers = range(1, spreading.MOST_VIPS + 1)
        instances = chain.from_iterable(map(spreading.instances, numbers))
        draft.wrong |= {PLACE, *(("vrrp", one) for one in instances)}
    for name in spreading.services(root):
        loc: Loc = ("services", name, "address")
        draft.cut.add(loc)
        draft.wrong.add(loc)
        if node is None:
            draft.tell(loc, f"{dotted(loc)}: there is no vrrp.spread whose VIPs it has", "value")


def _expanded(draft: _Draft, root: Table, node: Node) -> spreading.Expanded | None:
    """The document without its spread, which is ``node``; None when that is wrong, and told."""
    if spreading.is_instance(node):
        draft.tell(PLACE, spreading.RESERVED, "key")
        return None
    try:
        return spreading.expanded(root, Spread.model_validate(plain(node)))
    except ValidationError as error:
        _tell(draft, _located(draft, error, PLACE)[:MOST_ERRORS])
    except RefusedError as refused:
        for finding in refused.findings:
            draft.tell_of(finding)
    return None


def _validated(draft: _Draft) -> Lab | None:
    """The Lab without the wrong parts, of which the first round tells.

    Errors of later rounds only follow from cuts: what a mapping must have is not there any more.
    Each round cuts further, so there are no more rounds than levels in the document. None when
    nothing is left.
    """
    try:
        return Lab.model_validate(plain(draft.root, frozenset(draft.cut)))
    except ValidationError as error:
        errors = _located(draft, error)
    _tell(draft, errors[:MOST_ERRORS])
    if len(errors) > MOST_ERRORS:
        further = len(errors) - MOST_ERRORS
        draft.tell_of_more(f"{further} further errors are not shown")
        return None
    while _cut(draft, errors):
        data = plain(draft.root, frozenset(draft.cut))
        rest = data if isinstance(data, dict) else {}
        try:
            return Lab.model_validate({**_STANDING_IN, **rest})
        except ValidationError as error:
            errors = _located(draft, error)
    return None


def _located(
    draft: _Draft, error: ValidationError, above: Loc = ()
) -> list[tuple[Loc, ErrorDetails]]:
    """The errors with their places in the document; what was validated is at ``above``."""
    return [
        (_locate(draft, (*above, *details["loc"]), details), details)
        for details in error.errors(include_url=False)
    ]


def _locate(draft: _Draft, loc: Loc, details: ErrorDetails) -> Loc:
    """The place in the document."""
    missing = loc[-1:] if details["type"] == "missing" else ()
    return (*_within(draft, loc[: -1 if missing else None]), *missing)


def _within(draft: _Draft, parts: Loc) -> Loc:
    """The place in the document of a place in the Lab, or of one of pydantic's.

    These have more parts: tags, ``[key]``, and the field that a short form stands for.
    """
    known: Loc = ()
    loc: Loc = ()
    node: Node | None = draft.root
    for part in parts:
        here = restore(draft.root, frozenset(draft.cut), (*known, part))
        inner = child(node, here[-1])
        if inner is not None:
            known, loc, node = (*known, part), here, inner
    return loc


def _tell(draft: _Draft, errors: Iterable[tuple[Loc, ErrorDetails]]) -> None:
    """Add the errors to the problems; a key that is missing because it is misspelt is one error."""
    meant = {
        (*loc[:-1], key) for loc, details in errors if (key := misspelt(details, loc)) is not None
    }
    draft.wrong |= meant
    told = set()
    for loc, details in errors:
        if details["type"] == "missing" and loc in draft.wrong:
            continue
        at_key = details["type"] in _AT_KEYS or "[key]" in details["loc"]
        # What an anchor names is wrong wherever an alias stands for it; once will do.
        error = (place(draft.document, loc), details["type"], loc[-1:])
        if error not in told:
            written = (*draft.origins.get(loc[:2], loc[:2]), *loc[2:])
            draft.tell(loc, message(details, written), "key" if at_key else "value")
        told.add(error)


def _cut(draft: _Draft, errors: Iterable[tuple[Loc, ErrorDetails]]) -> bool:
    """Cut what is wrong, or what lacks something; False when there is nothing more to cut."""
    cut = {
        loc[:-1] if details["type"] == "missing" and len(loc) > 1 else loc
        for loc, details in errors
    }
    progress = not cut <= draft.cut and () not in cut
    draft.cut |= cut
    draft.wrong |= cut
    return progress


def _semantics(draft: _Draft, lab: Lab) -> None:
    """Tell what the checks find, except what rests on something that is wrong itself, and what
    the lab allows itself.

    Names that a lab may misspell are compared with all others for each error, hence the bound.
    """
    cut = frozenset(draft.cut)
    told = {True: 0, False: 0}
    first: dict[object, Loc] = {}
    for finding in chain(draft.unwise, check(lab)):
        if finding.rule in lab.allow or _follows(draft, cut, finding):
            continue
        if finding.loc[:2] in draft.origins and _repeats(draft, finding, first):
            continue
        warning = _is_warning(finding)
        told[warning] += 1
        if told[warning] <= MOST_ERRORS:
            draft.tell_of(finding)
        elif not warning:
            break
    for warning, kind in ((True, "warnings"), (False, "errors")):
        if told[warning] > MOST_ERRORS:
            draft.tell_of_more(f"further {kind} are not shown", warning=warning)


def _repeats(draft: _Draft, finding: Finding, first: dict[object, Loc]) -> bool:
    """Whether the same has been found of another one that was made of the same.

    ``first``: what was found, and of which one at first; this finding is added.
    """
    one, where = finding.loc[:2], finding.loc[2:]
    return first.setdefault((draft.mark(finding), where, finding.rule), one) != one


def _follows(draft: _Draft, cut: frozenset[Loc], finding: Finding) -> bool:
    reasons = (restore(draft.root, cut, loc) for loc in finding.because)
    return any(_touches(draft.wrong, reason) for reason in reasons)


def _is_warning(finding: Finding) -> bool:
    return finding.rule != "" and RULES[finding.rule].severity == "warning"


def _touches(wrong: Iterable[Loc], loc: Loc) -> bool:
    """Whether something wrong is at ``loc``, around it or within it."""
    return any(other[: len(loc)] == loc[: len(other)] for other in wrong)


def _with_sources(draft: _Draft, lab: Lab, folder: Path) -> Lab:
    """Replace each ``source`` by the content of the file."""
    nodes = {}
    for name, node in lab.nodes.items():
        files = {
            path: _read(draft, folder, ("nodes", name, "files", path), file)
            if isinstance(file, File)
            else file
            for path, file in node.files.items()
        }
        own = node.keepalived
        keepalived = own and _read(draft, folder, ("nodes", name, "keepalived"), own)
        nodes[name] = node.model_copy(update={"files": files, "keepalived": keepalived})
    return lab.model_copy(update={"nodes": nodes})


def _read(draft: _Draft, folder: Path, loc: Loc, file: File) -> File:
    if file.source is None or file.content is not None:
        return file
    try:
        content = read_text(folder / file.source)
    except LabFileError as error:
        for problem in error.problems:
            draft.tell((*loc, "source"), f"{dotted(loc)}: {problem}", "value")
        return file
    return file.model_copy(update={"content": content, "source": None})
