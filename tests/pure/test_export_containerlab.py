"""Labs that containerlab runs: what is written, deployed, taken back."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from containerlab_fake import Fake, install
from test_export_topology import plan_of

from lvsnet.containerlab import LeftoverError
from lvsnet.engine.runtime import About, Record
from lvsnet.errors import LvsnetError
from lvsnet.export import containerlab as labs
from lvsnet.plan.model import Node
from lvsnet.progress import Report, silent


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    found = install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{found.home}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("LVSNET_CONTAINERLAB_IMAGE", raising=False)
    return found


def nothing() -> None:
    return


def deploy(report: Report = silent, settled: Callable[[], None] = nothing) -> None:
    plan = plan_of()
    labs.deploy(
        Record(About("", "containerlab", "host", "", 0), plan),
        {node.name: "lvsnet/client:key" for node in plan.nodes},
        "lvsnet/base:key",
        node_labels,
        last_words,
        settled,
        report,
    )


def last_words(node: str) -> str:
    return f"the last words of {node}\n"


def node_labels(node: Node) -> dict[str, str]:
    return {"lvsnet.node": node.name}


def running(topology: Path) -> str:
    container = {"lab_name": "dr", "name": "lvsnet-dr-lb01", "state": "running"}
    return json.dumps({"dr": [{**container, "absLabPath": str(topology)}]})


def test_a_lab_is_deployed_from_its_own_directory(fake: Fake) -> None:
    lines: list[str] = []
    fake.answer(
        "deploy", "{}", log="INFO Executed command node=a\nINFO Creating container name=a\n"
    )
    deploy(lines.append)
    assert lines == ["containerlab 0.79.0 deploys dr", "INFO Creating container name=a"]
    assert (labs.home("dr") / "dr.clab.yml").is_file()
    netplan = labs.home("dr") / "nodes/lb01/files/etc/netplan/50-lvsnet.yaml"
    assert netplan.stat().st_mode & 0o777 == 0o600
    assert [call[0] for call in fake.calls() if call[1] == "deploy"] == [str(labs.home("dr"))]


def test_a_failure_leaves_nothing_and_quotes_the_node(fake: Fake) -> None:
    log = 'ERRO Failed to execute command command="sh /.lvsnet/start-nginx" node=nginx01 rc=1\n'
    fake.answer("deploy", "{}", log=log)
    with pytest.raises(LvsnetError, match="nginx01 said:\nthe last words of nginx01"):
        deploy()
    # The second one is the guard's: whatever came of the first.
    assert fake.commands() == ["deploy", "destroy", "destroy"]
    assert not labs.home("dr").exists()


def test_a_site_that_does_not_come_up_is_taken_back(fake: Fake) -> None:
    def never() -> None:
        raise LvsnetError("the site is not up")

    fake.answer("deploy", "{}")
    with pytest.raises(LvsnetError, match="the site is not up"):
        deploy(settled=never)
    assert fake.commands() == ["deploy", "destroy"]
    assert not labs.home("dr").exists()


def test_a_deployment_that_is_killed_is_taken_back(fake: Fake) -> None:
    fake.answer("deploy", "{}")
    child = os.fork()
    if child == 0:
        deploy(settled=lambda: os.kill(os.getpid(), signal.SIGKILL))
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    until = time.monotonic() + 10
    while fake.commands() != ["deploy", "destroy"]:
        assert time.monotonic() < until, fake.commands()
        time.sleep(0.02)


def test_a_node_that_can_say_nothing_does_not_hide_the_failure(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_node: str) -> str:
        raise LvsnetError("the container is gone")

    monkeypatch.setattr("test_export_containerlab.last_words", gone)
    fake.answer("deploy", "{}", log="ERRO Failed to execute command node=nginx01 rc=1\n" * 10000)
    with pytest.raises(LvsnetError, match=r"Failed to execute(.|\n)*the container is gone"):
        deploy()


def test_what_is_left_keeps_its_topology(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    def left(*_arguments: object) -> None:
        raise LeftoverError("left")

    monkeypatch.setattr("lvsnet.containerlab.deploy", left)
    with pytest.raises(LeftoverError):
        deploy()
    assert (labs.home("dr") / "dr.clab.yml").is_file()
    assert fake.commands() == ["destroy"]  # the guard's last attempt


def test_an_old_containerlab_is_refused_before_anything_is_made(fake: Fake) -> None:
    fake.answer("version", "    version: 0.77.0\n")
    with pytest.raises(LvsnetError, match=r"is version 0.77.0, and 0.78.0 is needed"):
        deploy()
    assert not labs.home("dr").exists()


def test_a_build_without_a_version_is_taken(fake: Fake) -> None:
    fake.answer("version", "    version: 0.0.0\n")
    fake.answer("deploy", "{}")
    deploy()
    assert fake.commands() == ["deploy"]


def test_a_lab_that_runs_keeps_its_directory(fake: Fake) -> None:
    fake.answer("deploy", "{}")
    deploy()
    fake.answer("inspect", running(labs.home("dr") / "dr.clab.yml"))
    with pytest.raises(LvsnetError, match="containerlab runs a lab dr already"):
        deploy()
    assert (labs.home("dr") / "dr.clab.yml").is_file()


def test_a_path_that_docker_cannot_mount_is_told(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a:b"))
    with pytest.raises(LvsnetError, match="a colon in the path"):
        deploy()
    assert fake.commands() == []


def test_a_lab_is_destroyed_by_the_topology_that_it_was_made_from(
    fake: Fake, tmp_path: Path
) -> None:
    # Another user's cache: lvsnet was called by sudo before.
    topology = tmp_path / "elsewhere" / "dr.clab.yml"
    topology.parent.mkdir()
    topology.write_text("name: dr\n")
    fake.answer("inspect", running(topology))
    labs.destroy("dr")
    destroyed = [call for call in fake.calls() if call[1] == "destroy"]
    assert destroyed == [
        [str(topology.parent), "destroy", "--topo", "dr.clab.yml", "--cleanup"],
    ]


def test_a_lab_whose_topology_is_gone_is_destroyed_by_its_name(fake: Fake, tmp_path: Path) -> None:
    fake.answer("inspect", running(tmp_path / "gone.clab.yml"))
    labs.destroy("dr")
    assert [call[2:] for call in fake.calls() if call[1] == "destroy"] == [
        ["--name", "dr", "--cleanup"]
    ]


def test_destroying_what_does_not_run_is_fine(fake: Fake) -> None:
    fake.answer("deploy", "{}")
    deploy()
    labs.destroy("dr")
    assert fake.commands() == ["deploy"]
    assert not labs.home("dr").exists()
