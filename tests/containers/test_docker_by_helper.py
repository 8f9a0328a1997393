"""A user of the docker group who is not root: a privileged container wires, or it is refused."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lvsnet.docker import api, helper, images, labs
from lvsnet.docker.engine import connect
from lvsnet.engine import capabilities, namespaces
from lvsnet.engine.runtime import About, Record
from lvsnet.engine.runtimes.docker import Docker
from lvsnet.errors import LvsnetError
from lvsnet.lab.load import load
from lvsnet.observe import capturing
from lvsnet.observe.capture_model import Capture, Tapped
from lvsnet.plan import codec
from lvsnet.plan.compile import compile_lab
from lvsnet.progress import silent

LAB = """
name: {name}
segments: {{lan: 10.0.0.0/24}}
nodes:
  a: {{role: host, interfaces: {{lan: 10.0.0.1}}}}
  web: {{role: realserver, interfaces: {{lan: 10.0.0.2}}}}
"""
NAME = f"helped-{os.getpid()}"


@pytest.fixture
def lab(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Record]:
    monkeypatch.setenv("DOCKER_HOST", engine)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "lab.yaml"
        file.write_text(LAB.format(name=NAME))
        record = Record(About(str(file), "docker", "host", "", 0), compile_lab(load(file)))
    client = connect()
    images.ensure(client, record.plan.nodes, silent)
    client.close()
    yield record
    Docker().remove(NAME)
    namespaces.remove_fabric(NAME)


def may_privilege() -> bool:
    return not capabilities.known() - capabilities.of_process(api.maker().pid)


def test_a_helper_wires_a_lab_and_takes_it_away(lab: Record) -> None:
    if not may_privilege():
        pytest.skip("the engine may not make a container privileged")
    said: list[str] = []
    helper.deploy(lab, 0, said.append)
    assert any("create a, web" in line for line in said)
    a, web = helper.look(NAME).nodes
    assert a.running
    assert web.daemons == (("nginx", True),)
    assert labs.run(NAME, "a", "curl", "-s", "10.0.0.2") == (0, "web\n", "")
    captured()
    helper.stop(NAME, "web")
    helper.start(NAME, "web", silent)
    assert labs.run(NAME, "a", "curl", "-s", "10.0.0.2") == (0, "web\n", "")
    with pytest.raises(LvsnetError, match=f"lab {NAME} runs already"):
        helper.deploy(lab, 0, silent)
    helper.destroy(NAME)
    assert api.containers([f"lvsnet.lab={NAME}"]) == []
    assert not namespaces.of_fabric(NAME).exists()


class SeenError(Exception):
    """What was waited for has been seen."""


def captured() -> None:
    """A helper tells what passes, until nobody wants to know any more; then it is gone."""
    reading = capturing.Reading()
    kinds: list[str] = []

    def told(line: str) -> None:
        begun = reading.begun
        for frame in reading.take(json.loads(line)) if line else ():
            kinds.append(reading.in_words(frame).kind)
        if reading.begun != begun:
            assert labs.run(NAME, "a", "curl", "-s", "10.0.0.2") == (0, "web\n", "")
        if "tcp-syn-ack" in kinds:
            raise SeenError

    wanted = codec.encode(Capture((Tapped("a", ()),), ()))
    with pytest.raises(SeenError):
        helper.follow(NAME, "look.capture", {"capture": wanted}, told)
    assert "tcp-syn" in kinds
    assert api.containers([helper.LABEL]) == []


def test_an_engine_that_gives_no_privilege_is_told_with_the_way_out(lab: Record) -> None:
    if may_privilege():
        pytest.skip("the engine may make a container privileged")
    with pytest.raises(LvsnetError, match=r"(?s)the helper container: start it: .*Run lvsnet as r"):
        helper.deploy(lab, 0, silent)
    assert api.containers([f"lvsnet.lab={NAME}"]) == []
    assert api.containers([helper.LABEL]) == []
