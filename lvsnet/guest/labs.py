"""Labs in guests, from outside: a `lvsnet.control.place.Place`."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lvsnet import peers
from lvsnet.guest import client, places
from lvsnet.progress import WORD, Report, silent

if TYPE_CHECKING:
    from lvsnet.control.clock import Clock
    from lvsnet.engine.runtime import About, Change, Record
    from lvsnet.observe.conditions import Condition, Reached
    from lvsnet.observe.model import Site


def running() -> list[str]:
    """The labs whose supervisor lives; what dead ones left behind is removed."""
    return [place.lab for place in places.running()]


def about(lab: str) -> About:
    from lvsnet.engine.runtime import About
    from lvsnet.plan import codec

    with client.connected(lab) as connection:
        return codec.decode(About, client.call(connection, {"op": "about"}, silent), "about")


def nodes(lab: str) -> list[str]:
    with client.connected(lab) as connection:
        found = client.call(connection, {"op": "nodes"}, silent)
    return [str(name) for name in found] if isinstance(found, list) else []


def record(lab: str) -> Record:
    from lvsnet.engine.runtime import Record
    from lvsnet.plan import codec

    with client.connected(lab) as connection:
        return codec.decode(Record, client.call(connection, {"op": "record"}, silent), "record")


def changes(lab: str, node: str) -> list[Change]:
    from lvsnet.engine.runtime import Change
    from lvsnet.plan import codec

    with client.connected(lab) as connection:
        found = client.call(connection, {"op": "changes", "node": node}, silent)
    listed = found if isinstance(found, list) else []
    return [codec.decode(Change, one, "change") for one in listed]


def owner(_lab: str) -> int:
    """Nobody sees the guests of others."""
    return os.getuid()


def look(lab: str) -> Site:
    from lvsnet.observe.model import Site
    from lvsnet.plan import codec

    with client.connected(lab) as connection:
        return codec.decode(Site, client.call(connection, {"op": "look"}, silent), "site")


def run(lab: str, node: str, *argv: str) -> tuple[int, str, str]:
    """Run a command in a node to its end; exit code, output and errors."""
    request = {"op": "exec", "lab": lab, "node": node, "argv": list(argv)}
    with client.connected(lab) as connection:
        return client.capture(connection, request)


def attach(lab: str, node: str, argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command with this process's streams and signals; its exit code."""
    from lvsnet.guest import session

    request = {
        "op": "exec",
        "lab": lab,
        "node": node,
        "argv": list(argv),
        "environment": dict(environment),
    }
    with client.connected(lab) as connection:
        return session.run(connection, request)


def shell(lab: str, node: str, argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """As `attach`, in a terminal of the node's own that is joined with this process's."""
    from lvsnet.guest import session

    request = {
        "op": "shell",
        "lab": lab,
        "node": node,
        "argv": list(argv),
        "environment": dict(environment),
    }
    with client.connected(lab) as connection:
        return session.terminal(connection, request)


def pipe(lab: str, node: str, argv: Sequence[str], stdin: int, stdout: int) -> tuple[int, str]:
    """Run a command joined with two file descriptors; exit code, and its errors."""
    from lvsnet.guest import share

    request = {"lab": lab, "node": node, "argv": list(argv)}
    with client.connected(lab) as connection:
        return share.pipe(connection, request, places.of(lab).root, stdin, stdout)


def relay(lab: str, node: str, hosts: Sequence[str], port: int, end: socket.socket) -> None:
    """Join a socket with a port that a node reaches; closes it."""
    from lvsnet.guest import relay

    request = {"op": "relay", "lab": lab, "node": node, "hosts": list(hosts), "port": port}
    with end, client.connected(lab) as connection:
        relay.join(connection, request, end)


def logs(lab: str, node: str, *, follow: bool) -> int:
    """What a node's daemons said, on standard output; the exit code."""
    from lvsnet.guest import session

    with client.connected(lab) as connection:
        return session.run(connection, {"op": "log", "node": node, "follow": follow})


def stop(lab: str, node: str) -> None:
    """Power loss of a node."""
    with client.connected(lab) as connection:
        client.call(connection, {"op": "stop", "node": node}, silent)


def start(lab: str, node: str, report: Report) -> None:
    """Boot a node that was stopped."""
    with client.connected(lab) as connection:
        client.call(connection, {"op": "start", "node": node}, report)


def reconfigure(record: Record, settle: float, report: Report) -> None:
    """Make a running lab what another plan of it says.

    Raises:
        LvsnetError: what its kernel lacks; as `lvsnet.engine.reconfigure.reconfigure`.
    """
    from lvsnet.guest import changing

    with client.connected(record.plan.lab) as connection:
        changing.reconfigure(connection, record, settle, report)


def clock(lab: str) -> Clock:
    from lvsnet.control.clock import from_answer

    with client.connected(lab) as connection:
        return from_answer(client.ask(connection, {"op": "clock"}), lab)


def set_clock(lab: str, mode: str, speed: float) -> Clock:
    from lvsnet.control.clock import from_answer

    request = {"op": "clock", "mode": mode, "speed": speed}
    with client.connected(lab) as connection:
        return from_answer(client.ask(connection, request), lab)


def advance(lab: str, by: int) -> Clock:
    """Takes as long as the guest needs: the supervisor tells of one that gets no further."""
    from lvsnet.control.clock import from_answer

    with client.connected(lab) as connection:
        return from_answer(client.ask(connection, {"op": "clock", "advance": by}, None), lab)


def until(lab: str, condition: Condition, limit: float, report: Report) -> Reached:
    """Also in a lab with the real clock.

    Raises:
        SilenceError: the lab's clock stands still, or goes much slower than when this began.
    """
    from lvsnet.control.clock import elapsed, mode_in_words
    from lvsnet.errors import SilenceError
    from lvsnet.observe.conditions import Reached, to_json
    from lvsnet.plan import codec

    def shown(line: str) -> None:
        if line:
            report(line)

    request = {"op": "until", "condition": to_json(condition), "limit": limit}
    silence = client.SILENCE + WORD / min(clock(lab).speed, 1.0)
    try:
        with client.connected(lab) as connection:
            reached = client.call(connection, request, shown, silence=silence)
    except SilenceError as error:
        state = clock(lab)
        if state.kind == "real":
            raise
        raise SilenceError(
            f"{error}\nIts clock is {mode_in_words(state)}, at {elapsed(state)}"
        ) from error
    return codec.decode(Reached, reached, "until")


def act(lab: str, name: str, request: Mapping[str, object], report: Report) -> object:
    """An act says something at least once a minute of the lab's time.

    Raises:
        SilenceError: the lab's clock stands still, or goes much slower than when this began.
    """
    silence = client.SILENCE + WORD / min(clock(lab).speed, 1.0)
    with client.connected(lab) as connection:
        return client.call(
            connection, {"op": "act", "name": name, "request": dict(request)}, report,
            silence=silence,
        )  # fmt: skip


def follow(lab: str, name: str, request: Mapping[str, object], report: Report) -> None:
    """Do an act that tells what comes, for as long as this is not interrupted."""
    asked = {"op": "act", "name": name, "request": dict(request), "follow": True}
    with client.connected(lab) as connection:
        client.call(connection, asked, report, silence=None)


def destroy(lab: str) -> None:
    """End a lab and wait until nothing of it is left.

    A supervisor that does not answer is killed; the kernel ends its guest with it.

    Raises:
        LvsnetError: there is no such lab.
    """
    from lvsnet.guest import ending

    with client.connected(lab) as connection:
        supervisor = os.pidfd_open(peers.of(connection.socket)[0])
        patience = ending.ask(connection)
    ending.see(lab, supervisor, patience)
    place = places.of(lab)
    lock = places.take(place)
    if lock is not None:  # else somebody deploys it anew already
        places.clear(place, lock)
