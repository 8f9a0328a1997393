"""Which lab file a user means, and what it says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet.errors import LabFileError, LvsnetError, Problem

if TYPE_CHECKING:
    from lvsnet.plan.model import Plan


def lab_file(given: str) -> Path:
    """A path as it is, else the example lab of that name.

    Raises:
        LabFileError: there is nothing at that path, and no such example.
    """
    from lvsnet.resources import example_labs

    path = Path(given)
    if path.exists():
        return path
    examples = example_labs()
    if given in examples:
        return examples[given]
    hint = "`lvsnet labs` lists the examples that lvsnet carries"
    if path.stem in examples:
        hint = f"lvsnet carries an example lab {path.stem}: give {path.stem} for its file"
    raise LabFileError([Problem(given, None, None, f"no such file; {hint}")])


def compiled(given: str) -> Plan:
    """The plan of a lab that is given by its file or as an example; warnings go to stderr.

    Raises:
        LvsnetError: as `lvsnet.compiled.compile_file`.
    """
    from lvsnet.compiled import compile_file

    done = compile_file(lab_file(given))
    for warning in done.warnings:
        sys.stderr.write(f"{warning}\n")
    return done.plan


def lab_name(given: str) -> str:
    """The name of a lab that is given by its name or its file."""
    path = Path(given)
    if "/" not in given and not path.suffix:
        return given
    if not path.exists():
        raise LvsnetError(f"{given}: there is no such lab file")
    from lvsnet.compiled import compile_file

    return compile_file(path).plan.lab
