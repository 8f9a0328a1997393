"""What a topology's container runs, with its image and without."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from grp import getgrnam
from pathlib import Path
from pwd import getpwnam

import pytest

from lvsnet.engine.runtimes.docker_images import Image, image_of, with_image
from lvsnet.plan import topology_process
from lvsnet.plan.model import Daemon, Node, Plan, Process
from lvsnet.plan.topology_process import only_waits, remark, without_images

SERVER = Image(("/entry.sh",), ("serve", "--all"), "www", "/srv")
NOBODY = getpwnam("nobody")
BUSYBOX = shutil.which("busybox")


def node(
    name: str = "a",
    image: str = "web:1",
    entrypoint: tuple[str, ...] = (),
    command: tuple[str, ...] = (),
    user: str = "",
) -> Node:
    return Node(
        name=name,
        role="host",
        interfaces=(),
        addresses=(),
        routes=(),
        sysctls=(),
        files=(),
        daemons=(),
        commands=(),
        environment=(),
        capabilities=(),
        privileged=True,
        image=image,
        process=(Process(entrypoint, command, user, stage=3),),
    )


def plan(*nodes: Node) -> Plan:
    return Plan("x", (), nodes, (), (), ())


def run_by(daemon: Daemon) -> tuple[str, tuple[str, ...]]:
    """The user, empty for root, and what a daemon becomes."""
    words = daemon.argv
    return words[words.index("sh", 3) + 3], words[words.index("sh", 3) + 4 :]


@pytest.mark.parametrize(
    ("entrypoint", "command", "argv"),
    [
        ((), (), ("/entry.sh", "serve", "--all")),
        ((), ("other",), ("/entry.sh", "other")),
        (("init",), (), ("init",)),
        (("init", "-x"), ("other",), ("init", "-x", "other")),
    ],
)
def test_an_image_says_what_a_topology_leaves_open(
    entrypoint: tuple[str, ...], command: tuple[str, ...], argv: tuple[str, ...]
) -> None:
    made = with_image(node(entrypoint=entrypoint, command=command), SERVER)
    (daemon,) = made.daemons
    assert (daemon.name, daemon.stage) == ("main", 3)
    assert run_by(daemon) == ("www", argv)
    assert daemon.argv[0] == "/.lvsnet/busybox"
    assert (made.image, made.directory, made.process) == ("web:1", "/srv", ())


def test_a_topologys_user_takes_the_place_of_the_images() -> None:
    (daemon,) = with_image(node(user="nobody:nogroup"), SERVER).daemons
    assert run_by(daemon)[0] == "nobody:nogroup"
    (daemon,) = with_image(node(user="root"), SERVER).daemons
    assert run_by(daemon)[0] == ""


def test_an_image_that_runs_nothing_runs_nothing() -> None:
    bare = image_of({"Entrypoint": None, "Cmd": None, "User": "", "WorkingDir": ""})
    made = with_image(node(), bare)
    assert (made.daemons, made.directory) == ((), "/")


def test_fields_of_an_image_are_read() -> None:
    said = {"Entrypoint": ["/e"], "Cmd": ["c", "d"], "User": "1:2", "WorkingDir": "/w"}
    assert image_of(said) == Image(("/e",), ("c", "d"), "1:2", "/w")
    assert image_of({}) == Image((), (), "", "")


def test_without_images_runs_what_is_known() -> None:
    known, bare = node(command=("serve", "x")), node("b")
    options = node("c", command=("--verbose",))
    first, second, third = without_images(plan(known, bare, options)).nodes
    assert run_by(first.daemons[0]) == ("", ("serve", "x"))
    assert first.daemons[0].argv[0] == "/bin/busybox"
    assert second.daemons == third.daemons == ()
    assert [one.image for one in (first, second, third)] == ["", "", ""]
    assert without_images(plan(first, second)) == plan(first, second)


def test_an_image_of_a_lab_file_stays_a_must() -> None:
    lab = replace(node(), process=())
    assert without_images(plan(lab)) == plan(lab)
    assert remark(plan(lab)) == ""


def test_the_remark_names_images_and_nodes_that_run_nothing() -> None:
    told = remark(plan(node(), node("b", "db:1", command=("run",)), node("c", "lvsnet/base:x")))
    assert "instead of db:1, web:1 nodes have" in told
    assert told.endswith("so a run no daemon")
    assert remark(plan(node("c", "lvsnet/base:x"))) == ""


def test_the_programs_that_the_remark_names_are_installed() -> None:
    packages = Path(__file__).parents[2] / "images/packages"
    installed = {line for file in packages.glob("*.txt") for line in file.read_text().split("\n")}
    called = {"ping": "iputils-ping", "nginx": "nginx-light"}
    for program in topology_process.HAS.replace(" and ", ", ").split(", "):
        assert called.get(program, program) in installed


@pytest.mark.parametrize(
    ("line", "waits"),
    [
        ("sleep infinity", True),
        ("/usr/bin/tini -- /usr/bin/sleep infinity", True),
        ("tini sleep 9999", True),
        ("tail -f /dev/null", True),
        ("bash", True),
        ("/bin/sh", True),
        ("ash -i -l", True),
        ("busybox sh", True),
        ("tail -f /var/log/syslog", False),
        ("sleep 1 && reboot", False),
        ("bash setup.sh", False),
        ("tini -- nginx", False),
        ("tini --", False),
        ("nginx", False),
    ],
)
def test_what_only_keeps_a_container_up_is_known(line: str, waits: bool) -> None:
    assert only_waits(tuple(line.split())) is waits


def test_a_shell_that_sleeps_waits_and_one_that_does_more_does_not() -> None:
    assert only_waits(("ash", "-c", "sleep 9999"))
    assert only_waits(("sh", "-c", "tail -f /dev/null"))
    assert not only_waits(("sh", "-c", "date; sleep 9999"))
    assert not only_waits(("sh", "-c", "echo $X"))


@pytest.mark.skipif(BUSYBOX is None, reason="there is no busybox")
def test_a_daemon_has_an_input_that_stays_open_and_its_own_program(tmp_path: Path) -> None:
    assert BUSYBOX is not None
    own = tmp_path / "bin/sleep"
    own.parent.mkdir()
    own.write_text('#!/bin/sh\ntimeout 0.3 cat || echo "$1 waited: $?"\n')
    own.chmod(0o755)
    # Which busybox has itself, too.
    (daemon,) = topology_process.daemon(
        Process((), (), "", 1), ("sleep", "a b", "c"), "", BUSYBOX, str(tmp_path / "input")
    )
    done = subprocess.run(
        daemon.argv,
        env={"PATH": f"{own.parent}:{os.environ['PATH']}", "HOME": "/root"},
        capture_output=True,
        timeout=20,
        check=True,
        text=True,
    )
    assert done.stdout == "a b waited: 124\n"


@pytest.mark.skipif(BUSYBOX is None or os.geteuid() != 0, reason="needs busybox and root")
@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("nobody", f"{NOBODY.pw_uid}:{NOBODY.pw_gid} {NOBODY.pw_dir}"),
        ("nobody:daemon", f"{NOBODY.pw_uid}:{getgrnam('daemon').gr_gid} {NOBODY.pw_dir}"),
        ("12345", "12345:0 /"),
        ("12345:54321", "12345:54321 /"),
        ("root", "0:0 /root"),
    ],
)
def test_a_daemon_runs_as_its_user(tmp_path: Path, user: str, said: str) -> None:
    assert BUSYBOX is not None
    (daemon,) = topology_process.daemon(
        Process((), (), "", 1),
        ("sh", "-c", "echo $(id -u):$(id -g) $HOME"),
        user,
        BUSYBOX,
        str(tmp_path / "input"),
    )
    done = subprocess.run(
        daemon.argv,
        env={"PATH": os.environ["PATH"], "HOME": "/root"},
        capture_output=True,
        timeout=20,
        check=True,
        text=True,
    )
    assert done.stdout == f"{said}\n"


@pytest.mark.skipif(BUSYBOX is None, reason="there is no busybox")
def test_a_program_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert BUSYBOX is not None
    (daemon,) = topology_process.daemon(
        Process((), (), "", 1), ("no-such-program",), "", BUSYBOX, str(tmp_path / "input")
    )
    done = subprocess.run(daemon.argv, capture_output=True, timeout=20, check=False, text=True)
    assert (done.returncode, done.stderr) == (127, "no-such-program: not found\n")
