"""A lab's journal: what lvsnet itself has done to it, a line for each, where its nodes are.

Kernels and daemons do not remember who pulled a cable, so whoever does it says so here, by one
short append. It ends with the lab (`lvsnet.host.leftovers.remove`), and never grows for ever: a
journal that is full becomes the old one, in place of that.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lvsnet.host import leftovers

MOST = 256 * 1024
"""Bytes of a journal, some 2000 lines; there are two of them at most."""
LONGEST = 500
"""Characters of a text."""


@dataclass(frozen=True)
class Entry:
    """What was done: the fields of an `lvsnet.observe.event.Event`, and how far logs were."""

    at: int
    kind: str
    node: str
    what: str
    subject: str
    text: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Node -> bytes of its log at that time. Logs have whole seconds: so one knows what came
    before and what after."""


def tell(lab: str, *entries: Entry) -> None:
    """Write that something is done, or was.

    What is done is not to fail for that: where there is no room, it is not remembered.
    """
    if not entries:
        return
    lines = [_line(one) + "\n" for one in entries]
    path = leftovers.journal_of(lab)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    with suppress(OSError):
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fd = os.open(path, flags, 0o600)
        try:
            os.write(fd, "".join(lines).encode())
            if os.fstat(fd).st_size > MOST:
                _turn(path, fd)
        finally:
            os.close(fd)


def parsed(content: bytes) -> list[Entry]:
    """The entries in whole lines of a journal; others, cut off by a full disk, are left out."""
    found: list[Entry] = []
    for line in content.split(b"\n")[:-1]:
        try:
            said: object = json.loads(line)
        except ValueError:
            continue
        match said:
            case [
                int(at),
                str(kind),
                str(node),
                str(what),
                str(subject),
                str(text),
                dict(sizes),
            ]:
                found.append(Entry(at, kind, node, what, subject, text, sizes))
    return found


def old_of(path: Path) -> Path:
    """The journal before this one."""
    return path.with_name(f"{path.name}.old")


def _turn(path: Path, fd: int) -> None:
    """Begin a new journal, unless somebody else has done so just now.

    At no time there is none, so nobody's line is lost.
    """
    fcntl.flock(fd, fcntl.LOCK_EX)
    if not os.path.samestat(os.fstat(fd), path.stat()):
        return
    old = old_of(path)
    old.unlink(missing_ok=True)
    os.link(path, old)
    new = path.with_name(f"{path.name}.new")
    new.touch(mode=0o600)
    new.replace(path)


def _line(one: Entry) -> str:
    texts = _short(one.subject), _short(one.text)
    return json.dumps((one.at, one.kind, one.node, one.what, *texts, dict(one.sizes)))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."
