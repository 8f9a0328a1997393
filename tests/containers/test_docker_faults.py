"""Faults in containers of a real Docker engine: what differs there from the other runtimes."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lvsnet.control import faults
from lvsnet.docker import api, images, labs
from lvsnet.docker.engine import connect
from lvsnet.engine import deploy as engine_deploy
from lvsnet.engine.runtime import About, Record
from lvsnet.engine.runtimes import docker_power
from lvsnet.engine.runtimes.docker import Docker
from lvsnet.errors import LvsnetError
from lvsnet.faults import grammar
from lvsnet.host import leftovers
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.progress import silent

NAME = f"broken-{os.getpid()}"
LAB = f"""
name: {NAME}
segments: {{lan: 192.168.10.0/24}}
nodes:
  client: {{role: client, interfaces: {{lan: 192.168.10.10}}}}
  web: {{role: realserver, interfaces: {{lan: 192.168.10.13}}}}
"""
RUNTIME = Docker()


def written(directory: Path) -> Record:
    file = directory / "lab.yaml"
    file.write_text(LAB)
    return Record(About(str(file), "docker", "host", "a test", 0), compile_lab(load(file)))


@pytest.fixture(scope="module", autouse=True)
def lab(engine: str) -> Iterator[Record]:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as directory:
        patch.setenv("DOCKER_HOST", engine)
        patch.setenv("LVSNET_STATE_DIR", f"{directory}/state")
        record = written(Path(directory))
        client = connect()
        images.ensure(client, record.plan.nodes, silent)
        client.close()
        try:
            engine_deploy.deploy(record, RUNTIME, silent)
            yield record
        finally:
            engine_deploy.destroy(NAME, RUNTIME)
        assert not leftovers.faults_of(NAME).exists()


@pytest.fixture(autouse=True)
def _mended() -> Iterator[None]:
    yield
    breaks("clear")


def breaks(words: str) -> None:
    faults.give(labs, NAME, grammar.parse(words), silent)


def standing() -> list[str]:
    return [str(fault) for fault in faults.standing(labs, NAME)]


def page() -> tuple[int, str]:
    code, output = RUNTIME.run(NAME, "client", ["curl", "-s", "-m", "1", "192.168.10.13"], 20)
    return code, output.strip()


def test_a_cable(lab: Record) -> None:
    assert lab
    assert page() == (0, "web")
    breaks("link down web:lan")
    assert page()[0] != 0
    assert standing() == ["link down web:eth1"]
    assert json.loads(leftovers.faults_of(NAME).read_text())
    breaks("link up web:eth1")
    assert page() == (0, "web")


def test_what_bridges_do_not_pass_on() -> None:
    breaks("drop web tcp/80 in")
    assert page()[0] == 28
    breaks("pass web tcp/80")
    breaks("partition client from web")
    breaks("drop client udp/53")
    assert page()[0] in (7, 28)
    breaks("heal")
    assert page() == (0, "web")
    assert standing() == ["drop client udp/53"]


def test_a_frozen_container() -> None:
    breaks("freeze web")
    assert RUNTIME.frozen(NAME, "web")
    assert page()[0] == 28
    with pytest.raises(LvsnetError, match=r"web is frozen, .*`lvsnet fault thaw web`"):
        labs.run(NAME, "web", "true")
    with pytest.raises(LvsnetError, match="web is frozen"):
        RUNTIME.run(NAME, "web", ["true"], 20)
    breaks("thaw web")
    assert page() == (0, "web")


def test_one_that_was_frozen_by_signals_goes_on() -> None:
    identity = api.inspect(f"lvsnet-{NAME}-web").id
    assert docker_power._stop(identity)
    assert RUNTIME.frozen(NAME, "web")
    assert page()[0] == 28
    RUNTIME.thaw(NAME, ["web"])
    assert not RUNTIME.frozen(NAME, "web")
    assert page() == (0, "web")


def test_a_daemon_that_is_killed_and_started_again() -> None:
    breaks("kill web nginx")
    assert standing() == ["kill web nginx"]
    assert page()[0] == 7
    breaks("revive web nginx")
    assert page() == (0, "web")


def test_power() -> None:
    for words in ("freeze web", "link down client:eth1", "stop web"):
        breaks(words)
    assert standing() == ["stop web", "link down client:eth1"]
    breaks("start web")
    assert standing() == ["link down client:eth1"]
    breaks("clear")
    assert page() == (0, "web")
