"""What on a container's disk differs from its image, as `docker diff` tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from urllib.parse import quote

from lvsnet.docker import api, archives, http, records, streams
from lvsnet.engine.runtime import Change
from lvsnet.engine.runtimes import docker_config

KINDS = {0: "changed", 1: "added", 2: "removed"}
"""Of the engine's answer (Docker Engine API, ContainerChanges)."""
ENGINES = (
    "/dev",
    "/proc",
    "/sys",
    "/.dockerenv",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
)
"""What the engine itself makes and writes."""
OWN = (docker_config.OWN, docker_config.DAEMONS)
AT_ONCE = 8
MOST_ARGUMENTS = 64 * 1024
"""Bytes of paths for one look; a command may have 128 KB at the least (execve(2))."""
LOOK_S = 30.0
LOOK = """\
for path; do
    if [ -L "$path" ]; then echo link
    elif [ -f "$path" ]; then echo file
    elif [ -d "$path" ]; then echo directory
    elif [ -e "$path" ]; then echo other
    else echo; fi
done
"""


def of(found: api.Container) -> list[Change]:
    """What differs, by path; not what is in memory, mounted, or lvsnet's own.

    A directory that only has other things in it than in the image does not differ. A container
    that is there for the sake of the lab's record only has nobody's disk.

    Raises:
        LvsnetError: the engine does not answer.
    """
    if not found.running and records.look([found])[0].hollow:
        return []
    container = api.inspect(found.id)
    told = dict(_told(container.id))
    apart = {*ENGINES, *OWN, *_mounted(container.id)}
    above = {str(parent) for path in told for parent in PurePosixPath(path).parents}
    paths = sorted(path for path in told if not _within(path, apart))
    types = _types(container, paths)
    changes = []
    for path in paths:
        kind, now = told[path], types[path]
        if kind == "removed" and now:
            kind = "changed"  # a directory in the place of one of the image's (overlayfs: opaque)
        elif kind == "changed" and now == "directory" and path in above:
            continue
        changes.append(Change(path, kind, "" if kind == "removed" else now or "other"))
    return changes


def _told(container: str) -> Iterator[tuple[str, str]]:
    """Path and kind of each entry of the container's layer."""
    said = api.call("GET", f"/containers/{quote(container)}/changes")
    for one in said if isinstance(said, list) else ():
        entry = api.mapping(one)
        yield api.text(entry, "Path"), KINDS[api.integer(entry, "Kind")]


def _mounted(container: str) -> set[str]:
    """Where something is mounted in a container: memory, volumes, files of the host's."""
    said = api.mapping(api.call("GET", f"/containers/{quote(container)}/json"))
    host = api.mapping(said.get("HostConfig"))
    tmpfs, mounts = host.get("Tmpfs"), said.get("Mounts")
    places = set(tmpfs) if isinstance(tmpfs, dict) else set()
    return places | {
        api.text(api.mapping(one), "Destination")
        for one in (mounts if isinstance(mounts, list) else ())
    }


def _within(path: str, places: set[str]) -> bool:
    return path in places or any(str(parent) in places for parent in PurePosixPath(path).parents)


def _types(container: api.State, paths: Sequence[str]) -> Mapping[str, str]:
    """What is at the paths now, as `lvsnet.docker.archives.type_of` says.

    By the node's own shell where it runs: the engine takes 10 ms for each.
    """
    types: dict[str, str] = {}
    if container.running and not container.paused:
        for batch in _batches(paths):
            types |= _looked(container, batch)
    rest = [path for path in paths if path not in types]
    if rest:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            said = pool.map(lambda path: archives.type_of(container.id, path), rest)
            types |= dict(zip(rest, said, strict=True))
    return types


def _looked(container: api.State, paths: Sequence[str]) -> Mapping[str, str]:
    """Empty when the node's shell has not done it, as when it has just been switched off."""
    argv = [*docker_config.shell(container.init), "-c", LOOK, "sh", *paths]
    done = streams.run(container, argv, {}, LOOK_S)
    if done is None or done.code:
        return {}
    said = b"".join(piece for channel, piece in done.output if channel == http.STDOUT)
    lines = said.decode(errors="replace").split("\n")[:-1]
    return dict(zip(paths, lines, strict=True)) if len(lines) == len(paths) else {}


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for path in paths:
        if size > MOST_ARGUMENTS:
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += len(path.encode()) + 1
    if batch:
        yield batch
