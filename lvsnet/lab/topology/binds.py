"""What a node binds: files of this machine, which are read now and copied to the node.

A node that runs in a guest sees nothing of this machine, so a bind is a copy on both kinds of
kernel: what the node writes there stays in the node.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lvsnet.errors import LabFileError
from lvsnet.lab.source import LARGEST, read_text
from lvsnet.lab.topology.model import BoundFile
from lvsnet.lab.topology.values import Text, Told
from lvsnet.lab.values import shown

MOST_FILES = 500
"""Of all nodes together; a directory counts as the files that are in it."""
LARGEST_TOGETHER = 16 * LARGEST
"""Characters of them all."""

OPTIONS = frozenset(
    "ro rw z Z shared rshared slave rslave private rprivate cached delegated consistent".split()
)
"""Of Docker's --volume; none changes what is copied."""
_OF_THE_KERNEL = (Path("/proc"), Path("/sys"), Path("/dev"))
_MODULES = (Path("/lib/modules"), Path("/usr/lib/modules"))
_RULE = "topology-bind"


@dataclass(frozen=True)
class Bind:
    source: Path
    """On this machine."""
    target: str
    """Absolute path in the node, without a slash at its end."""
    written: Text


@dataclass
class Room:
    """What may still be read for one topology."""

    files: int = MOST_FILES
    characters: int = LARGEST_TOGETHER


def bound_files(
    lines: Sequence[Text], expand: Callable[[str], str], folder: Path, room: Room, told: Told
) -> tuple[BoundFile, ...]:
    """All files that a node binds, one for each path.

    ``lines`` are ``SOURCE:TARGET`` or ``SOURCE:TARGET:OPTIONS``, of which a later one with the same
    target counts; ``folder`` is what relative sources are relative to.
    """
    binds: dict[str, Bind] = {}
    for line in lines:
        if (bind := _bind(line, expand, folder, told)) is not None:
            binds[bind.target] = bind
    found: dict[str, BoundFile] = {}
    # What is bound further down covers what a directory above has there.
    for target in sorted(binds, key=lambda one: one.split("/")):
        for file in _files(binds[target], room, told):
            found[file.path] = file
    _tell_files_in_files(found, binds, told)
    return tuple(found.values())


def _bind(line: Text, expand: Callable[[str], str], folder: Path, told: Told) -> Bind | None:
    source, colon, rest = expand(line.text).partition(":")
    target, _, options = rest.partition(":")
    if not colon:
        told.error(
            line.mark,
            f"{line.path}: expected SOURCE:TARGET, not {shown(line.text)}",
        )
        return None
    parts = [part for part in target.split("/") if part not in ("", ".")]
    path = "/" + "/".join(parts)
    wrong = ""
    if not source:
        wrong = f"{shown(line.text)} names no source"
    elif not target.startswith("/") or ".." in parts or not parts or not path.isprintable():
        wrong = f"{shown(target)} is not the absolute path of a file or directory in the node"
    elif unknown := sorted(set(filter(None, options.split(","))) - OPTIONS):
        wrong = f"unknown option {shown(unknown[0])}"
    elif Path(path).is_relative_to("/proc") or Path(path).is_relative_to("/sys"):
        wrong = f"{path} is the kernel's in every node"
    if wrong:
        told.error(line.mark, f"{line.path}: {wrong}")
        return None
    return Bind(Path(os.path.normpath(folder / Path(source).expanduser())), path, line)


def _files(bind: Bind, room: Room, told: Told) -> Iterator[BoundFile]:
    where = bind.written.path

    def refuse(why: str) -> None:
        told.error(bind.written.mark, f"{where}: {why}")

    absolute = bind.source.absolute()
    if any(absolute.is_relative_to(one) for one in _MODULES):
        text = f"{where}: a node needs no {bind.source}, as lvsnet loads modules; it is left out"
        told.warning(bind.written.mark, _RULE, text)
        return
    if any(absolute.is_relative_to(one) for one in _OF_THE_KERNEL) or absolute == Path("/"):
        refuse(f"{bind.source} is this machine's, of which a node of lvsnet sees nothing")
        return
    try:
        paths = list(_beneath(bind.source, room.files))
    except OSError as error:
        refuse(f"{error.filename}: {(error.strerror or str(error)).lower()}")
        return
    room.files -= len(paths)
    if room.files < 0:
        refuse(f"more than {MOST_FILES} files; put them into an image, or bind those that are used")
        return
    if not paths:
        text = f"{where}: {bind.source} is empty, and what a node writes there stays in the node"
        told.warning(bind.written.mark, _RULE, text)
    for path in paths:
        try:
            content, mode = read_text(path), stat.S_IMODE(path.stat().st_mode)
        except LabFileError as error:
            refuse(f"{error} (what a node binds is copied to it, and only text files can be)")
            continue
        except OSError as error:
            refuse(f"{path}: {(error.strerror or str(error)).lower()}")
            continue
        room.characters -= len(content)
        if room.characters < 0:
            refuse(f"more than {LARGEST_TOGETHER >> 20} MiB in all; put them into an image")
            return
        beyond = path.relative_to(bind.source).as_posix()
        yield BoundFile(bind.target + (f"/{beyond}" if beyond != "." else ""), content, mode)


def _beneath(source: Path, most: int) -> Iterator[Path]:
    """A file, or the files in a directory, sorted; one more than ``most`` at most.

    Raises OSError for what is not there, or cannot be listed, and for a link to a directory
    within, which would not lead in the node where it leads here.
    """
    if not source.is_dir():
        source.stat()
        yield source
        return
    count = 0

    def fail(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(source, onerror=fail):
        folders.sort()
        for name in folders:
            if Path(folder, name).is_symlink():
                raise OSError(0, "is a link to a directory", str(Path(folder, name)))
        for name in sorted(files):
            if count > most:
                return
            count += 1
            yield Path(folder, name)


def _tell_files_in_files(found: dict[str, BoundFile], binds: dict[str, Bind], told: Told) -> None:
    """No file's path goes through another file."""
    for path in found:
        outer = next((str(up) for up in Path(path).parents if str(up) in found), None)
        if outer is not None:
            owner = next(
                (str(up) for up in (Path(path), *Path(path).parents) if str(up) in binds), outer
            )
            line = binds[owner].written
            told.error(line.mark, f"{line.path}: {path} is beneath {outer}, which is a file")
            return
