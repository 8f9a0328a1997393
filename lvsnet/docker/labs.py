"""Labs in Docker's containers: a `lvsnet.control.place.Place`.

Also those that containerlab deployed from a lab's topology: their containers have the same labels.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lvsnet.docker import api
from lvsnet.errors import LvsnetError, SilenceError
from lvsnet.progress import Report

if TYPE_CHECKING:
    from lvsnet.docker.reach import Operations
    from lvsnet.engine.runtime import About, Record
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
    return _record(lab).about


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


def logs(lab: str, node: str, *, follow: bool) -> int:
    from lvsnet.docker import follower

    name = _container(lab, node).name
    sys.stdout.flush()
    return follower.copy(name, follow=follow)


def stop(lab: str, node: str) -> None:
    _wired_by_lvsnet(lab)
    _operations().stop(lab, node)


def start(lab: str, node: str, report: Report) -> None:
    _wired_by_lvsnet(lab)
    _operations().start(lab, node, report)


def destroy(lab: str) -> None:
    if _containerlab_made(lab):
        from lvsnet.export import containerlab

        containerlab.destroy(lab)
        return
    _operations().destroy(lab)


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
    try:
        return about(lab).runtime == "containerlab"
    except LvsnetError:
        return False


def _record(lab: str) -> Record:
    from lvsnet.docker import labels

    return labels.record_of([one.labels for one in _containers(lab)])


def _containers(lab: str) -> list[api.Container]:
    found = api.containers([f"{LAB}={lab}", NODE])
    if not found:
        raise LvsnetError(f"lab {lab} does not run")
    return found


def _container(lab: str, node: str) -> api.Container:
    there = {one.labels[NODE]: one for one in _containers(lab)}
    if node not in there:
        raise LvsnetError(f"lab {lab} has no node {node}; it has {', '.join(sorted(there))}")
    return there[node]


def _running(lab: str, node: str) -> api.State:
    """A node's container, to run commands in."""
    try:
        state = api.inspect(f"lvsnet-{lab}-{node}")
    except api.RefusedError as error:
        if error.status != 404:
            raise
        state = api.inspect(_container(lab, node).id)
    if state.labels.get(LAB) != lab:
        state = api.inspect(_container(lab, node).id)
    if not state.running:
        raise LvsnetError(f"{node} does not run; `lvsnet start {node}` starts it")
    return state
