"""exec is as if the command ran here: its exit code, its arguments, its signals."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from e2e.users import Done, User, eventually, kill, reads


@pytest.fixture(scope="module")
def site(resident: User) -> User:
    resident.does("deploy", "--no-wait", resident.lab("exec"))
    return resident


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["true"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "exit 255"], 255),
        (["sh", "-c", "kill -9 $$"], 137),
        (["sh", "-c", "kill -TERM $$"], 143),
        (["no-such-command"], 127),
        (["/no/such/path"], 127),
        (["/etc/passwd"], 126),
    ],
)
def test_exit_codes_are_a_shells(site: User, command: list[str], code: int) -> None:
    assert site.tries("exec", "lb01", *command).code == code


def test_a_missing_command_is_named(site: User) -> None:
    done = site.tries("exec", "lb01", "no-such-command")
    assert "no-such-command" in done.err
    assert done.err.count("\n") == 1


def test_the_streams_stay_apart(site: User) -> None:
    done = site.tries("exec", "lb01", "sh", "-c", "cat; echo err >&2; echo out", stdin=b"in\n")
    assert done == Done(0, b"in\nout\n", "err\n")


@pytest.mark.parametrize(
    "arguments",
    [["a b", "", "c"], ["-x", "--help", "--", "--lab"], ["$HOME", "*", "'", '"', "\\", "ü", "\n"]],
)
def test_arguments_arrive_as_they_are(site: User, arguments: list[str]) -> None:
    done = site.does("exec", "lb01", "printf", "%s\\0", *arguments)
    assert done.split("\0")[:-1] == arguments


def test_a_double_dash_before_the_command_is_no_part_of_it(site: User) -> None:
    assert site.does("exec", "lb01", "--", "hostname") == "lb01\n"


def test_the_environment_is_the_nodes_and_what_is_added(site: User) -> None:
    text = site.does("exec", "-e", "A=1", "--env", "B=x =y", "lb01", "env")
    variables = dict(line.split("=", 1) for line in text.splitlines())
    assert (variables["A"], variables["B"], variables["HOME"]) == ("1", "x =y", "/root")
    assert "/usr/sbin" in variables["PATH"]
    assert "XDG_CACHE_HOME" not in variables


def test_a_setting_that_is_none_is_wrong_usage(site: User) -> None:
    done = site.tries("exec", "-e", "A", "lb01", "env")
    assert done.code == 2
    assert "is not NAME=VALUE" in done.err


def test_nodes_are_named_with_their_lab_or_without(site: User) -> None:
    for node in (["nginx02"], ["exec/nginx02"], ["--lab", "exec", "nginx02"]):
        assert site.does("exec", *node, "hostname") == "nginx02\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["lb09", "true"], 1, "lab exec has no node lb09; it has client, lb01, lb02, nginx01, "),
        (["other/lb01", "true"], 1, "lab other does not run; there is exec"),
        (["--lab", "other", "exec/lb01", "true"], 2, "exec/lb01 is not in lab other"),
        (["lb01"], 2, "Missing argument"),
        ([], 2, "Missing argument"),
    ],
)
def test_what_is_not_there_is_told(
    site: User, arguments: list[str], code: int, message: str
) -> None:
    done = site.tries("exec", *arguments)
    assert done.code == code
    assert message in done.err
    assert "Traceback" not in done.err


TRAP = "trap 'exit 9' {0}; echo ready; while :; do sleep 0.05; done"


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "USR1"])
def test_a_signal_goes_to_the_command_which_decides(site: User, name: str) -> None:
    running = site.begin("exec", "lb01", "sh", "-c", TRAP.format(name))
    try:
        reads(running, b"ready\n")
        running.send_signal(signal.Signals[f"SIG{name}"])
        assert running.wait(10) == 9
    finally:
        kill(running)


@pytest.mark.parametrize("name", ["TERM", "INT"])
def test_a_signal_that_the_command_does_not_catch_ends_it(site: User, name: str) -> None:
    running = site.begin("exec", "lb01", "sh", "-c", "echo ready; exec sleep 1000")
    try:
        reads(running, b"ready\n")
        number = signal.Signals[f"SIG{name}"]
        running.send_signal(number)
        assert running.wait(10) == 128 + number
    finally:
        kill(running)


def test_ctrl_c_ends_the_loop_of_a_shell(site: User) -> None:
    """bash goes on with it if the program that it waits for does not get the signal as well."""
    running = site.begin("exec", "lb01", "bash", "-c", "while :; do echo again; sleep 0.2; done")
    try:
        reads(running, b"again\nagain\n")
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 130
    finally:
        kill(running)


def runs(site: User, words: str) -> bool:
    return words in site.does("exec", "lb02", "ps", "-eo", "args")


def test_the_command_ends_with_a_killed_exec(site: User) -> None:
    running = site.begin("exec", "lb02", "sh", "-c", "trap '' TERM HUP INT; sleep 4711; true")
    eventually(lambda: runs(site, "sleep 4711"), 5, "the command runs")
    kill(running)
    eventually(lambda: not runs(site, "sleep 4711"), 5, "the command has ended")


def test_what_a_command_leaves_in_the_background_goes_on(site: User) -> None:
    site.does("exec", "lb02", "sh", "-c", "sleep 4712 >/dev/null 2>&1 &")
    assert runs(site, "sleep 4712")
    # Also when it holds the streams, which nobody waits for.
    site.does("exec", "lb02", "sh", "-c", "sleep 4713 & echo $!")
    assert runs(site, "sleep 4713")


def test_exec_imports_little(site: User) -> None:
    code = (
        "import sys\n"
        "sys.argv = ['lvsnet', 'exec', 'lb01', 'true']\n"
        "from lvsnet import cli\n"
        "try:\n    cli.main()\n"
        "finally:\n    print(*{name.split('.')[0] for name in sys.modules})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=site.environment, capture_output=True, text=True,
        timeout=20, check=True,
    )  # fmt: skip
    imported = set(done.stdout.split())
    assert "typer" in imported
    assert not imported & {"pydantic", "docker", "jinja2", "ruamel", "pyroute2"}
