"""Files that changed inside the nodes of a running lab, back to this machine's disk."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from lvsnet import contents
from lvsnet.contents import Entry
from lvsnet.engine.runtime import Change, Record, find
from lvsnet.errors import LvsnetError
from lvsnet.observe.model import Site
from lvsnet.plan.model import File, Node
from lvsnet.plan.render import make_directory

PIECE = 1024 * 1024
PERMISSIONS = 0o777
"""What of a mode is kept: a node could else make a set-user-id program of whoever saves."""

BY_THEMSELVES = re.compile(
    r"""
    /(var/log|var/lib|var/cache|var/tmp|run|tmp)/ .*
    | /etc/(ld\.so\.cache | mtab | \.pwd\.lock | (passwd|group|shadow|gshadow)-)
    | /etc/iproute2/rt_\w+\.d/keepalived\.conf
    | /root/\.(bash|sh|ash|zsh|python|sqlite|psql)_history | /root/\.(lesshst|viminfo|wget-hsts)
    | .* /(\.cache|__pycache__)/ .*
    | .* \.(pid|pyc|lock)
    | .* /\.[^/]+\.sw[a-p]
    """,
    re.VERBOSE | re.DOTALL,
)
"""What programs write without having been told to: logs, state, caches, pid files, histories and
the swap files of editors."""
NEVER = re.compile(r"/(\.lvsnet|\.dockerenv|dev|proc|sys)(/.*)?", re.DOTALL)
"""What a runtime put there, or the kernel."""
MERGED = re.compile(r"/(bin|sbin|lib|lib32|lib64|libx32)(?=/)")
"""Links into /usr on a Debian machine (merged-/usr), below which a change then is."""


class Disks(contents.Piped, Protocol):
    """What is needed of a `lvsnet.control.place.Place`."""

    def look(self, lab: str) -> Site: ...
    def changes(self, lab: str, node: str) -> list[Change]: ...


@dataclass(frozen=True)
class Saved:
    """A file that was written."""

    node: str
    path: str
    """In the node, absolute."""
    file: str
    """Below the directory: the node's name, then the path."""
    kind: str
    """``added``, or ``changed`` when the plan or the image has one, too."""
    type: str
    """``file`` or ``link``."""
    size: int
    """Bytes, of a file."""
    mode: int
    """Permission bits."""


@dataclass(frozen=True)
class Left:
    """What could not be saved, and why, as the rest of a sentence."""

    node: str
    path: str
    """Empty when it is a whole node."""
    why: str


@dataclass(frozen=True)
class Report:
    """What became of a lab's files."""

    saved: tuple[Saved, ...]
    removed: tuple[tuple[str, str], ...]
    """Node and path of what the plan or the image has and the node has not any more."""
    left: tuple[Left, ...]


def asked_for(path: str) -> bool:
    """Whether somebody may have meant to write a file: programs do not by themselves."""
    return not BY_THEMSELVES.fullmatch(path)


def any_file(_path: str) -> bool:
    """Every file is to be saved."""
    return True


def save(
    place: Disks,
    record: Record,
    nodes: Sequence[str],
    directory: Path,
    wanted: Callable[[str], bool] = asked_for,
) -> Report:
    """Write what changed in a lab's ``nodes``, all when empty, to ``directory``/NODE/path.

    That is what is neither as the plan has it nor as the image does. ``wanted`` says which of the
    paths that are not in the plan count. The directory is made if it is not there; whatever else
    is in it stays. Each file appears whole or not at all, with its permission bits, owned by
    whoever saves.

    Raises:
        LvsnetError: there is no such node, one does not answer, or something cannot be written.
    """
    plan = record.plan
    chosen = [find(plan, name) for name in nodes] or list(plan.nodes)
    running = {node.name for node in place.look(plan.lab).nodes if node.running}
    done = _Done(directory)
    make_directory(directory)
    for node in chosen:
        if node.name in running:
            _save(place, plan.lab, node, wanted, done)
        else:
            # Its disk may tell which files changed, but not what they hold.
            why = f"it is stopped, so its disk cannot be read; `lvsnet start {node.name}` boots it"
            done.left.append(Left(node.name, "", why))
    return Report(tuple(done.saved), tuple(done.removed), tuple(done.left))


@dataclass
class _Done:
    directory: Path
    saved: list[Saved] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def _save(place: Disks, lab: str, node: Node, wanted: Callable[[str], bool], done: _Done) -> None:
    planned = {file.path: file for file in node.files}
    known = {_below_usr(path) for path in planned}
    changes = {
        change.path: change
        for change in place.changes(lab, node.name)
        if change.type != "directory"
        and not NEVER.fullmatch(change.path)
        and _below_usr(change.path) not in known
        and wanted(change.path)
    }
    now = [path for path, change in changes.items() if change.kind != "removed"]
    # What a daemon finds at a planned path counts, be it by a link.
    gone = contents.visit_behind_links(
        place, lab, node.name, planned,
        lambda entry: _take_planned(node.name, entry, planned[entry.path], done),
    )  # fmt: skip
    contents.visit(
        place, lab, node.name, now,
        lambda entry: _take(node.name, entry, changes[entry.path].kind, done),
    )  # fmt: skip
    gone += [path for path, change in changes.items() if change.kind == "removed"]
    done.removed += [(node.name, path) for path in sorted(gone)]


def _below_usr(path: str) -> str:
    return MERGED.sub(r"/usr/\1", path, count=1) if MERGED.match(path) else path


def _take_planned(node: str, entry: Entry, file: File, done: _Done) -> None:
    wanted = file.content.encode()
    if entry.content is not None and entry.size == len(wanted):
        found = entry.content.read(entry.size)
        if (found, entry.mode) == (wanted, file.mode):
            return
        entry = replace(entry, content=io.BytesIO(found))
    _take(node, entry, "changed", done)


def _take(node: str, entry: Entry, kind: str, done: _Done) -> None:
    if entry.kind not in ("file", "link"):
        words = {"directory": "it is a directory now"}
        why = words.get(entry.kind, "it is a socket, a pipe or a device")
        done.left.append(Left(node, entry.path, why))
        return
    relative = _relative(node, entry.path)
    try:
        _write(done.directory, relative, entry)
    except OSError as error:
        raise LvsnetError(
            f"cannot write {contents.quoted(str(done.directory / relative))}: "
            f"{error.strerror or error}; name another directory, or make room for it"
        ) from error
    mode = entry.mode & PERMISSIONS
    done.saved.append(Saved(node, entry.path, str(relative), kind, entry.kind, entry.size, mode))


def _relative(node: str, path: str) -> PurePosixPath:
    """Where a file goes below the directory.

    Raises:
        LvsnetError: it would lead out of its node's directory.
    """
    root, *parts = PurePosixPath(path).parts or ("",)
    if root != "/" or not parts or ".." in parts:
        raise LvsnetError(f"{node}: {contents.quoted(path)} is not an absolute path without '..'")
    return PurePosixPath(node, *parts)


def _write(directory: Path, relative: PurePosixPath, entry: Entry) -> None:
    parent = directory
    for part in relative.parts[:-1]:
        parent = parent / part
        # One that an earlier save brought from a node may lead anywhere.
        if parent.is_symlink():
            raise LvsnetError(
                f"{contents.quoted(str(parent))} is a symbolic link, which may lead out of "
                f"{directory}; remove it, or name another directory"
            )
        parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".lvsnet-", dir=parent) as scratch:
        new = Path(scratch) / "new"
        if entry.content is None:
            new.symlink_to(entry.target)
        else:
            with new.open("xb") as stream:
                _copy(entry.content, stream)
                os.fchmod(stream.fileno(), entry.mode & PERMISSIONS)
        new.replace(parent / relative.name)


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    """As shutil.copyfileobj; long stretches of zeros become holes again."""
    while piece := source.read(PIECE):
        if piece.count(0) == len(piece):
            target.seek(len(piece), os.SEEK_CUR)
        else:
            target.write(piece)
    target.truncate()
