"""What completion offers, by what is on the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lvsnet import cli
from lvsnet.cli import complete
from lvsnet.cli.completion import SCRIPTS, Shell
from lvsnet.compiled import compile_file
from lvsnet.control import labs
from lvsnet.engine.runtime import About, Record
from lvsnet.resources import example_labs

BREAKS = " \t\n\"'><=;|&(:"
"""COMP_WORDBREAKS of bash, as it is set at first."""
PROGRAM = """
import sys, lvsnet.cli
try:
    lvsnet.cli.main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


class Engine:
    """A place with two labs, or with those that are left of them."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def running(self) -> list[str]:
        return list(self.names)

    def nodes(self, lab: str) -> list[str]:
        return {"dr": ["client", "lb01", "lb02"], "nat": ["client", "router"]}[lab]

    def record(self, lab: str) -> Record:
        return Record(
            About("", "crun", "guest", "a test", 0), compile_file(example_labs()[lab]).plan
        )


def offered(*words: str, shell: str = "zsh") -> tuple[str, list[str]]:
    """Which paths, and the values."""
    given, incomplete = complete.called(words, shell)
    called = next((one for one in given if not one.startswith("-")), "")
    kind, *lines = complete.answer(cli._app(called), shell, given, incomplete, BREAKS).splitlines()
    return kind, [line.partition("\t")[0] for line in lines]


@pytest.fixture
def one_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LVSNET_LAB", raising=False)
    monkeypatch.setattr(labs, "PLACES", {"fake": lambda: Engine("dr")})


@pytest.fixture
def two_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LVSNET_LAB", raising=False)
    monkeypatch.setattr(labs, "PLACES", {"fake": lambda: Engine("dr", "nat")})


@pytest.mark.usefixtures("one_lab")
def test_nodes_of_the_only_lab() -> None:
    assert offered("exec", "") == ("nothing", ["client", "lb01", "lb02"])
    assert offered("logs", "lb") == ("nothing", ["lb01", "lb02"])
    assert offered("exec", "dr/lb") == ("nothing", ["dr/lb01", "dr/lb02"])
    assert offered("exec", "other/") == ("nothing", [])
    assert offered("exec", "lb01", "") == ("nothing", [])
    assert offered("stop", "lb01", "client", "") == ("nothing", ["lb02"])


@pytest.mark.usefixtures("one_lab")
def test_what_faults_are_of() -> None:
    assert offered("events", "--node", "lb") == ("nothing", ["lb01", "lb02"])
    assert offered("events", "dr", "--kind", "v") == ("nothing", ["vip", "vrrp"])
    assert offered("fault", "lin") == ("nothing", ["link"])
    assert offered("fault", "freeze", "lb") == ("nothing", ["lb01", "lb02"])
    assert offered("fault", "link", "") == ("nothing", ["down", "up"])
    assert offered("fault", "link", "down", "lb") == ("nothing", ["lb01:", "lb02:"])
    assert offered("fault", "link", "down", "lb01:") == ("nothing", ["lb01:eth1"])
    assert offered("fault", "link", "down", "dr/lb01:") == ("nothing", ["dr/lb01:eth1"])
    assert offered("fault", "link", "down", "lb03:") == ("nothing", [])
    assert offered("fault", "kill", "lb01", "") == ("nothing", ["keepalived"])
    assert offered("fault", "kill", "dr/lb01", "k") == ("nothing", ["keepalived"])
    assert offered("fault", "partition", "") == ("nothing", ["client", "lb01", "lb02"])
    assert offered("fault", "partition", "lb01,") == ("nothing", ["lb01,client", "lb01,lb02"])
    assert offered("fault", "partition", "lb01", "f") == ("nothing", ["from"])
    assert offered("fault", "heal", "lb01", "from", "") == ("nothing", ["client", "lb02"])
    assert offered("fault", "netem", "lb01:eth1", "d") == ("nothing", ["delay=", "duplicate="])
    assert offered("fault", "netem", "lb01:eth1", "o") == ("nothing", ["off"])
    assert offered("fault", "netem", "lb01:eth1", "delay=2ms", "o") == ("nothing", ["out"])
    assert offered("fault", "service", "fl") == ("nothing", ["flap"])
    assert offered("fault", "clear", "") == ("nothing", ["client", "lb01", "lb02"])


@pytest.mark.usefixtures("two_labs")
def test_nodes_of_several_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = ["dr/client", "dr/lb01", "dr/lb02", "nat/client", "nat/router"]
    assert offered("exec", "") == ("nothing", everything)
    assert offered("exec", "nat/") == ("nothing", ["nat/client", "nat/router"])
    assert offered("exec", "--lab", "nat", "") == ("nothing", ["client", "router"])
    assert offered("exec", "--lab=dr", "l") == ("nothing", ["lb01", "lb02"])
    monkeypatch.setenv("LVSNET_LAB", "nat")
    assert offered("start", "") == ("nothing", ["client", "router"])
    assert offered("start", "dr/l") == ("nothing", ["dr/lb01", "dr/lb02"])
    assert offered("start", "--lab", "dr", "l") == ("nothing", ["lb01", "lb02"])


@pytest.mark.usefixtures("two_labs")
def test_segments_of_several_labs() -> None:
    assert offered("capture", "dr/la") == ("nothing", ["dr/lan"])
    assert offered("capture", "--lab", "dr", "la") == ("nothing", ["lan"])
    assert offered("capture", "a") == ("nothing", ["all"])
    kind, found = offered("capture", "")
    assert kind == "nothing"
    assert {"dr/lan", "dr/client", "nat/router", "all"} <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.usefixtures("two_labs")
def test_labs_and_files() -> None:
    assert offered("exec", "--lab", "") == ("nothing", ["dr", "nat"])
    assert offered("exec", "--lab=n") == ("nothing", ["--lab=nat"])
    assert offered("destroy", "") == ("yaml", ["dr", "nat"])
    assert offered("destroy", "./") == ("yaml", [])
    assert offered("deploy", "source-vrrp") == ("yaml", ["source-vrrp-tracked", "source-vrrp"])
    assert offered("render", "dr", "-o", "") == ("directories", [])
    assert offered("render", "dr", "--output=a/") == ("directories", [])


def test_commands_options_and_their_values() -> None:
    assert offered("ex") == ("nothing", ["exec", "export"])
    assert set(cli.COMMANDS) == set(offered("")[1])
    assert offered("image", "") == ("nothing", ["build", "list", "rm"])
    assert offered("image", "build", "--b") == ("nothing", ["--base"])
    assert offered("deploy", "--runtime", "c") == ("nothing", ["crun", "containerlab"])
    assert offered("deploy", "--runtime=c") == (
        "nothing",
        ["--runtime=crun", "--runtime=containerlab"],
    )
    assert offered("completion", "") == ("nothing", ["bash", "zsh", "fish"])
    assert offered("exec", "--en") == ("nothing", ["--env"])
    assert offered("nonsense", "") == ("nothing", [])


def test_what_lint_reads_and_looks_for() -> None:
    kind, names = offered("lint", "source-c")
    assert (kind, names) == ("files", ["source-cron"])
    assert offered("lint", "--rule", "auth-d") == ("nothing", ["auth-differs"])
    assert offered("lint", "--rule", "auth-differs", "--ignore", "auth-d") == ("nothing", [])
    assert "auth-pass-length" in offered("lint", "--explain", "auth-")[1]


@pytest.mark.usefixtures("one_lab")
def test_protocols_whose_packets_can_be_lost() -> None:
    assert offered("fault", "drop", "lb01", "") == offered("fault", "pass", "lb01", "")
    assert {"vrrp", "arp", "tcp"} <= set(offered("fault", "drop", "lb01", "")[1])


def test_options_of_what_runs_in_a_node_are_not_ours() -> None:
    assert offered("exec", "lb01", "ls", "--") == ("nothing", [])
    assert offered("exec", "--lab", "dr", "lb01", "-") == ("nothing", [])
    assert "--env" in offered("exec", "--lab", "dr", "-")[1]


@pytest.mark.usefixtures("one_lab")
def test_bash_passes_the_line_and_replaces_what_follows_its_last_break() -> None:
    assert offered("lvsnet exec 'l", shell="bash") == ("nothing", ["lb01", "lb02"])
    assert offered('lvsnet exec "l', shell="bash") == ("nothing", ["lb01", "lb02"])
    assert offered("lvsnet exec ", shell="bash")[1] == ["client", "lb01", "lb02"]
    assert offered("lvsnet deploy --runtime=cr", shell="bash") == ("nothing", ["crun"])
    assert offered("lvsnet deploy --runtime cr", shell="bash") == ("nothing", ["crun"])
    assert offered("lvsnet", shell="bash") == offered()


@pytest.mark.parametrize(
    ("words", "imported"),
    [
        (["ex"], set()),
        (["exec", ""], {"lvsnet.cli.exec", "lvsnet.cli.variables"}),
        (["stop", "l"], {"lvsnet.cli.power"}),
        (["deploy", ""], {"lvsnet.cli.deploy"}),
    ],
)
def test_only_the_command_that_is_completed_is_imported(
    words: list[str], imported: set[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env={
            **os.environ,
            complete.VARIABLE: "zsh",
            "XDG_CACHE_HOME": str(tmp_path),
            "XDG_RUNTIME_DIR": str(tmp_path),
            "LVSNET_STATE_DIR": str(tmp_path),
            "DOCKER_HOST": f"unix://{tmp_path}/none.sock",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    modules = set(done.stderr.split())
    common = {f"lvsnet.cli.{one}" for one in ("command", "complete", "formats", "options", "root")}
    assert {one for one in modules if one.startswith("lvsnet.cli.")} - common == imported
    assert not {"pydantic", "ruamel.yaml", "pyroute2", "docker"} & modules


def test_a_lab_that_does_not_answer_is_not_waited_for_long() -> None:
    program = (
        "import signal, sys, types, lvsnet.cli, lvsnet.cli.complete, lvsnet.control.labs\n"
        "place = types.SimpleNamespace(running=lambda: ['dr'], nodes=lambda lab: signal.pause())\n"
        "lvsnet.control.labs.PLACES = {'fake': lambda: place}\n"
        "lvsnet.cli.complete.DEADLINE = 0.2\n"
        "lvsnet.cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "exec", ""],
        env={**os.environ, complete.VARIABLE: "zsh"},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


@pytest.mark.parametrize("shell", Shell)
def test_a_script_is_one_that_its_shell_reads(shell: Shell) -> None:
    program = shutil.which(shell.value)
    if program is None:
        pytest.skip(f"{shell.value} is not installed; `make tools` does it")
    done = subprocess.run(
        [program, "-n"],
        input=SCRIPTS[shell],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
