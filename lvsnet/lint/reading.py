"""A machine's keepalived.conf, with all that it includes, as statements with their places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from lvsnet.errors import LabFileError, Problem
from lvsnet.keepalived.expanding import Allowance, Remark, expand
from lvsnet.keepalived.including import Files, on_disk
from lvsnet.keepalived.lexing import LARGEST_FILE
from lvsnet.keepalived.tree import Statement
from lvsnet.lint.model import Place
from lvsnet.lint.written import Written

ETC = ("etc", "keepalived")
MULTIPLIED = 100_000
"""Steps of reading beyond the sizes of all files that are looked at together."""


@dataclass(frozen=True)
class Configuration:
    statements: tuple[Written, ...]
    remarks: tuple[Remark, ...]
    """What keepalived would say of its includes."""
    texts: dict[str, str]
    """Of the files that were read, by their names."""


def allowance() -> Allowance:
    """For all that one command looks at: what ~SEQ and others multiply takes a second or two."""
    return Allowance(MULTIPLIED)


def read(main: str, files: Files, machine: str, allowed: Allowance | None = None) -> Configuration:
    """What ``machine`` makes of the file ``main``; its name is what ``@`` conditions ask for.

    Raises LabFileError for what keepalived cannot read as it is meant, with file and line.
    """
    expanded = expand(main, files, machine, allowed)
    return Configuration(
        written(expanded.statements),
        expanded.remarks,
        {path: decoded(files.read(path)) for path in expanded.files},
    )


def written(statements: Iterable[Statement]) -> tuple[Written, ...]:
    return tuple(
        Written(
            tuple(word.text for word in one.words),
            Place(one.file, max(one.line, 1), max(one.words[0].column, 1)),
            None
            if one.block is None
            else written(inner for inner in one.block if isinstance(inner, Statement)),
        )
        for one in statements
        if one.words
    )


def around(path: Path, text: str) -> Files:
    """The files of this machine, with ``text`` as what is in ``path``.

    Where a path ends as on the machine itself (``lb01/etc/keepalived/keepalived.conf``), absolute
    paths of includes begin there: ``lb01/etc/...``.
    """
    parts = PurePosixPath(path).parts
    etc = len(parts) - 3
    root = str(PurePosixPath(*parts[:etc])) if etc > 0 and parts[etc : etc + 2] == ETC else ""
    disk = on_disk("" if root == "/" else root)
    main = str(path)
    data = text.encode(errors="surrogateescape")
    return replace(
        disk,
        kind=lambda one: "file" if one == main else disk.kind(one),
        read=lambda one: data if one == main else disk.read(one),
    )


def text_of(path: Path) -> str:
    """A configuration's text; bytes that are no UTF-8, as in old comments, are kept as they are.

    It may be a pipe's, as a shell makes one of ``<(ssh lb01 cat ...)``. Raises LabFileError when
    there is none, or too much of it.
    """
    disk = on_disk()
    kind = disk.kind(str(path))
    if kind is None:
        raise _refused(path, "no such file")
    if kind == "directory":
        raise _refused(path, "is a directory; name the file in it")
    if kind == "other" and not path.is_fifo():
        raise _refused(
            path, "is a device or a socket; name a file, a pipe, or - for standard input"
        )
    try:
        data = disk.read(str(path))
    except OSError as error:
        raise refused(str(path), error) from None
    if len(data) > LARGEST_FILE:
        raise _refused(path, f"is too large: at most {LARGEST_FILE >> 20} MiB")
    return decoded(data)


def decoded(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def refused(path: str, error: OSError) -> LabFileError:
    """What the system does not let somebody read, as the message that is told."""
    return _refused(Path(path), f"cannot be read: {(error.strerror or str(error)).lower()}")


def _refused(path: Path, message: str) -> LabFileError:
    return LabFileError([Problem(str(path), None, None, message)])
