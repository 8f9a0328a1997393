"""Copies between this machine and a node: to their end, or not at all."""

from __future__ import annotations

import os
import posixpath
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from lvsnet.errors import LvsnetError
from lvsnet.transfer import pack, programs, settle, unpack
from lvsnet.transfer.operands import (
    Destination,
    Kind,
    Source,
    landing,
    parent_of,
    shown,
)
from lvsnet.transfer.streaming import Machine, drain, feed

NO_SIZE = ("/proc", "/sys")
"""Where files have no size before they are read, so that an archive has nothing of them."""
GOES_ON = ("file changed as we read it", "file removed before we read it", "socket ignored")
"""What GNU tar says of files that others use meanwhile, and of those that no archive holds."""
FULL = ("No space left on device", "Wrote only ")
"""What tar says when there is no room: the kernel's words, or of how much it could write."""


def to_node(sources: Sequence[str], machine: Machine, path: str) -> None:
    """Copy files of this machine into a node, where root owns them.

    Raises:
        LvsnetError: what is missing or in the way, on either side, or has no room.
    """
    found = [_local_source(source) for source in sources]
    destination = _destination(machine, path)
    finals = landing(found, destination)
    if destination.kind is Kind.FILE:
        finals = [_resolved(machine, finals[0])]
    _send(machine, destination, finals, lambda out: pack.pack(sources, out, _warn))


def archive_to_node(machine: Machine, path: str) -> None:
    """Unpack the archive on standard input into a directory of a node."""
    _not_a_terminal(0)
    destination = _destination(machine, path)
    if destination.kind is not Kind.DIRECTORY:
        raise LvsnetError(f"{machine.node}:{shown(path)} is no directory to unpack an archive in")
    # Not sys.stdin, whose lock a thread that waits for input would hold when this process ends.
    with open(0, "rb", buffering=0, closefd=False) as source:
        _send(machine, destination, [path], lambda out: pack.repack(source, out, _warn))


def from_node(machine: Machine, paths: Sequence[str], target: str) -> None:
    """Copy files of a node to this machine, where they belong to who runs this.

    Raises:
        LvsnetError: as `to_node`.
    """
    sources = [_node_source(machine, path) for path in paths]
    parent = parent_of(target)
    destination = Destination(target, _local_kind(target), _local_kind(parent))
    for source, final in zip(sources, landing(sources, destination), strict=True):
        inside = destination.kind is Kind.DIRECTORY
        # A link that the user names is followed; one that lies where a copy goes is replaced.
        named = final == target or destination.kind is Kind.FILE
        _receive(machine, source, os.path.realpath(final) if named else final, inside and named)


def archive_from_node(machine: Machine, path: str) -> None:
    """Write a file or directory of a node as an archive to standard output."""
    _not_a_terminal(1)
    source = _node_source(machine, path)
    sys.stdout.flush()
    with open(os.devnull, "rb") as nothing:
        code, said = machine.run(_pack_command(source), nothing.fileno(), 1)
    _tell(machine, code, said)


def _send(
    machine: Machine,
    destination: Destination,
    finals: Sequence[str],
    write: Callable[[IO[bytes]], None],
) -> None:
    """Have ``write`` make an archive, and unpack it in the node: its members as ``finals``."""
    inside = destination.kind is Kind.DIRECTORY
    beside = destination.path if inside else parent_of(finals[0])
    staging = posixpath.join(beside, settle.new_name())
    command = programs.command(programs.UNPACK, staging, *finals)
    ended = False
    try:
        said = feed(machine, command, write)
        ended = True
    except OSError as error:
        ended = True  # the program has seen that the archive was cut off
        raise _local_error(error) from error
    finally:
        if not ended:
            _remove(machine, staging)
    if said:
        raise LvsnetError(_explained(machine, said.replace(f"{staging}/", "")))


def _remove(machine: Machine, staging: str) -> None:
    """Take away what an unpacking that was killed has left in a node."""
    try:
        machine.place.run(machine.lab, machine.node, *programs.command(programs.REMOVE, staging))
    except LvsnetError:
        return  # the node is off, or its lab gone, and what is said is why the copy ended


def _receive(machine: Machine, source: Source, final: str, inside: bool) -> None:
    """Copy one source to the path ``final``; with ``inside``, its contents into that directory."""
    try:
        with settle.stage(final if inside else parent_of(final)) as staging:
            top = os.open(staging, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                _, name = _split(source)
                directories, (code, said) = drain(
                    machine,
                    _pack_command(source),
                    lambda stream: unpack.unpack(stream, top, name, "0", _warn),
                )
            finally:
                os.close(top)
            _tell(machine, code, said)
            settle.settle(staging, "0", final, directories)
    except OSError as error:
        raise _local_error(error, final) from error


def _pack_command(source: Source) -> Sequence[str]:
    directory, name = _split(source)
    return programs.command(programs.PACK, directory, f"./{name}" if name else ".")


def _split(source: Source) -> tuple[str, str]:
    """The directory to go to, and what to pack there; empty for all of it.

    With a final slash the name is that of a directory, or of a link to one.
    """
    if source.path.endswith("/") or not source.name:
        return source.path, ""
    return parent_of(source.path), source.name


def _tell(machine: Machine, code: int, said: str) -> None:
    """Warn of what tar went over, or raise what it stopped at."""
    lines = [line for line in said.splitlines() if line]
    if code and not (code == 1 and lines and all(_goes_on(line) for line in lines)):
        if any(words in said for words in FULL):
            raise LvsnetError("no space left on this machine for the archive")
        raise LvsnetError(_explained(machine, said or f"tar ended with code {code}"))
    for line in lines:
        if _goes_on(line):
            _warn(f"{machine.node}: {shown(line.removeprefix('tar: '))}")


def _goes_on(line: str) -> bool:
    return any(words in line for words in GOES_ON)


def _explained(machine: Machine, said: str) -> str:
    if any(words in said for words in FULL):
        return f"{machine.node}: no space left on its disk"
    first = next((line for line in said.splitlines() if line), said)
    return f"{machine.node}: {shown(first.removeprefix('tar: '))}"


def _destination(machine: Machine, path: str) -> Destination:
    (_, kind), (_, parent) = _look(machine, path, parent_of(path))
    return Destination(path, kind, parent)


def _node_source(machine: Machine, path: str) -> Source:
    plain = posixpath.normpath(path)
    if any(plain == one or plain.startswith(f"{one}/") for one in NO_SIZE):
        raise LvsnetError(
            f"{machine.node}:{shown(path)} has no size before it is read; "
            f"`lvsnet exec {machine.node} cat {shown(path)}` prints it"
        )
    ((kind, _),) = _look(machine, path)
    if kind is Kind.MISSING:
        raise LvsnetError(f"{machine.node}:{shown(path)}: there is no such file or directory")
    if kind is Kind.OTHER:
        raise LvsnetError(f"{machine.node}:{shown(path)} is no file, directory or link")
    return Source(path, kind)


def _look(machine: Machine, *paths: str) -> list[tuple[Kind, Kind]]:
    """What is at each path, and what is there behind links."""
    command = programs.command(programs.LOOK, *paths)
    code, out, err = machine.place.run(machine.lab, machine.node, *command)
    if code:
        raise LvsnetError(_explained(machine, err or f"sh ended with code {code}"))
    return [(Kind(line[0]), Kind(line[1])) for line in out.split()]


def _resolved(machine: Machine, path: str) -> str:
    """The file that a path in a node leads to: what is mounted or linked there stays so."""
    command = programs.command('exec readlink -f "$1"', path)
    code, out, err = machine.place.run(machine.lab, machine.node, *command)
    if code:
        raise LvsnetError(_explained(machine, err or f"{path}: readlink ended with code {code}"))
    return out.removesuffix("\n")


def _local_source(path: str) -> Source:
    try:
        followed = path.endswith(("/", "/."))
        # Path would drop a final slash, which makes a file none.
        mode = (os.stat(path) if followed else os.lstat(path)).st_mode  # noqa: PTH116
    except FileNotFoundError as error:
        raise LvsnetError(f"{shown(path)}: there is no such file or directory") from error
    except OSError as error:
        raise _local_error(error) from error
    if stat.S_ISDIR(mode):
        return Source(path, Kind.DIRECTORY)
    if stat.S_ISLNK(mode):
        return Source(path, Kind.LINK)
    if not stat.S_ISREG(mode):
        raise LvsnetError(f"{shown(path)} is no file, directory or link")
    return Source(path, Kind.FILE)


def _local_kind(path: str) -> Kind:
    """What is at a path of this machine, behind links; `Kind.LINK` for one that leads nowhere."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  as above
    except (FileNotFoundError, NotADirectoryError):
        return Kind.LINK if Path(path).is_symlink() else Kind.MISSING
    except OSError as error:
        raise _local_error(error) from error
    if stat.S_ISDIR(mode):
        return Kind.DIRECTORY
    return Kind.FILE if stat.S_ISREG(mode) else Kind.OTHER


def _local_error(error: OSError, path: str = "") -> LvsnetError:
    named = error.filename if isinstance(error.filename, str) else ""
    where = path if settle.PREFIX in named or not named else named
    return LvsnetError(f"{shown(where)}: {error.strerror}" if where else str(error))


def _not_a_terminal(fd: int) -> None:
    if os.isatty(fd):
        raise LvsnetError("a tar archive is not for a terminal; redirect it to or from a file")


def _warn(text: str) -> None:
    sys.stderr.write(f"lvsnet: {text}\n")
