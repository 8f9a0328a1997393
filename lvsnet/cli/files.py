"""Which lab file a user means, and what it says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.resources import lab_file as lab_file

if TYPE_CHECKING:
    from lvsnet.plan.model import Plan


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
