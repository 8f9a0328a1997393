"""The wrapper of containerlab: its command lines, its failures, its ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from containerlab_fake import Fake, install
from test_containerlab_json import EXEC, INSPECT

from lvsnet import containerlab
from lvsnet.containerlab import Containerlab
from lvsnet.errors import LvsnetError

# The form of its log since 0.65 (charmbracelet/log), when it writes to a pipe.
EXECUTED = '20:16:02 INFO Executed command node=lb01 command="ip link set lo up" stdout=""\n'
FAILED = (
    '20:16:02 ERRO Failed to execute command command="sh /.lvsnet/start-nginx" node=lb01 rc=1\n'
    "  stderr=\n"
    "  │ nginx ended at once\n"
)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    found = install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{found.home}:{os.environ['PATH']}")
    monkeypatch.delenv(containerlab.IMAGE_VARIABLE, raising=False)
    return found


@pytest.fixture
def topology(tmp_path: Path) -> Path:
    path = tmp_path / "lab" / "dr.clab.yml"
    path.parent.mkdir()
    path.write_text("name: dr\ntopology: {}\n")
    return path


def test_the_local_program_is_called_as_it_is() -> None:
    line = containerlab.command_line(Containerlab(), Path("/labs"), ["inspect", "--all"], "")
    assert line == ["containerlab", "inspect", "--all"]


def test_its_image_is_run_as_its_documentation_says() -> None:
    tool = Containerlab(image="clab:0.79", socket="/run/user/1000/docker.sock")
    line = containerlab.command_line(tool, Path("/labs"), ["deploy", "--topo", "a.yml"], "name1")
    assert " ".join(line) == (
        "docker run --rm --name name1 --privileged --network host --pid host "
        "--volume /run/user/1000/docker.sock:/var/run/docker.sock "
        "--volume /var/run/netns:/var/run/netns "
        "--volume /etc/hosts:/etc/hosts "
        "--volume /var/lib/docker/containers:/var/lib/docker/containers "
        "--volume /labs:/labs --workdir /labs "
        "clab:0.79 containerlab deploy --topo a.yml"
    )


def test_each_command_has_its_line(fake: Fake, topology: Path, tmp_path: Path) -> None:
    tool = containerlab.find()
    fake.answer("deploy", INSPECT)
    fake.answer("exec", EXEC)
    containerlab.deploy(tool, topology)
    containerlab.execute(tool, topology, "lb01", ["sh", "-c", "echo $HOME 'a b'"])
    containerlab.execute(tool, topology, "", ["true"])
    containerlab.save(tool, topology)
    containerlab.save(tool, topology, tmp_path / "kept")
    containerlab.destroy(tool, topology)
    containerlab.destroy_named(tool, "dr")
    containerlab.inspect(tool, "dr")
    containerlab.inspect(tool)
    quoted = """sh -c 'echo $HOME '"'"'a b'"'"''"""
    assert [" ".join(call[1:]) for call in fake.calls()] == [
        "inspect --all --format json",
        "deploy --topo dr.clab.yml --format json",
        f"exec --topo dr.clab.yml --label clab-node-name=lb01 --cmd {quoted} --format json",
        "exec --topo dr.clab.yml --cmd true --format json",
        "save --topo dr.clab.yml",
        f"save --topo dr.clab.yml --copy {tmp_path}/kept",
        "destroy --topo dr.clab.yml --cleanup",
        "destroy --name dr --cleanup",
        "inspect --name dr --format json",
        "inspect --all --format json",
    ]
    # containerlab makes the lab's directory where it is called.
    assert fake.calls()[1][0] == str(topology.parent)


def test_a_deployment_gives_the_containers_and_its_progress(fake: Fake, topology: Path) -> None:
    fake.answer("deploy", INSPECT, log=EXECUTED)
    lines: list[str] = []
    found = containerlab.deploy(containerlab.find(), topology, lines.append)
    assert [container.name for container in found] == ["lvsnet-dr-lb01", "clab-vlan-client1"]
    assert lines == [EXECUTED.rstrip("\n")]
    assert fake.commands() == ["deploy"]


def test_a_failed_deployment_is_quoted_and_destroyed(fake: Fake, topology: Path) -> None:
    log = "".join(f"line {number}\n" for number in range(20)) + "Error: no such image\n"
    fake.answer("deploy", log=log, code=1)
    with pytest.raises(LvsnetError, match=r"line 11\n(.*\n)*Error: no such image") as failure:
        containerlab.deploy(containerlab.find(), topology)
    assert "line 10\n" not in str(failure.value)
    assert fake.commands() == ["deploy", "destroy"]


def test_a_command_that_fails_inside_fails_the_deployment(fake: Fake, topology: Path) -> None:
    fake.answer("deploy", INSPECT, log=EXECUTED + FAILED + EXECUTED)
    with pytest.raises(LvsnetError) as failure:
        containerlab.deploy(containerlab.find(), topology)
    assert str(failure.value) == (
        f"dr.clab.yml: a command of the topology's failed:\n{FAILED.rstrip()}"
    )
    assert fake.commands() == ["deploy", "destroy"]


def test_a_topology_that_cannot_be_read_leaves_nothing(fake: Fake, topology: Path) -> None:
    fake.answer("deploy", log="Error: first\n", code=1)
    fake.answer("destroy", log="Error: second\n", code=1)
    with pytest.raises(LvsnetError, match="first") as failure:
        containerlab.deploy(containerlab.find(), topology)
    assert not isinstance(failure.value, containerlab.LeftoverError)


def test_what_cannot_be_destroyed_is_said_to_be_left(fake: Fake, topology: Path) -> None:
    fake.answer("deploy", log="Error: first\n", code=1, then=INSPECT)
    fake.answer("destroy", log="Error: second\n", code=1)
    with pytest.raises(containerlab.LeftoverError, match=r"first\nWhat was made (.|\n)*second"):
        containerlab.deploy(containerlab.find(), topology)


def test_a_lab_that_runs_is_left_alone(fake: Fake, topology: Path) -> None:
    fake.answer("inspect", INSPECT)
    with pytest.raises(LvsnetError, match="lab dr runs already: lvsnet-dr-lb01 is running"):
        containerlab.deploy(containerlab.find(), topology)
    assert fake.commands() == []


def test_one_that_hangs_is_ended_and_destroyed(
    fake: Fake, topology: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lvsnet.containerlab_process.STUBBORN_S", 0.1)
    fake.answer("deploy", log="waiting for a node\n", sleep=60)
    begun = time.monotonic()
    with pytest.raises(LvsnetError, match=r"no end after 1 s; its last lines:\nwaiting"):
        containerlab.deploy(containerlab.find(), topology, deadline=1)
    assert time.monotonic() - begun < 10
    assert fake.commands() == ["deploy", "destroy"]


def test_ctrl_c_ends_it_and_destroys(fake: Fake, topology: Path) -> None:
    fake.answer("deploy", log="begun\n", sleep=60)
    program = (
        "import pathlib, sys\n"
        "from lvsnet import containerlab, containerlab_process as process\n"
        "process.STUBBORN_S = 0.1\n"
        "topology = pathlib.Path(sys.argv[1])\n"
        "tell = lambda line: print(line, flush=True)\n"
        "containerlab.deploy(containerlab.find(), topology, tell)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(topology)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) != 0
    assert fake.commands() == ["deploy", "destroy"]


def test_a_failing_command_is_a_result(fake: Fake, topology: Path) -> None:
    fake.answer("exec", EXEC)
    done = containerlab.execute(containerlab.find(), topology, "lb01", ["cat", "/nothing"])
    assert [result.code for result in done] == [0, 1, 0, 0]


def test_a_command_that_ran_nowhere_is_a_failure(fake: Fake, topology: Path) -> None:
    fake.answer("exec", "{}")
    with pytest.raises(LvsnetError, match="ran in no node lb09"):
        containerlab.execute(containerlab.find(), topology, "lb09", ["true"])


def test_the_version_is_told(fake: Fake) -> None:
    assert containerlab.version(containerlab.find()) == (0, 79, 0)
    fake.answer("version", "nothing")
    with pytest.raises(LvsnetError, match="says no version"):
        containerlab.version(containerlab.find())


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("Error: this containerlab command requires root privileges or root via SUID", "use sudo"),
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock", "Docker engine"),
        ("line 5: field cap-add not found in type types.NodeDefinition", "too old"),
    ],
)
def test_what_fails_often_comes_with_advice(fake: Fake, said: str, advice: str) -> None:
    fake.answer("inspect", log=f"{said}\n", code=1)
    with pytest.raises(LvsnetError, match=advice):
        containerlab.inspect(containerlab.find())


def test_without_containerlab_it_is_said_what_to_install() -> None:
    with pytest.raises(LvsnetError) as failure:
        containerlab.find({"PATH": "/nowhere"})
    for words in (containerlab.INSTALLATION, containerlab.IMAGE_VARIABLE, "--runtime docker"):
        assert words in str(failure.value)


def test_an_image_is_taken_from_the_environment(tmp_path: Path) -> None:
    path = str(install(tmp_path / "bin", "docker").home)
    tool = containerlab.find({"PATH": path, "LVSNET_CONTAINERLAB_IMAGE": "clab"})
    assert tool == Containerlab(image="clab")
    environment = {"PATH": path, "LVSNET_CONTAINERLAB_IMAGE": "clab"}
    tool = containerlab.find({**environment, "DOCKER_HOST": "unix:///run/d.sock"})
    assert tool.socket == "/run/d.sock"
    with pytest.raises(LvsnetError, match="DOCKER_HOST is tcp://far:2375"):
        containerlab.find({**environment, "DOCKER_HOST": "tcp://far:2375"})
    with pytest.raises(LvsnetError, match="no program docker"):
        containerlab.find({**environment, "PATH": "/nowhere"})


def test_a_program_that_is_gone_is_told(topology: Path) -> None:
    with pytest.raises(LvsnetError, match="cannot run /nowhere/clab"):
        containerlab.destroy(Containerlab(program="/nowhere/clab"), topology)
