"""`lvsnet test`: scenarios in labs of their own, of which nothing is left."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from e2e.users import User, eventually, kill, line

SCENARIOS = """
scenarios:
  takeover:
    description: When lb01 dies, lb02 answers in time.
    always:
      - no two holders
    steps:
      - traffic: {name: web, from: client, to: "http://192.168.10.100/", rate: 20, count: 200}
      - wait: 2s
      - fault: stop lb01
      - expect: vip 192.168.10.100 on lb02 within 4s
      - fault: start lb01
      - expect: vip 192.168.10.100 on lb01 within 10s
      - finish: web
      - expect: outage <= 4s of web
  too-strict:
    steps:
      - fault: stop lb01
      - expect: vip 192.168.10.100 on lb02 within 1s
        fail: nobody took over
"""
SMALL = """
name: small
segments: {lan: 10.9.0.0/24}
nodes:
  a: {role: client, interfaces: {lan: 10.9.0.1}}
  b: {role: client, interfaces: {lan: 10.9.0.2}}
scenarios:
  fails:
    steps:
      - fault: stop b
      - exec: "a: ping -c1 -W1 10.9.0.2"
  quick:
    steps:
      - exec: "a: ping -c1 -W1 10.9.0.2"
  slow:
    limit: 3h
    steps:
      - exec: {node: a, run: "false", within: 2h}
        limit: 2h
"""
"""Two nodes do where it does not matter what runs."""


@pytest.fixture
def file(user: User) -> str:
    """A file with the scenarios, beside the lab file."""
    user.lab("dr")
    return write(user, "site.yaml", f"lab: dr.yaml{SCENARIOS}")


@pytest.fixture
def small(user: User) -> str:
    return write(user, "small.yaml", SMALL)


def write(user: User, name: str, text: str) -> str:
    (user.home / name).write_text(text)
    return name


@pytest.fixture(autouse=True)
def nothing_is_left(user: User) -> Iterator[None]:
    yield
    assert user.left() == []
    assert user.processes() == {}


def report(text: str) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = json.loads(text)
    return found


def test_scenarios_that_pass_and_one_that_fails(user: User, file: str) -> None:
    names = ("takeover", "too-strict")
    done = user.tries(
        "test", *(f"{file}::{name}" for name in names), "--seed", "7", "--junit", "out/junit.xml"
    )
    assert done.code == 1, done
    rows = [re.split(r"\s{2,}", row.strip()) for row in done.text.splitlines()[1:3]]
    assert [row[:2] for row in rows] == [
        ["site.yaml::takeover", "passed"],
        ["site.yaml::too-strict", "failed"],
    ]
    assert "1 passed, 1 failed in" in done.text
    steps = f"lab: dr.yaml{SCENARIOS}".splitlines()
    number = steps.index("      - expect: vip 192.168.10.100 on lb02 within 1s") + 1
    assert f"site.yaml:{number}: expect: vip 192.168.10.100 on lb02 within 1s" in done.text
    assert "nobody took over" in done.text
    assert "again: lvsnet test site.yaml::too-strict --seed 7" in done.text
    assert re.search(r"\d\.\d{3}  lb01 +is off", done.text)
    root = ElementTree.parse(user.home / "out/junit.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "1")


def test_the_same_seed_gives_the_same_run(user: User, file: str) -> None:
    """Of every request, step and event, to the nanosecond."""
    words = ("--repeat", "2", "-j", "1", "--seed", "7", "-f", "json", "--requests")
    first, second = report(user.does("test", f"{file}::takeover", *words))["scenarios"]
    assert first["seed"] == second["seed"] == 7
    assert first["outcome"] == second["outcome"]
    assert '"client": "client"' in json.dumps(first["outcome"])


def test_repeats_have_seeds_of_their_own_and_labs_at_once(user: User, small: str) -> None:
    done = user.tries("test", f"{small}::quick", "--repeat", "3", "-j", "2", "--format", "json")
    assert done.code == 0, done
    found = report(done.text)["scenarios"]
    assert len({one["seed"] for one in found}) == 3
    assert [one["lab"] for one in found] == ["small-quick-r1", "small-quick-r2", "small-quick-r3"]
    assert {one["clock"] for one in found} == {"virtual"}


def test_what_failed_is_kept_for_a_look(user: User, small: str) -> None:
    names = (f"{small}::fails", f"{small}::quick")
    done = user.tries("test", *names, "--keep", "--fail-fast", "-j", "1")
    assert done.code == 1, done
    assert "1 failed, 1 not run" in done.text
    assert "its lab still runs: lvsnet inspect small-fails" in done.text
    assert re.search("^b +client +stopped", user.does("inspect", "small-fails"), re.MULTILINE)
    user.does("destroy", "small-fails")


def test_a_wrong_file_is_told_and_the_others_run(user: User, small: str) -> None:
    text = "lab: small.yaml\nscenarios:\n  x:\n    steps:\n      - wiat: 1s\n"
    wrong = write(user, "wrong.yaml", text)
    done = user.tries("test", wrong, f"{small}::quick", "missing.yaml")
    assert done.code == 2, done
    assert "wrong.yaml:" in done.err
    assert "wiat" in done.err
    assert "missing.yaml: no such file" in done.err
    assert "1 passed in" in done.text


def test_a_lab_that_cannot_be_deployed_is_an_error_of_its_scenario(user: User) -> None:
    bad = SMALL.replace("  a: {role: client,", "  a: {role: client, exec: ['false'],")
    assert bad != SMALL
    write(user, "bad.yaml", bad)
    done = user.tries("test", "bad.yaml::quick")
    assert done.code == 1, done
    assert "ERROR bad.yaml::quick" in done.text
    assert "ended with code 1" in done.text


@pytest.fixture
def under_way(user: User, small: str) -> Iterator[subprocess.Popen[bytes]]:
    """A run of which a scenario has passed, and one that takes hours is under way."""
    process = user.begin("test", f"{small}::quick", f"{small}::slow", "-j", "1", "--clock", "real")
    try:
        while "passed" not in line(process.stderr, 120):
            pass
        eventually(
            lambda: any(one.endswith("/small-slow.sock") for one in user.left()), 60, user.left
        )
        yield process
    finally:
        kill(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_it_is_told_what_was_done(
    under_way: subprocess.Popen[bytes], number: signal.Signals
) -> None:
    process = under_way
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert b"taking the labs down" in err
    assert b"1 passed, 1 not run" in out


def test_a_kill_of_the_whole_leaves_no_lab(user: User, under_way: subprocess.Popen[bytes]) -> None:
    kill(under_way)
    eventually(lambda: not user.processes(), 20, user.processes)
    user.does("inspect")  # who looks next clears what a dead lab left on disk


def test_a_worker_that_is_killed_is_an_error_of_its_scenario_only(
    user: User, under_way: subprocess.Popen[bytes]
) -> None:
    process = under_way
    (worker,) = _workers(process.pid)
    os.kill(worker, signal.SIGKILL)
    out, _err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"was killed by signal 9" in out
    assert b"1 passed, 1 error" in out
    eventually(lambda: not user.processes(), 20, user.processes)
    user.does("inspect")


def _workers(pid: int) -> list[int]:
    """The children that are the same program; others are supervisors, or have ended."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    same = Path(f"/proc/{pid}/cmdline").read_bytes()
    return [int(one) for one in children if Path(f"/proc/{one}/cmdline").read_bytes() == same]


def test_the_command_line_is_read_without_what_takes_long_to_import() -> None:
    code = (
        "import sys; import lvsnet.cli.test; "
        "print([m for m in ('pydantic', 'ruamel', 'pyroute2', 'rich.live') if m in sys.modules])"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert seen.stdout.decode().strip() == "[]"


PLAIN = """
name: test-killed
segments: {lan: 10.9.0.0/24}
nodes:
  a: {role: client, interfaces: {lan: 10.9.0.1}}
scenarios:
  slow:
    limit: 3h
    steps:
      - exec: {node: a, run: "false", within: 2h}
        limit: 2h
"""
NAMESPACE = Path("/run/netns/lvsnet-test-killed-slow")


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("crun") is None, reason="needs root, and crun"
)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_on_this_machines_kernel_nothing_is_left_either(user: User, number: signal.Signals) -> None:
    file = write(user, "plain.yaml", PLAIN)
    state = user.home / "state"
    process = user.begin("test", file, "--runtime", "crun", "--kernel", "host")
    try:
        eventually(lambda: "test-killed-slow" in user.does("inspect"), 60)
        process.send_signal(number)
        process.communicate(timeout=60)
    finally:
        process.kill()
    eventually(lambda: not NAMESPACE.exists(), 20)
    eventually(lambda: not [one for one in state.rglob("*") if one.is_file()], 20)
    eventually(lambda: "no lab runs" in user.tries("inspect").err, 20)
