"""Labs in containerlab: their topology, and running it from a directory in the cache."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from lvsnet import cache, containerlab
from lvsnet.containerlab_json import Container
from lvsnet.engine.runtime import Record
from lvsnet.errors import LvsnetError
from lvsnet.export.containerlab_topology import OLDEST, file_name, topology
from lvsnet.host import guard
from lvsnet.plan.model import File, Node
from lvsnet.progress import Report

__all__ = ["deploy", "destroy", "file_name", "home", "topology", "write"]

KIND = "containerlab"
ROUTINE = "Executed command"
"""Of its log what is not progress: a line for each command that succeeded."""


def home(lab: str) -> Path:
    """The directory of a lab's topology, there or not."""
    return cache.root() / KIND / lab


def deploy(
    record: Record,
    images: Mapping[str, str],
    segment_image: str,
    labels: Callable[[Node], Mapping[str, str]],
    said: Callable[[str], str],
    settled: Callable[[], None],
    report: Report,
) -> tuple[Container, ...]:
    """Have containerlab run a lab; its containers, which are called ``lvsnet-LAB-NODE``.

    The arguments are those of `topology`; ``said`` gives the end of what a node's daemons said,
    for the message when one of them does not start; ``settled`` returns once the site is up, or
    raises.

    Raises:
        LvsnetError: there is no containerlab, an old one, or it failed; nothing of the lab is left,
            even when this process is killed.
    """
    files = topology(record, images, segment_image, labels)
    tool = containerlab.find()
    there = containerlab.version(tool)
    if (0, 0, 0) != there < OLDEST:
        raise LvsnetError(
            f"containerlab is version {_dotted(there)}, and {_dotted(OLDEST)} is needed, which can "
            "run nodes without all privileges; `containerlab version upgrade` brings it. "
            "`--runtime docker` runs the same lab without it"
        )
    lab = record.plan.lab
    directory = home(lab)
    if ":" in str(directory):
        raise LvsnetError(
            f"{directory}: a colon in the path of a bind mount cannot be expressed to Docker; set "
            "XDG_CACHE_HOME to a directory without one"
        )
    if running := containerlab.inspect(tool, lab).get(lab, ()):
        raise LvsnetError(
            f"containerlab runs a lab {lab} already, of {running[0].topology or 'somebody else'}; "
            f"`containerlab destroy --name {lab}` ends it"
        )
    words: dict[str, str] = {}

    def told(line: str) -> None:
        if ROUTINE not in line:
            report(line)
        if containerlab.FAILED_EXEC.search(line) and (failed := re.search(r"\bnode=(\S+)", line)):
            words[failed[1]] = _last_words(said, failed[1])

    _remove(directory)
    try:
        write(files, directory)
        report(f"containerlab {_dotted(there)} deploys {lab}")
        file = directory / file_name(lab)
        with guard.guarded(partial(containerlab.destroy, tool, file)) as keep:
            found = containerlab.deploy(tool, file, told)
            settled()
            keep()
    except containerlab.LeftoverError:
        # Its topology is needed to end it.
        raise
    except BaseException as error:
        _remove(directory)
        last = [f"{node} said:\n{text.rstrip()}" for node, text in words.items() if text.strip()]
        if last and isinstance(error, LvsnetError):
            raise LvsnetError("\n".join((str(error), *last))) from error
        raise
    return found


def destroy(lab: str) -> None:
    """End a lab that `deploy` started, whoever's cache its topology is in; none is fine.

    Raises:
        LvsnetError: there is no containerlab any more, or it failed.
    """
    tool = containerlab.find()
    running = containerlab.inspect(tool, lab).get(lab, ())
    for file in sorted({Path(one.topology or home(lab) / file_name(lab)) for one in running}):
        if file.is_file():
            containerlab.destroy(tool, file)
        else:
            containerlab.destroy_named(tool, lab)
    _remove(home(lab))


def write(files: Iterable[File], directory: Path) -> None:
    """Write files whose paths are relative to ``directory``, making what is missing.

    Raises:
        LvsnetError: they cannot be written.
    """
    try:
        for file in files:
            path = directory / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.content, encoding="utf-8")
            path.chmod(file.mode)
    except OSError as error:
        raise LvsnetError(
            f"cannot write {error.filename or directory}: {error.strerror}; make room there, or "
            "set XDG_CACHE_HOME to a directory that you can write to"
        ) from error


def _last_words(said: Callable[[str], str], node: str) -> str:
    try:
        return said(node)
    except LvsnetError as error:
        # The failure itself is told; this is no reason to lose it.
        return str(error)


def _remove(directory: Path) -> None:
    try:
        shutil.rmtree(directory)
    except FileNotFoundError:
        return
    except OSError as error:
        raise LvsnetError(
            f"cannot remove {error.filename or directory}: {error.strerror}; containerlab may have "
            f"made it as root: sudo rm -r {directory}"
        ) from error


def _dotted(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))
