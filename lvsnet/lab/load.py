"""A lab file to a Lab, or to all of its errors at once.

pydantic validates the plain values. Where it finds errors they are told, their parts are cut out,
and what is left is validated again until a Lab is there, so that the semantic checks run on all
that is right. What follows only from a cut is not told: a node that has an error is no unknown
node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lvsnet.errors import LabFileError, Problem
from lvsnet.lab.check import check
from lvsnet.lab.compose import parse
from lvsnet.lab.document import (
    Document,
    Fault,
    Loc,
    Node,
    Plain,
    Table,
    child,
    place,
    plain,
    restore,
)
from lvsnet.lab.model import File, Lab
from lvsnet.lab.source import read_text
from lvsnet.lab.wording import dotted, message, misspelt

MOST_ERRORS = 200
"""That are told of one file, by pydantic and again by the checks."""

_STANDING_IN: Mapping[str, Plain] = {"name": "unnamed", "segments": {}, "nodes": {}}
"""For what every lab must have, so that the rest can be checked without it."""


def load(path: Path) -> Lab:
    """Read a lab file, and the files that it names.

    Raises LabFileError with all that is wrong, in the order of the file.
    """
    return load_text(read_text(path), path)


def load_text(text: str, path: Path) -> Lab:
    """Read a lab file whose text is ``text``; files that it names are relative to ``path``.

    Raises LabFileError with all that is wrong, in the order of the file.
    """
    document = parse(text)
    faults = list(document.faults)
    lab: Lab | None = None
    if isinstance(document.root, Table):
        lab, more = _lab(document, document.root, path.parent)
        faults += more
    elif document.root is not None:
        what = "a lab file is a mapping with the keys name, segments and nodes"
        faults.append(Fault(document.start, what))
    if faults or lab is None:
        raise LabFileError(_in_order(faults, str(path)))
    return lab


def _in_order(faults: Iterable[Fault], file: str) -> list[Problem]:
    """The problems, each once: what an anchor names is found wherever an alias stands for it."""
    problems = {
        Problem(
            file,
            fault.mark.line if fault.mark else None,
            fault.mark.column if fault.mark else None,
            _on_one_line(fault.message),
        )
        for fault in faults
    }
    return sorted(
        problems, key=lambda one: (one.line is None, one.line or 0, one.column or 0, one.message)
    )


def _on_one_line(text: str) -> str:
    """Show line breaks and other control characters, which keys and values may have."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def _lab(document: Document, root: Table, folder: Path) -> tuple[Lab | None, list[Fault]]:
    if "topology" in root.entries:
        text = "this is a containerlab topology, which lvsnet does not read yet"
        return None, [Fault(root.entries["topology"].key, text)]
    draft = _Draft(document, root)
    lab = _validated(draft)
    if lab is None:
        return None, draft.faults
    _semantics(draft, lab)
    return _with_sources(draft, lab, folder), draft.faults


@dataclass
class _Draft:
    """A document that is losing its wrong parts."""

    document: Document
    root: Node
    cut: set[Loc] = field(default_factory=set)
    """What has been left out, as places in the document."""
    wrong: set[Loc] = field(default_factory=set)
    """Everything that has an error; what rests on it is not told."""
    faults: list[Fault] = field(default_factory=list)

    def tell(self, loc: Loc, text: str, part: str) -> None:
        key, value = place(self.document, loc)
        self.faults.append(Fault(key if part == "key" else value, text))


def _validated(draft: _Draft) -> Lab | None:
    """The Lab without the wrong parts, of which the first round tells.

    Errors of later rounds only follow from cuts: what a mapping must have is not there any more.
    Each round cuts further, so there are no more rounds than levels in the document. None when
    nothing is left.
    """
    try:
        return Lab.model_validate(plain(draft.root))
    except ValidationError as error:
        errors = _located(draft, error)
    _tell(draft, errors[:MOST_ERRORS])
    if len(errors) > MOST_ERRORS:
        further = len(errors) - MOST_ERRORS
        draft.faults.append(Fault(None, f"{further} further errors are not shown"))
        return None
    while _cut(draft, errors):
        data = plain(draft.root, frozenset(draft.cut))
        rest = data if isinstance(data, dict) else {}
        try:
            return Lab.model_validate({**_STANDING_IN, **rest})
        except ValidationError as error:
            errors = _located(draft, error)
    return None


def _located(draft: _Draft, error: ValidationError) -> list[tuple[Loc, ErrorDetails]]:
    return [(_locate(draft, details), details) for details in error.errors(include_url=False)]


def _locate(draft: _Draft, details: ErrorDetails) -> Loc:
    """The place in the document.

    pydantic's has more parts: tags, ``[key]``, and the field that a short form stands for.
    """
    loc: Loc = ()
    node: Node | None = draft.root
    missing = details["loc"][-1:] if details["type"] == "missing" else ()
    for part in details["loc"][: -1 if missing else None]:
        here = restore(draft.root, frozenset(draft.cut), (*loc, part))
        inner = child(node, here[-1])
        if inner is not None:
            loc, node = here, inner
    return (*loc, *missing)


def _tell(draft: _Draft, errors: Iterable[tuple[Loc, ErrorDetails]]) -> None:
    """Add the errors to the faults; a key that is missing because it is misspelt is one error."""
    meant = {
        (*loc[:-1], key) for loc, details in errors if (key := misspelt(details, loc)) is not None
    }
    draft.wrong |= meant
    told = set()
    for loc, details in errors:
        if details["type"] == "missing" and loc in meant:
            continue
        at_key = details["type"] in {"missing", "extra_forbidden"} or "[key]" in details["loc"]
        # What an anchor names is wrong wherever an alias stands for it; once will do.
        error = (place(draft.document, loc), details["type"], loc[-1:])
        if error not in told:
            draft.tell(loc, message(details, loc), "key" if at_key else "value")
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
    """Tell what the checks find, except what rests on something that is wrong itself."""
    cut = frozenset(draft.cut)
    findings = list(islice(check(lab), MOST_ERRORS + 1))
    if len(findings) > MOST_ERRORS:
        draft.faults.append(Fault(None, "further errors are not shown"))
    for finding in findings[:MOST_ERRORS]:
        reasons = [restore(draft.root, cut, loc) for loc in finding.because]
        if not any(_touches(draft.wrong, reason) for reason in reasons):
            draft.tell(restore(draft.root, cut, finding.loc), finding.message, finding.part)


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
