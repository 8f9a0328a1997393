"""Which files a user means, and which machine each of them is of."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from lvsnet.errors import LabFileError, Problem
from lvsnet.keepalived.lexing import LARGEST_FILE
from lvsnet.lab.source import read_text
from lvsnet.lint.from_tree import is_machine
from lvsnet.lint.reading import decoded, refused, text_of
from lvsnet.resources import lab_file

MAIN = "keepalived.conf"
STDIN = "-"
_SHOWN_STDIN = "<stdin>"
_AROUND = {"etc", "keepalived", "files", "/", ".", ".."}
"""Directories that say nothing about the machine."""
_LABS = (".yaml", ".yml")
_LAB_KEYS = re.compile(r"^(name|nodes|segments|topology|scenarios|vrrp|services)[ \t]*:", re.M)


@dataclass(frozen=True)
class Target:
    """A file to look at."""

    machine: str
    """Whose keepalived.conf it is; empty for a lab."""
    file: str
    """As it is shown."""
    text: str
    path: Path
    """Where it is; what it includes is relative to that."""
    root: Path | None = None
    """The directory of the machine's files, where there are more of them."""

    @property
    def is_lab(self) -> bool:
        return not self.machine


def gather(given: Sequence[str]) -> tuple[tuple[Target, ...], tuple[Problem, ...]]:
    """The files that arguments of the command line name, and what cannot be read of them.

    ``FILE``, ``MACHINE=FILE``, ``-``, a directory with a keepalived.conf in it or with one
    directory for each machine, a directory of labs, or the name of an example lab.
    """
    targets: list[Target] = []
    problems: list[Problem] = []
    for one in given:
        try:
            targets += _targets(one)
        except LabFileError as error:
            problems += error.problems
        except OSError as error:
            problems += refused(str(error.filename or one), error).problems
    return tuple(_distinct(targets)), tuple(problems)


def _targets(given: str) -> Iterator[Target]:
    if given == STDIN:
        text = _standard_input()
        machine = "" if _is_lab(_SHOWN_STDIN, text) else "stdin"
        yield Target(machine, _SHOWN_STDIN, text, Path(_SHOWN_STDIN))
        return
    name, equals, rest = given.partition("=")
    if equals and not Path(given).exists() and re.fullmatch(r"[\w.-]+", name):
        if not rest:
            raise LabFileError([Problem(given, None, None, f"name a file: {name}=FILE")])
        yield Target(name, rest, text_of(Path(rest)), Path(rest))
        return
    if not given:
        raise LabFileError([Problem("''", None, None, "an empty name, of no file")])
    path = Path(given)
    if path.is_dir():
        yield from _of_directory(path)
        return
    path = lab_file(given)
    text = text_of(path)
    if _is_lab(str(path), text):
        yield Target("", str(path), text if path.is_fifo() else read_text(path), path)
    else:
        yield Target(machine_of(path), str(path), text, path, _root(path))


def _of_directory(path: Path) -> Iterator[Target]:
    """It as a machine, or the machines in it, or the labs."""
    machines = list(_machine(path)) or [
        target
        for one in sorted(path.iterdir())
        if one.is_dir() and not one.name.startswith(".")
        for target in _machine(one)
    ]
    if machines:
        yield from machines
        return
    labs = [
        one
        for one in sorted(path.iterdir())
        if one.suffix in _LABS and one.is_file() and _is_lab(str(one), read_text(one))
    ]
    if not labs:
        what = f"there is no {MAIN} in it or in a machine's directory below it, and no lab"
        raise LabFileError([Problem(str(path), None, None, what)])
    for one in labs:
        yield Target("", str(one), read_text(one), one)


def _machine(path: Path) -> Iterator[Target]:
    """A directory that has a keepalived.conf, or other files of a machine; nothing of another."""
    root = path if is_machine(path) else None
    for one in (path / "etc" / "keepalived" / MAIN, path / MAIN):
        if one.exists():
            yield Target(machine_of(one), str(one), text_of(one), one, root)
            return
    if root is not None:
        yield Target(machine_of(path / MAIN), str(path), "", path, root)


def _root(path: Path) -> Path | None:
    """The directory of its machine, for a file that lies in it as on the machine itself.

    None on the machine itself, which has more files than anybody reads.
    """
    if path.parts[-3:] != ("etc", "keepalived", MAIN) or (
        path.is_absolute() and len(path.parts) == 4
    ):
        return None
    return path.parents[2]


def machine_of(path: PurePath) -> str:
    """The name of a configuration's machine, by where it lies.

    ``lb01`` of ``lb01/etc/keepalived/keepalived.conf``, ``lb01.conf`` and
    ``keepalived-lb01.conf``.
    """
    stem = re.sub(r"^keepalived(?=[._-])", "", path.name)
    stem = re.sub(r"[._-](conf|cfg)(?=[._-]|$)", "", stem).strip("._-")
    if stem:
        return stem
    parts = [part for part in path.parts[:-1] if part not in _AROUND]
    return parts[-1] if parts else path.name


def _is_lab(file: str, text: str) -> bool:
    return file.endswith(_LABS) or (
        not file.endswith(".conf") and bool(_LAB_KEYS.search(text)) and "vrrp_instance" not in text
    )


def _standard_input() -> str:
    data = sys.stdin.buffer.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        what = f"is too large: at most {LARGEST_FILE >> 20} MiB"
        raise LabFileError([Problem(_SHOWN_STDIN, None, None, what)])
    return decoded(data)


def _distinct(targets: Sequence[Target]) -> Iterator[Target]:
    """Each file once for each machine; machines of one name by the names of their files."""
    targets = tuple({(target.machine, target.file): target for target in targets}.values())
    names = [target.machine for target in targets]
    for target in targets:
        twice = not target.is_lab and names.count(target.machine) > 1
        machine = target.file if twice else target.machine
        yield replace(target, machine=machine)
