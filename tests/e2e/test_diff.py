"""`lvsnet diff` and `lvsnet deploy --dry-run`, as users type them."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from e2e.users import LVSNET, User, eventually

CONF = "/etc/keepalived/keepalived.conf"
LAB = "compared"
PRIORITY = ("priority: {lb01: 150, lb02: 100}", "priority: {lb01: 150, lb02: 120}")


@pytest.fixture(scope="module")
def lab(warm_resident: User) -> User:
    """Somebody with a running lab."""
    warm_resident.does("deploy", "--no-wait", warm_resident.lab(LAB))
    return warm_resident


def test_what_runs_is_what_the_file_says(lab: User) -> None:
    done = lab.tries("diff")
    assert (done.code, done.out) == (0, b"")
    assert done.err == f"lab {LAB} is as {lab.home}/{LAB}.yaml says\n"
    told = json.loads(lab.does("diff", LAB, "--format", "json"))
    assert told["same"] is True


def test_a_change_of_the_file_is_shown_and_not_made(lab: User, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text((lab.home / f"{LAB}.yaml").read_text().replace(*PRIORITY))
    done = lab.tries("diff", str(new))
    assert (done.code, done.err) == (1, "")
    lines = done.text.splitlines()
    assert lines[:5] == [
        f"lab {LAB}: a redeploy of {new} changes",
        "  ~ lb02 is changed as it runs",
        "      keepalived reads its configuration again",
        f"      {CONF} changes",
        f"--- a/lb02{CONF}",
    ]
    assert [line for line in lines if line[:1] in "+-" and "priority" in line] == [
        "-    priority 100",
        "+    priority 120",
    ]
    assert "\x1b" not in done.text
    for command in (("deploy", "--reconfigure", "--dry-run"), ("redeploy", "--dry-run")):
        dry = lab.tries(*command, str(new))
        assert (dry.code, dry.text) == (0, done.text), dry
    assert "priority 100" in lab.does("exec", "lb02", "cat", CONF)


def test_a_file_that_was_edited_in_a_node(lab: User) -> None:
    lab.does("exec", "lb01", "sed", "-i", "s/priority 150/priority 90/", CONF)
    done = lab.tries("diff", "-f", "json")
    lab.does("exec", "lb01", "sed", "-i", "s/priority 90/priority 150/", CONF)
    assert done.code == 1
    told = json.loads(done.out)
    assert told["redeploy"]["nodes"] == []
    ((drift,), file) = told["drift"], told["drift"][0]["files"][0]
    assert (drift["node"], drift["remarks"]) == ("lb01", [])
    assert (file["path"], file["words"]) == (CONF, "has changed")
    assert "-    priority 150\n+    priority 90\n" in file["diff"]
    assert lab.tries("diff").code == 0


def test_a_dead_daemon_a_lost_address_and_a_stopped_node(lab: User) -> None:
    lab.does("exec", "nginx01", "nginx", "-s", "stop")
    lab.does("exec", "client", "ip", "addr", "flush", "dev", "eth1")
    lab.does("stop", "lb02")

    def told() -> list[str]:
        return lab.tries("diff").text.splitlines()

    wanted = [
        f"lab {LAB}: in the nodes, not as lvsnet made it",
        "  ! client: eth1 does not have 192.168.10.10/24",
        "  ! lb02: is stopped",
        "  ! nginx01: nginx is dead",
    ]
    eventually(lambda: told() == wanted, 10, told)
    for node in ("client", "nginx01"):
        lab.does("stop", node)
    for node in ("client", "nginx01", "lb02"):
        lab.does("start", node)
    assert lab.tries("diff").code == 0


def test_colours_are_for_a_terminal(lab: User, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text((lab.home / f"{LAB}.yaml").read_text().replace(*PRIORITY))
    assert "\x1b[32m+    priority 120\x1b[0m" in _at_a_terminal(lab, {}, "diff", str(new))
    plain = _at_a_terminal(lab, {"NO_COLOR": "1"}, "diff", str(new))
    assert "\x1b" not in plain
    assert "+    priority 120" in plain


def test_trouble_is_two(lab: User, tmp_path: Path) -> None:
    other = lab.lab("other")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: x\n")
    for argument, said in (
        ("none", "lvsnet: lab none does not run"),
        (other, "lvsnet: lab other does not run"),
        (str(wrong), f"{wrong}"),
        (str(tmp_path / "missing.yaml"), f"lvsnet: {tmp_path}/missing.yaml: there is no such"),
    ):
        done = lab.tries("diff", argument)
        assert (done.code, done.out) == (2, b""), done
        assert done.err.startswith(said), done
        assert "Traceback" not in done.err


def test_a_lab_whose_file_has_gone(lab: User) -> None:
    file = lab.home / f"{LAB}.yaml"
    hidden = file.rename(lab.home / "hidden.yaml")
    done = lab.tries("diff")
    assert done.code == 2
    assert done.err == (
        f"lvsnet: lab {LAB} was started from {file}, which is no longer there; "
        "`lvsnet diff FILE` compares it with another file\n"
    )
    assert lab.tries("diff", str(hidden)).code == 0
    hidden.rename(file)


def test_a_dry_run_of_a_lab_that_runs_says_what_deploy_would(lab: User) -> None:
    done = lab.tries("deploy", "--dry-run", str(lab.home / f"{LAB}.yaml"))
    assert (done.code, done.out) == (1, b"")
    assert done.err.startswith(f"lvsnet: lab {LAB} runs already, so deploy would refuse")


def test_a_dry_run_makes_nothing(
    new_user: Callable[[str], User], tmp_path_factory: pytest.TempPathFactory
) -> None:
    user = new_user("planner")
    file = user.lab("planned")
    before = _below(user.home)
    text = user.does("deploy", "--dry-run", file)
    first, *table = text.splitlines()
    assert first.startswith("lab planned would run by crun, kernel guest 7.")
    assert table[0].split() == ["node", "role", "addresses", "daemons"]
    assert ["lb01", "director", "eth1", "192.168.10.11/24", "keepalived"] in map(str.split, table)
    told = json.loads(user.does("deploy", "--dry-run", "--format", "json", file))
    assert told["before"] == []
    assert told["vips"] == {"192.168.10.100": ["lb01", "lb02"]}
    assert [node["name"] for node in told["nodes"]][:2] == ["client", "lb01"]
    # Nothing has been fetched or built where neither kernel nor file system is.
    bare = User(tmp_path_factory.mktemp("bare"), settings={"HOME": "/nonexistent"})
    told = json.loads(bare.does("deploy", "--dry-run", "--format", "json", file))
    assert (told["kernel"], len(told["before"])) == ("guest", 2)
    assert (_below(user.home), _below(bare.home)) == (before, [])
    assert (user.processes(), bare.processes()) == ({}, {})


def test_a_dry_run_has_the_warnings_and_errors_of_deploy(warm_user: User) -> None:
    wrong = warm_user.lab("wrong", ("segment: lan\n", "segment: wan\n"))
    done = warm_user.tries("deploy", "--dry-run", wrong)
    assert (done.code, done.out) == (2, b"")
    assert done.err == warm_user.tries("deploy", wrong).err
    docker = warm_user.tries("deploy", "--dry-run", "--runtime", "docker", warm_user.lab("right"))
    assert docker.code == 0
    assert "no Docker engine answers, so deploy would fail" in docker.text


def _below(directory: Path) -> list[str]:
    """All that is there, but compiled labs."""
    made = directory / "cache/lvsnet"
    compiled = made / "plans"
    found = {path for path in directory.rglob("*") if not path.is_relative_to(compiled)}
    if found == {made, made.parent}:
        found = set()
    return sorted(map(str, found))


def _at_a_terminal(user: User, environment: dict[str, str], *arguments: str) -> str:
    """What a command shows at a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [LVSNET, *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
        env={**user.environment, "TERM": "xterm", **environment}, cwd=user.home,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    with suppress(OSError):  # EIO, when the other end is closed
        while select.select([ours], [], [], 60)[0] and (piece := os.read(ours, 65536)):
            said += piece
    os.close(ours)
    process.wait(timeout=20)
    return said.decode().replace("\r\n", "\n")
