"""What files of a node hold: read by the node's own tar, one file after the other, never written.

A node is not trusted with its archive: of what comes, only what was asked for is looked at, and
nothing of it says where anything goes.
"""

from __future__ import annotations

import json
import os
import re
import tarfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Protocol

from lvsnet.errors import LvsnetError

REQUEST = 24 * 1024
"""Bytes of paths, as JSON, for one call of tar: a frame of the guest's line takes 64 KB."""
PADDING = 1024 * 1024
"""Bytes that may come after the end of an archive: tar fills its last record, of 10 KB."""
NO_PROGRAM = (126, 127)

READ = """\
export LC_ALL=C
cd "$1" || exit
limit=$2 follow=$3
shift 3
case $limit$* in
    -1* | *\\\\*) case $(tar --version 2>&1) in *GNU*) gnu="--sparse --no-unquote" ;; esac ;;
esac
if [ "$limit" -ge 0 ] && [ -n "$(find -L "$@" -maxdepth 0 -size "+${limit}c" 2>/dev/null)" ]; then
    number=0
    for path do
        shift
        size=$([ ! -f "$path" ] || stat -L -c %s "$path")
        if [ "${size:-0}" -gt "$limit" ]; then
            echo "big $number $size" >&2
        else
            set -- "$@" "$path"
        fi
        number=$((number + 1))
    done
    [ $# -gt 0 ] || exec head -c 1024 /dev/zero
fi
exec tar -c -f - $gnu $follow -- "$@"
"""
"""Run with the root directory, a limit in bytes or -1, an option of tar's or nothing, and paths.

Says on standard error which of the paths, by their numbers, are files that are longer than that;
they are not in the archive. In arguments GNU tar else takes `\\n` for a newline."""
BIG = re.compile(r"big ([0-9]{1,9}) ([0-9]{1,19})")

EXPECTED = (
    "No such file or directory",
    "Not a directory",
    "Too many levels of symbolic links",
    "Exiting with failure status due to previous errors",
    "error exit delayed from previous errors",
    "file changed as we read it",
    "File removed before we read it",
    "File shrank by",
    "socket ignored",
)
"""What GNU tar and BusyBox's say of files that change or go while they are read."""


class Piped(Protocol):
    """What is needed of a `lvsnet.control.place.Place`."""

    def pipe(
        self, lab: str, node: str, argv: Sequence[str], stdin: int, stdout: int
    ) -> tuple[int, str]: ...


@dataclass(frozen=True)
class Entry:
    """A file as it is now."""

    path: str
    """As it was asked for."""
    kind: str
    """``file``, ``link``, ``directory``, or ``other`` for sockets, devices and pipes; ``big`` for
    a file that is beyond the limit."""
    mode: int
    """Permission bits, with set-user-id and such."""
    size: int
    """Bytes, of a file."""
    target: str
    """Of a symbolic link."""
    content: IO[bytes] | None
    """Of a file; to be read before the next one comes, or not at all."""


Take = Callable[[Entry], None]


def visit(place: Piped, lab: str, node: str, paths: Iterable[str], take: Take) -> list[str]:
    """Call ``take`` for each of the absolute ``paths``; return those of which there is nothing.

    Symbolic links are what they are. The node has to run.

    Raises:
        LvsnetError: the node does not run, has no tar, or its tar fails.
    """
    return _visit(place, lab, node, paths, take, ("-1", ""))


def visit_behind_links(
    place: Piped, lab: str, node: str, paths: Iterable[str], take: Take, limit: int = -1
) -> list[str]:
    """As `visit`, with what symbolic links lead to in their place.

    Contents beyond ``limit`` bytes, which -1 does not set, are not read.
    """
    return _visit(place, lab, node, paths, take, (str(limit), "--dereference"))


def _visit(
    place: Piped,
    lab: str,
    node: str,
    paths: Iterable[str],
    take: Take,
    settings: tuple[str, str],
) -> list[str]:
    waiting = dict.fromkeys(paths)
    absent: list[str] = []
    while waiting:
        asked = _portion(waiting)
        done = _round(place, lab, node, asked, take, settings)
        lacking = [path for path in asked if path not in done.seen | done.again]
        absent += lacking
        for path in (*done.seen, *lacking):
            del waiting[path]
        if not done.seen and not lacking:
            raise LvsnetError(f"{node}: its tar writes nothing of what it is asked for")
    return absent


def _portion(waiting: Iterable[str]) -> list[str]:
    """As many as fit into a request."""
    portion: list[str] = []
    length = 0
    for path in waiting:
        length += len(json.dumps(path)) + 2
        if portion and length > REQUEST:
            break
        portion.append(path)
    return portion


@dataclass
class _Done:
    """What came of one call of tar, of the paths that were asked for."""

    seen: set[str] = field(default_factory=set)
    again: set[str] = field(default_factory=set)
    """Hard links to what came before: without that, they come as files."""


def _round(
    place: Piped,
    lab: str,
    node: str,
    asked: Sequence[str],
    take: Take,
    settings: tuple[str, str],
) -> _Done:
    names = {f".{path}": path for path in asked}
    done = _Done()

    def read(stream: IO[bytes]) -> None:
        with stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                path = names.get(f"./{member.name.removeprefix('./')}", "")
                if not path or path in done.seen:
                    continue
                if member.islnk():
                    done.again.add(path)
                else:
                    take(_entry(archive, member, path))
                    done.seen.add(path)
            stream.read(PADDING)

    code, said, failure = _run(
        place, lab, node, ["sh", "-c", READ, "sh", "/", *settings, *names], read
    )
    if isinstance(failure, (tarfile.TarError, EOFError, ValueError, OverflowError)):
        # What tar itself says of it comes first.
        if said.strip() or code in NO_PROGRAM:
            _judge(node, code, said)
        raise LvsnetError(f"{node}: what its tar writes is no archive: {failure}") from failure
    if failure is not None:
        raise failure
    for line in said.splitlines():
        if (match := BIG.fullmatch(line)) and int(match[1]) < len(asked):
            path = asked[int(match[1])]
            if path not in done.seen:
                take(Entry(path, "big", 0, int(match[2]), "", None))
                done.seen.add(path)
    _judge(node, code, said)
    return done


def _run(
    place: Piped,
    lab: str,
    node: str,
    argv: Sequence[str],
    read: Callable[[IO[bytes]], None],
) -> tuple[int, str, BaseException | None]:
    """Run a command whose output is read by ``read``; exit code, errors, and what that raised.

    The command is run by this thread, since Ctrl-C interrupts the main one: so whatever the place
    made for it is cleared away, and the reader comes to an end.
    """
    reader, writer = os.pipe()
    with ThreadPoolExecutor(1) as pool, open(os.devnull, "rb") as nothing:
        reading = pool.submit(read, os.fdopen(reader, "rb"))
        try:
            code, said = place.pipe(lab, node, argv, nothing.fileno(), writer)
        except BrokenPipeError:
            code, said = 0, ""  # the reader has ended, and says why
        finally:
            os.close(writer)
        return code, said, reading.exception()


def _entry(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> Entry:
    kind, content = "other", None
    if member.isreg():
        kind, content = "file", archive.extractfile(member)
    elif member.issym():
        kind = "link"
    elif member.isdir():
        kind = "directory"
    return Entry(path, kind, member.mode & 0o7777, member.size, member.linkname, content)


def _judge(node: str, code: int, said: str) -> None:
    """Raises LvsnetError when tar has failed, and not only for a file that has gone meanwhile."""
    if code == 0:
        return
    if code in NO_PROGRAM:
        raise LvsnetError(
            f"{node}: its files are read by sh and tar, which its image does not have: "
            f"{said.strip()}"
        )
    lines = [line for line in said.splitlines() if line.strip()]
    failures = [
        line
        for line in lines
        if not BIG.fullmatch(line) and not any(one in line for one in EXPECTED)
    ]
    if failures:
        raise LvsnetError(f"{node}: its files cannot be read: {failures[0]}")
    if not lines:
        raise LvsnetError(f"{node}: its files cannot be read: tar ended with code {code}")


def quoted(path: str) -> str:
    """A path for people: as it is if it can be printed, else in quotes as C and git write it."""
    if path.isprintable() and '"' not in path:
        return path
    # Printable text only: what cannot be shown comes as the bytes that it is.
    known = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
    shown = (
        known.get(one)
        or (one if one.isprintable() else "".join(f"\\{byte:03o}" for byte in os.fsencode(one)))
        for one in path
    )
    return f'"{"".join(shown)}"'
