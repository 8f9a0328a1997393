"""Loads that run in a lab, where its nodes are: begun, watched while they run, stopped, forgotten.

What there is of a load is in a directory of its own, ``traffic/LAB/ID`` below the state directory:
for each client, by its number, the records that its generator appends, and a fifo that it reads. So
whoever opens the fifo to write finds the generator there or gone, and can tell it to stop.
"""

from __future__ import annotations

import json
import os
import resource
import select
import shutil
import struct
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from lvsnet.engine.runtime import Runtime
from lvsnet.errors import LvsnetError
from lvsnet.host import journal
from lvsnet.host.journal import Entry
from lvsnet.plan import codec
from lvsnet.traffic import checking, detached, homes, nodes, records, schedule
from lvsnet.traffic.generator import Generator, speech
from lvsnet.traffic.model import Load, Request
from lvsnet.traffic.responder import Responder, listening

LOAD = "load.json"
RESPONDER = "responder"
BEGIN = struct.Struct("=q")
MOST_KEPT = 64
"""Loads that are over whose records are kept; the oldest ones go."""
END_S = 1.0
"""Seconds that what answers on a port has to end, which takes it some microseconds."""
LOOK_S = 0.05
"""Seconds after which one is looked for whose end was not noticed."""


@dataclass(frozen=True)
class Begun:
    """A load that was begun."""

    load: Load
    begin: int
    """When its first request was due: nanoseconds of CLOCK_MONOTONIC."""


@dataclass
class Watched:
    """A load as it was read last."""

    begun: Begun
    readers: tuple[records.Reader, ...]
    identity: tuple[int, int]
    """Of its file: another lab of that name may have another load of that name."""
    found: tuple[Request, ...] = ()
    """All of them, sorted."""


_watched: dict[Path, Watched] = {}
"""What this process has read of loads, so that it reads on instead of anew."""


def begin(lab: str, load: Load, runtime: Runtime, owner: int | None = None) -> str:
    """Have a load's clients begin; by what it is called from now on.

    ``owner``: a pipe's end for reading. When nobody has its other end any more, be it that they
    were killed, the load is forgotten as by `forget`.

    Raises:
        LvsnetError: a client does not run, is frozen, or does not know the target's name.
    """
    if why := checking.wrong(load):
        raise LvsnetError(f"traffic {load.name}: {why}")
    load = checking.exact(load)
    inits = nodes.inits(lab, load.clients, runtime)
    hosts = [nodes.address(lab, client, load.target.host, runtime) for client in load.clients]
    _make_room(lab)
    home, name = homes.new_home(lab, load.name)
    start, give = os.pipe()
    try:
        for number, (client, init) in enumerate(inits.items()):
            prepare = _generator(home, load, number, hosts[number], start, owner)
            errors = home / f"{number}.errors"
            kept = (start,) if owner is None else (start, owner)
            detached.begin(client, init, errors, kept, prepare)
        begun = Begun(load, time.monotonic_ns())
        (home / LOAD).write_text(json.dumps(asdict(begun)))
        os.write(give, BEGIN.pack(begun.begin) * len(inits))
    except BaseException:
        # Those that were begun find the pipe closed, and end.
        shutil.rmtree(home)
        raise
    finally:
        os.close(start)
        os.close(give)
    clients = " and ".join(load.clients)
    text = f"traffic {name}: {clients} to {load.target}"
    journal.tell(lab, Entry(begun.begin, "traffic", "", "begun", name, text))
    return name


def serve(
    lab: str, node: str, scheme: str, port: int, runtime: Runtime, owner: int | None = None
) -> str:
    """Have a node answer on a port, until `stop`; by what that is called from now on.

    ``owner``: as of `begin`.

    Raises:
        LvsnetError: the node does not run, is frozen, or the port is taken.
    """
    inits = nodes.inits(lab, (node,), runtime)
    home, name = homes.new_home(lab, f"{node}-{scheme}-{port}")

    def prepare() -> detached.Life:
        _raise_limit()
        try:
            sockets = listening(scheme, port)
        except OSError as error:
            raise LvsnetError(f"{scheme} port {port}: {error.strerror or error}") from error
        control = homes.control(home, 0)

        def life() -> None:
            Responder(node, sockets, control, owner).run()
            if owner is not None and _has_ended(owner):
                _remove(home, 0, control)

        return life

    try:
        (home / RESPONDER).touch()
        kept = () if owner is None else (owner,)
        detached.begin(node, inits[node], home / "0.errors", kept, prepare)
    except BaseException:
        shutil.rmtree(home)
        raise
    return name


def requests(lab: str, id: str) -> tuple[Request, ...]:
    """The requests that are over so far, by when they were sent.

    Raises:
        LvsnetError: there is no such load, or a generator has failed.
    """
    found = _watch(lab, id)
    count = sum(len(reader.requests) for reader in found.readers)
    if count != len(found.found):
        every = [one for reader in found.readers for one in reader.requests]
        found.found = records.sorted_by_time(every)
    return found.found


def is_over(lab: str, id: str) -> bool:
    """Whether no request of a load is under way, and none will be any more.

    That is so, too, of a client that lost its power.

    Raises:
        LvsnetError: there is no such load, or a generator has failed.
    """
    home = homes.home_of(lab, id)
    if _answers(home):
        return not homes.is_alive(home, 0)
    return all(_is_over(home, n, one) for n, one in enumerate(_watch(lab, id).readers))


def await_end(lab: str, id: str, seconds: float) -> None:
    """Sleep until a process of a load's, or of what answers on a port, ends, or ``seconds`` pass.

    Now and then, one that ends just now is noticed only when they have.

    Raises:
        LvsnetError: there is no such load, or a generator has failed.
    """
    home = homes.home_of(lab, id)
    poll = select.poll()
    with ExitStack() as opened:
        for path in sorted(home.glob("*.control")):
            # The process's own end for writing is the last one: without it, the reader is told.
            try:
                fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            opened.callback(os.close, fd)
            if _answers(home) or not _reader(lab, id, path.stem).ended:
                poll.register(fd, 0)
        poll.poll(seconds * 1000)


def settled(lab: str, id: str, at: int) -> bool:
    """Whether every request that was due before ``at`` is over.

    ``at``: nanoseconds of CLOCK_MONOTONIC, now or earlier.

    Raises:
        LvsnetError: there is no such load, or a generator has failed.
    """
    found = _watch(lab, id)
    home = homes.home_of(lab, id)
    for number, reader in enumerate(found.readers):
        plan = schedule.of(found.begun.load, number, found.begun.begin)
        if not _is_settled(plan, reader, at) and not _is_over(home, number, reader):
            return False
    return True


def stop(lab: str, id: str) -> None:
    """Have a load send no new requests; of one that is over, nothing happens.

    Raises:
        LvsnetError: there is no such load.
    """
    homes.tell(homes.home_of(lab, id))


def forget(lab: str, id: str) -> None:
    """Stop a load and remove what there is of it; no such load is fine."""
    home = homes.directory(lab) / id
    _watched.pop(home, None)
    if homes.is_there(lab, id):
        homes.tell(home)
        # Whoever still appends to a file that is gone loses it with the last request.
        shutil.rmtree(home)


def end_answering(lab: str, id: str) -> None:
    """Have what answers on a port end, so that the port is free; no such thing is fine.

    A frozen node's ends when the node is thawed.
    """
    if not homes.is_there(lab, id):
        return
    home = homes.home_of(lab, id)
    homes.tell(home)
    until = time.monotonic() + END_S
    while homes.is_alive(home, 0) and time.monotonic() < until:
        await_end(lab, id, LOOK_S)
    forget(lab, id)


def load_of(lab: str, id: str) -> Load | None:
    """What a load's clients were to send; None of what answers on a port.

    Raises:
        LvsnetError: there is no such load.
    """
    home = homes.home_of(lab, id)
    return None if _answers(home) else _watch(lab, id).begun.load


def _is_settled(plan: schedule.Schedule, reader: records.Reader, at: int) -> bool:
    if plan.rate:
        return reader.frontier >= plan.due_before(at)
    # Numbers go up with time: all below one that was sent since then were sent before it.
    later = [
        number for number, one in zip(reader.numbers, reader.requests, strict=True) if one.at >= at
    ]
    return bool(later) and reader.frontier >= min(later)


def _generator(
    home: Path, load: Load, number: int, host: str, start: int, owner: int | None
) -> Callable[[], detached.Life]:
    def prepare() -> detached.Life:
        _raise_limit()
        said = speech(load, host)
        control = homes.control(home, number)
        output = os.open(
            records_of(home, number), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600
        )

        def life() -> None:
            content = os.read(start, BEGIN.size)
            os.close(start)
            if len(content) == BEGIN.size:
                plan = schedule.of(load, number, BEGIN.unpack(content)[0])
                client = load.clients[number]
                Generator(load, client, plan, said, output, control, owner=owner).run()
            if owner is not None and _has_ended(owner):
                _remove(home, number, control)

        return life

    return prepare


def _has_ended(owner: int) -> bool:
    """Whether nobody has the other end of a pipe."""
    poll = select.poll()
    poll.register(owner, 0)
    return bool(poll.poll(0))


def _remove(home: Path, number: int, control: int) -> None:
    """Remove a load's directory by one of its processes, which has ``control`` there.

    Others may do it, too; and by now another load may have that directory's name.
    """
    with suppress(FileNotFoundError):
        if os.path.samestat((home / f"{number}.control").stat(), os.fstat(control)):
            shutil.rmtree(home, ignore_errors=True)


def _raise_limit() -> None:
    """As many sockets as the kernel lets this process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _reader(lab: str, id: str, number: str) -> records.Reader:
    return _watch(lab, id).readers[int(number)]


def _is_over(home: Path, number: int, reader: records.Reader) -> bool:
    if reader.ended:
        return True
    if homes.is_alive(home, number):
        return False
    reader.read_on()  # what it wrote before it ended
    if not reader.ended and (said := _said(home, number)):
        raise LvsnetError(f"the traffic of {reader.client} ended: {said}")
    return True


def _said(home: Path, number: int) -> str:
    """What a process died of, by its last line; empty where it was killed with its node."""
    try:
        return (home / f"{number}.errors").read_text(errors="replace").strip().rpartition("\n")[2]
    except FileNotFoundError:
        return ""


def _watch(lab: str, id: str) -> Watched:
    """What there is of a load by now."""
    home = homes.home_of(lab, id)
    found = _watched.get(home)
    identity = _identity(home, id)
    if found is None or found.identity != identity:
        begun = begun_of(home, id)
        found = Watched(
            begun,
            tuple(
                records.Reader(records_of(home, number), client)
                for number, client in enumerate(begun.load.clients)
            ),
            identity,
        )
        _watched[home] = found
    for reader in found.readers:
        reader.read_on()
    return found


def _identity(home: Path, id: str) -> tuple[int, int]:
    try:
        found = (home / LOAD).stat()
    except FileNotFoundError as error:
        raise LvsnetError(f"traffic {id} has not begun, or only answers on a port") from error
    return found.st_ino, found.st_mtime_ns


def begun_of(home: Path, id: str) -> Begun:
    """The load whose directory that is."""
    return codec.decode(Begun, json.loads((home / LOAD).read_text()), f"traffic {id}")


def _answers(home: Path) -> bool:
    return (home / RESPONDER).exists()


def records_of(home: Path, number: int) -> Path:
    """What a client's generator appends to, by the client's number."""
    return home / str(number)


def _make_room(lab: str) -> None:
    """Remove the oldest loads that are over."""
    kept = sorted(
        (path for path in homes.directory(lab).glob("*/") if (path / LOAD).exists()),
        key=lambda path: path.stat().st_mtime_ns,
    )
    for home in kept[: max(0, len(kept) - MOST_KEPT + 1)]:
        if not any(
            homes.is_alive(home, number) for number in range(len(list(home.glob("*.control"))))
        ):
            forget(lab, home.name)
