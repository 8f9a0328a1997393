"""What the user brings to a node: files in the place of generated ones, commands, daemons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.plan import keepalived
from lvsnet.plan.difference import reads
from lvsnet.plan.model import Daemon, File

if TYPE_CHECKING:
    from lvsnet.lab.model import File as WrittenFile
    from lvsnet.lab.model import Node


def own_configuration(spec: Node) -> str | None:
    """The user's own keepalived.conf; None without."""
    file = spec.keepalived or spec.files.get(keepalived.PATH)
    if file is None or isinstance(file, str):
        return file
    return file.content or ""


def with_own(node: str, generated: Iterable[File], spec: Node) -> tuple[File, ...]:
    """The generated files and the user's, of which one takes the place of its path's other.

    Raises LvsnetError when one file would have to be in another.
    """
    files = {file.path: file for file in generated}
    if spec.keepalived is not None:
        files[keepalived.PATH] = _file(node, keepalived.PATH, spec.keepalived)
    for path, file in spec.files.items():
        files[path] = _file(node, path, file)
    for path in files:
        if outer := next((str(up) for up in PurePosixPath(path).parents if str(up) in files), None):
            raise LvsnetError(
                f"node {node}: {path} is beneath {outer}, and both are files; take one out"
            )
    return tuple(files.values())


def own_texts(spec: Node) -> dict[str, str]:
    """Path -> text of the files that the user gives."""
    return {
        path: file if isinstance(file, str) else file.content or ""
        for path, file in spec.files.items()
    }


def own_commands(spec: Node) -> tuple[tuple[str, ...], ...]:
    return tuple(map(_argv, spec.exec))


def own_daemons(node: str, generated: Sequence[Daemon], spec: Node) -> tuple[Daemon, ...]:
    """The user's further daemons; directors' keepalived finds them running.

    Nobody knows which files they read, so it may be any of the user's that no other daemon reads;
    where there are commands, these may have read them just as well, and the daemons read none.

    Raises LvsnetError for one that has the name of a daemon that is there anyway.
    """
    for daemon in generated:
        if daemon.name in spec.daemons:
            raise LvsnetError(
                f"node {node}: {daemon.name} runs there anyway; give the daemon another name"
            )
    unread = tuple(path for path in spec.files if not any(reads(one, path) for one in generated))
    return tuple(
        Daemon(name, _argv(line), stage=1, reads=() if spec.exec else unread)
        for name, line in spec.daemons.items()
    )


def _argv(command: str | Sequence[str]) -> tuple[str, ...]:
    return ("sh", "-c", command) if isinstance(command, str) else tuple(command)


def _file(node: str, path: str, file: WrittenFile | str) -> File:
    if isinstance(file, str):
        return File(path, file)
    if file.content is None:
        raise LvsnetError(f"nodes.{node}: {path} has no content; its source was never read")
    return File(path, file.content, int(file.mode, 8))
