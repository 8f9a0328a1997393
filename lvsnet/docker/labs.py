"""Labs in Docker's containers: a `lvsnet.control.place.Place`.

Also those that containerlab deployed from a lab's topology: their containers have the same labels.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lvsnet.docker import api
from lvsnet.errors import LvsnetError, SilenceError
from lvsnet.progress import Report

if TYPE_CHECKING:
    from lvsnet.control.clock import Clock
    from lvsnet.docker.reach import Operations
    from lvsnet.engine.runtime import About, Change, Record
    from lvsnet.observe.conditions import Condition, Reached
    from lvsnet.observe.model import Site

LAB = "lvsnet.lab"
NODE = "lvsnet.node"
LIST_S = 5.0
"""Seconds that the engine may take to list containers, which every command has it do."""
RUN_DEADLINE = 600.0
"""Seconds that a command may take that `run` runs."""


def running() -> list[str]:
    try:
        found = api.containers([LAB], LIST_S)
    except (api.NoEngineError, api.ForbiddenError, SilenceError):
        return []
    return sorted({one.labels[LAB] for one in found})


def about(lab: str) -> About:
    from lvsnet.docker import records

    return records.about_of(_containers(lab))


def nodes(lab: str) -> list[str]:
    from lvsnet.docker import records

    return records.nodes_of(_containers(lab))


def record(lab: str) -> Record:
    from lvsnet.docker import records

    return records.record_of(records.look(_containers(lab)))


def owner(lab: str) -> int:
    try:
        return about(lab).user
    except LvsnetError:
        return 0  # half a lab


def deploy(record: Record, settle: float, report: Report) -> None:
    """Run a lab whose images the engine has; with ``settle``, wait as many seconds for the site.

    Raises:
        LvsnetError: what failed; nothing of the lab is left.
    """
    _operations().deploy(record, settle, report)


def deploy_by_containerlab(record: Record, settle: float, report: Report) -> None:
    """Have containerlab run a lab, and else as `deploy`."""
    from lvsnet.docker import images, labels
    from lvsnet.engine.runtimes.docker import Docker
    from lvsnet.export import containerlab
    from lvsnet.image.context import name_of

    lab = record.plan.lab
    common = labels.of_lab(record)

    def settled() -> None:
        if settle:
            _operations().wait(lab, settle, report)

    containerlab.deploy(
        record,
        {node.name: images.image_for(node) for node in record.plan.nodes},
        name_of("base"),
        lambda node: {**common, **labels.of_node(node)},
        lambda node: Docker().said(lab, node),
        settled,
        report,
    )


def look(lab: str) -> Site:
    return _operations().look(lab)


def run(lab: str, node: str, *argv: str) -> tuple[int, str, str]:
    from lvsnet.docker import http, streams

    done = streams.run(_running(lab, node), argv, {}, RUN_DEADLINE)
    if done is None:
        raise LvsnetError(f"{node}: {' '.join(argv)}: no end after {RUN_DEADLINE:.0f} s")
    out, err = (
        b"".join(piece for channel, piece in done.output if channel == wanted)
        for wanted in (http.STDOUT, http.STDERR)
    )
    return done.code, out.decode(errors="replace"), err.decode(errors="replace")


def attach(lab: str, node: str, argv: Sequence[str], environment: Mapping[str, str]) -> int:
    from lvsnet.docker import session

    return session.run(_running(lab, node), argv, environment)


def shell(lab: str, node: str, argv: Sequence[str], environment: Mapping[str, str]) -> int:
    from lvsnet.docker import shell

    return shell.run(_running(lab, node), argv, environment)


def pipe(lab: str, node: str, argv: Sequence[str], stdin: int, stdout: int) -> tuple[int, str]:
    from lvsnet.docker import pipes

    return pipes.run(_running(lab, node), argv, stdin, stdout)


def relay(lab: str, node: str, hosts: Sequence[str], port: int, end: socket.socket) -> None:
    from lvsnet.docker import reach, relaying
    from lvsnet.engine import dial

    with end:
        container = _running(lab, node)
        if reach.is_root(api.maker()):
            dial.relay(container.pid, hosts, port, end)
        else:
            relaying.relay(container, hosts, port, end)


def changes(lab: str, node: str) -> list[Change]:
    from lvsnet.docker import changes

    container = _container(lab, node)
    return [] if container is None else changes.of(container)


def logs(lab: str, node: str, *, follow: bool) -> int:
    from lvsnet.docker import follower

    container = _container(lab, node)
    if container is None:
        raise _off(node)
    sys.stdout.flush()
    return follower.copy(container.name, follow=follow)


def stop(lab: str, node: str) -> None:
    _wired_by_lvsnet(lab)
    _operations().stop(lab, node)


def start(lab: str, node: str, report: Report) -> None:
    _wired_by_lvsnet(lab)
    _operations().start(lab, node, report)


def reconfigure(record: Record, settle: float, report: Report) -> None:
    """Also has the engine have the images of the record's nodes."""
    lab = record.plan.lab
    if _containerlab_made(lab):
        raise LvsnetError(
            f"containerlab wired lab {lab}, so lvsnet cannot change it while it runs; "
            f"`lvsnet destroy {lab}` and deploy it again, or use --runtime docker"
        )
    from lvsnet.docker import engine, images
    from lvsnet.engine.runtimes import docker_images

    client = engine.connect()
    try:
        images.ensure(client, record.plan.nodes, report)
        plan = docker_images.with_images(client, record.plan)
    finally:
        client.close()
    _operations().reconfigure(replace(record, plan=plan), settle, report)


def clock(_lab: str) -> Clock:
    from lvsnet.control.clock import REAL

    return REAL


def set_clock(lab: str, _mode: str, _speed: float) -> Clock:
    raise _has_no_other(lab)


def advance(lab: str, _by: int) -> Clock:
    raise _has_no_other(lab)


def until(lab: str, _condition: Condition, _limit: float, _report: Report) -> Reached:
    raise _has_no_other(lab)


def destroy(lab: str) -> None:
    if _containerlab_made(lab):
        from lvsnet.export import containerlab

        containerlab.destroy(lab)
        return
    _operations().destroy(lab)


def act(lab: str, name: str, request: Mapping[str, object], report: Report) -> object:
    return _operations().act(lab, name, request, report)


def follow(lab: str, name: str, request: Mapping[str, object], report: Report) -> None:
    _operations().follow(lab, name, request, report)


def _has_no_other(lab: str) -> LvsnetError:
    """Of clocks than the machine's."""
    from lvsnet.control.clock import refusal

    return refusal(lab)


def _operations() -> Operations:
    from lvsnet.docker import reach

    return reach.operations()


def _wired_by_lvsnet(lab: str) -> None:
    if _containerlab_made(lab):
        raise LvsnetError(
            f"containerlab wired lab {lab}, so lvsnet cannot take a node's wires away and put them "
            "back; with --runtime docker it can"
        )


def _containerlab_made(lab: str) -> bool:
    """Whether containerlab deployed a lab; one of which half is left was not, for all we know."""
    from lvsnet.docker import labels

    try:
        found = labels.about_of([one.labels for one in _containers(lab)])
    except LvsnetError:
        return False
    return found.runtime == "containerlab"


def _containers(lab: str) -> list[api.Container]:
    found = api.containers([f"{LAB}={lab}", NODE])
    if not found:
        raise LvsnetError(f"lab {lab} does not run")
    return found


def _container(lab: str, node: str) -> api.Container | None:
    """None for a node that has none: it was off when the lab was changed.

    Raises:
        LvsnetError: there is no such node.
    """
    found = _containers(lab)
    for one in found:
        if one.labels[NODE] == node:
            return one
    names = nodes(lab)
    if node not in names:
        raise LvsnetError(f"lab {lab} has no node {node}; it has {', '.join(names)}")
    return None


def _running(lab: str, node: str) -> api.State:
    """A node's container, to run commands in."""
    state = _state(f"lvsnet-{lab}-{node}")
    if state is None or state.labels.get(LAB) != lab:
        container = _container(lab, node)
        state = _state(container.id) if container else None
    if state is None or not state.running:
        raise _off(node)
    if state.paused:
        from lvsnet.engine.runtime import stands_still

        raise stands_still(node)
    return state


def _state(container: str) -> api.State | None:
    """None when there is no such container."""
    try:
        return api.inspect(container)
    except api.RefusedError as error:
        if error.status != 404:
            raise
        return None


def _off(node: str) -> LvsnetError:
    return LvsnetError(f"{node} does not run; `lvsnet start {node}` starts it")
