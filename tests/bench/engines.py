"""How long the engine takes on this machine's kernel to make plain nodes and take them away."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rows import DEADLINE, Row, command, measure, show

from lvsnet.engine import deploy as engine
from lvsnet.engine.runtime import About, Record, Runtime
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.progress import silent

EMBEDDED = {5: (0.25, 0.15), 50: (1.5, 0.4), 200: (5.0, 1.5)}
"""Nodes -> seconds that bringing them up and down may take."""
DOCKER = {5: (0.0, 0.0), 20: (2.7, 1.0)}
"""The same of Docker; five are compared with `docker run` only."""
RATIO = 1.25
"""How much longer than as many parallel `docker run` nodes may take."""
ROUNDS = 3


def embedded(directory: Path) -> None:
    """Containers by crun, without a daemon."""
    from lvsnet.host import labs
    from lvsnet.image import tree

    runtime = labs.runtime(tree.ensure(silent))
    rows = []
    for nodes, (up, down) in EMBEDDED.items():
        rows += _rows("crun", _record(directory, nodes), runtime, up, down)
    measure(rows, ROUNDS)
    show("crun, this machine's kernel", rows)


def docker(directory: Path, host: str, lvsnet: str) -> None:
    """Containers of a Docker engine, beside what its own command does."""
    from lvsnet.docker import images
    from lvsnet.docker.engine import connect
    from lvsnet.engine.runtimes.docker import Docker

    with _environment("DOCKER_HOST", host):
        records = {nodes: _record(directory, nodes) for nodes in DOCKER}
        client = connect()
        first = records[5].plan.nodes
        images.ensure(client, first, silent)
        runtime = Docker()
        rows, ratios = [], []
        for nodes, (up, down) in DOCKER.items():
            by_hand = _by_hand(images.image_for(first[0]), nodes)
            ours = _rows("Docker", records[nodes], runtime, up, down)
            rows += [*by_hand, *ours]
            ratios += [(nodes, ours[0], by_hand[0])] if by_hand else []
        measure(rows, ROUNDS)
        exec_rows = _exec(records[5], runtime, lvsnet)
        show("Docker, this machine's kernel", [*rows, *exec_rows])
        for nodes, one, other in ratios:
            print(
                f"{nodes} nodes take {one.middle / other.middle:.2f} times as long as docker run;"
                f" the aim is {RATIO}"
            )


def _exec(record: Record, runtime: Runtime, lvsnet: str) -> list[Row]:
    engine.deploy(record, runtime, silent)
    try:
        node = f"{record.plan.lab}/{record.plan.nodes[0].name}"
        rows = [Row("lvsnet exec NODE true", command([lvsnet, "exec", node, "true"]), 0.35)]
        measure(rows, 2 * ROUNDS)
    finally:
        engine.destroy(record.plan.lab, runtime)
    return rows


def _rows(title: str, record: Record, runtime: Runtime, up: float, down: float) -> list[Row]:
    lab, nodes = record.plan.lab, len(record.plan.nodes)
    return [
        Row(f"{title}: {nodes} nodes up", lambda: engine.deploy(record, runtime, silent), up),
        Row(f"{title}: {nodes} nodes down", lambda: engine.destroy(lab, runtime), down),
    ]


def _by_hand(image: str, nodes: int) -> list[Row]:
    """Parallel `docker run`, and the end of what they started; nothing without the command."""
    program = shutil.which("docker")
    if program is None:
        return []
    names = [f"lvsnet-bench-by-hand-{number}" for number in range(nodes)]

    def run() -> None:
        options = ["--detach", "--network", "none", "--cap-add", "NET_ADMIN"]
        running = [
            subprocess.Popen(
                [program, "run", *options, "--name", name, image], stdout=subprocess.DEVNULL
            )
            for name in names
        ]
        codes = [one.wait(DEADLINE) for one in running]
        if any(codes):
            raise SystemExit("docker run failed")

    return [
        Row(f"docker run, {nodes} at once", run),
        Row(f"docker rm --force of the {nodes}", command([program, "rm", "--force", *names])),
    ]


def _record(directory: Path, nodes: int) -> Record:
    """A lab of plain hosts in one segment."""
    lines = [f"name: bench-{nodes}", "segments: {lan: 10.0.0.0/16}", "nodes:"]
    lines += [
        f"  n{number}: {{role: host, interfaces: {{lan: 10.0.1.{number}}}}}"
        for number in range(1, nodes + 1)
    ]
    file = directory / f"bench-{nodes}.yaml"
    file.write_text("\n".join([*lines, ""]))
    return Record(
        About(str(file), "", f"host {os.uname().release}", "", 0), compile_lab(load(file))
    )


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, value)
        yield
