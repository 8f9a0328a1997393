"""The nginx that runs in a node, seen from outside: its processes, its configuration, a reload.

nginx says in the titles of its processes which is which (ngx_setproctitle, src/os/unix).
"""

from __future__ import annotations

import fnmatch
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lvsnet.engine import files, nginx_text, processes
from lvsnet.errors import LvsnetError

COMMAND = "nginx"
MASTER, WORKER = "nginx: master process ", "nginx: worker process"
"""How titles begin, and what a worker's is until it is told to end."""
USUAL = "/etc/nginx/nginx.conf"
"""Debian's --conf-path, and that of nginx's own images."""
RELOAD_S = 10.0
"""Seconds that nginx may take for a new configuration; it takes some 30 ms."""
INTERVAL = 0.02
MAGIC = "*?["


@dataclass(frozen=True)
class Nginx:
    """An nginx that runs."""

    node: str
    init: int
    """Process id of the node's init."""
    master: int
    """Process id of nginx's first process, as this machine counts them."""
    program: str
    """Path in the node."""
    configuration: str
    """Path in the node."""


def found(node: str, init: int) -> Nginx | None:
    """The nginx of a node; None when none runs.

    Raises:
        LvsnetError: several run, or it has a configuration whose path nobody else can tell.
    """
    masters = list(_masters(init))
    if not masters:
        return None
    if len(masters) > 1:
        raise LvsnetError(f"{node} runs nginx {len(masters)} times; lvsnet can break one only")
    master, title = masters[0]
    path = configuration(title)
    if not path.startswith("/"):
        raise LvsnetError(
            f"{node}: nginx was started with -c {path}; give it the whole path, from / on"
        )
    return Nginx(node, init, master, str(Path(f"/proc/{master}/exe").readlink()), path)


def configuration(title: str) -> str:
    """The path of the configuration, from the title of the first process.

    The title has the command line, with a space between its words.
    """
    words = title.removeprefix(MASTER).split()
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "-c" and following:
            return following
        if word.startswith("-c") and len(word) > 2:
            return word[2:]
    return USUAL


def workers(nginx: Nginx) -> set[int]:
    """Process ids of the workers that take requests: not of those that only end what they have."""
    pids = (int(directory.name) for directory in _processes() if _title(directory) == WORKER)
    return {pid for pid in pids if processes.parent(pid) == nginx.master}


def reload(nginx: Nginx) -> None:
    """Have nginx read its configuration, and return when only new workers take requests.

    Raises:
        LvsnetError: it ended, or takes too long.
    """
    before = workers(nginx)
    with suppress(ProcessLookupError):
        os.kill(nginx.master, signal.SIGHUP)
    await_others(nginx, before)


def await_others(nginx: Nginx, before: set[int]) -> None:
    """Return when none of the workers ``before`` takes requests, and others do.

    Raises:
        LvsnetError: nginx ended, or this takes too long.
    """
    until = time.monotonic() + RELOAD_S
    while True:
        now = workers(nginx)
        if now and not now & before:
            return
        if not _title(Path(f"/proc/{nginx.master}")).startswith(MASTER):
            raise LvsnetError(f"{nginx.node}: nginx ended when it was to read its configuration")
        if time.monotonic() > until:
            raise LvsnetError(
                f"{nginx.node}: nginx has not taken a new configuration after {RELOAD_S:.0f} s; "
                f"`lvsnet logs {nginx.node}` has what it said"
            )
        time.sleep(INTERVAL)


def read(nginx: Nginx) -> tuple[nginx_text.Directive, ...]:
    """The whole configuration, with what it includes.

    Raises:
        LvsnetError: a file is not there, or is none that nginx could read.
    """
    root = Path(f"/proc/{nginx.init}/root")
    directory = str(PurePosixPath(nginx.configuration).parent)

    def included(pattern: str) -> list[tuple[str, str]]:
        return [(path, _text(root, path)) for path in matching(root, directory, pattern)]

    try:
        text = _text(root, nginx.configuration)
        directives = nginx_text.parse(text, nginx.configuration)
        return nginx_text.expanded(directives, included)
    except OSError as error:
        where = str(error.filename or "").removeprefix(str(root)) or nginx.configuration
        raise LvsnetError(f"{nginx.node}: {where}: {error.strerror or error}") from error
    except LvsnetError as error:
        raise LvsnetError(f"{nginx.node}: {error}") from error


def matching(root: Path, directory: str, pattern: str) -> list[str]:
    """Paths, for somebody whose root directory is ``root``, that a pattern of glob(7) stands for.

    Sorted. One without wildcards stands for itself, and whether it is there is to be seen.
    ``directory``: where one that does not begin with a slash begins.
    """
    whole = PurePosixPath(directory) / pattern
    if not any(letter in str(whole) for letter in MAGIC):
        return [str(whole)]
    paths = [PurePosixPath("/")]
    for part in whole.parts[1:]:
        if any(letter in part for letter in MAGIC):
            paths = [path / name for path in paths for name in _names(root, path, part)]
        else:
            paths = [path / part for path in paths]
    return sorted(str(path) for path in paths if files.inside(root, str(path)).exists())


def _names(root: Path, directory: PurePosixPath, pattern: str) -> list[str]:
    there = files.inside(root, str(directory))
    if not there.is_dir():
        return []
    names = fnmatch.filter([path.name for path in there.iterdir()], pattern)
    return [name for name in names if not name.startswith(".") or pattern.startswith(".")]


def _text(root: Path, path: str) -> str:
    """A file whose bytes, if they are no UTF-8, outlast being read."""
    return files.inside(root, path).read_text(errors="surrogateescape")


def _masters(init: int) -> Iterator[tuple[int, str]]:
    """Process id and title of each nginx's first process in the node whose init is ``init``."""
    space = Path(f"/proc/{init}/ns/pid").readlink()
    for directory in _processes():
        with suppress(FileNotFoundError, ProcessLookupError):
            title = _title(directory)
            if title.startswith(MASTER) and (directory / "ns/pid").readlink() == space:
                yield int(directory.name), title


def _processes() -> Iterator[Path]:
    """Directories in /proc of all processes that are nginx's, of whichever node."""
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if (directory / "comm").read_text().strip() == COMMAND:
                yield directory


def _title(process: Path) -> str:
    """Empty when the process is gone."""
    try:
        words = (process / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return words.partition(b"\0")[0].decode(errors="replace")
