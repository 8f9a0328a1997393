"""However a lab ends, nothing of it is left: no process, no file, no mount.

What a lab in a guest has in common with all others is in tests/conformance/test_labs.py: that
nothing is left by destroy, nor by a deploy that is killed or ended by Ctrl-C on its way.
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from e2e.users import User, eventually, kill, reads


def alive(pids: list[int]) -> list[int]:
    """Those of the processes that are there and no zombies."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
        except OSError:
            continue
        if state not in "ZX":
            found.append(pid)
    return found


def nothing_of(user: User) -> bool:
    mounts = Path("/proc/self/mountinfo").read_text()
    return not user.processes() and not user.left() and str(user.home) not in mounts


LAB = """\
name: {name}
segments:
  lan: 192.168.10.0/24
nodes:
  lb01: {{role: host, interfaces: {{lan: 192.168.10.11}}}}
"""


def small(user: User, name: str) -> str:
    """Path of a lab with one node: as much is left of it as of a large one."""
    path = user.home / f"{name}.yaml"
    path.write_text(LAB.format(name=name))
    return str(path)


def test_destroy_all_ends_every_lab(user: User) -> None:
    for name in ("a", "b"):
        user.does("deploy", "--no-wait", small(user, name))
    done = user.tries("destroy", "--all")
    assert (done.code, done.err) == (0, "a is gone\nb is gone\n")
    assert nothing_of(user)
    assert user.tries("destroy", "--all").code == 0


@pytest.mark.parametrize("which", [0, -1], ids=["the part that stays root", "the one that serves"])
@pytest.mark.parametrize("name", ["KILL", "TERM"])
def test_the_guest_ends_with_its_supervisor(resident: User, name: str, which: int) -> None:
    """And the lab can be deployed again, which all but the first of these cases do."""
    resident.does("deploy", "--no-wait", small(resident, "orphan"))
    processes = list(resident.processes())
    os.kill(resident.supervisors()[which], signal.Signals[f"SIG{name}"])
    eventually(lambda: not alive(processes), 5, lambda: resident.processes())
    assert resident.does("inspect") == ""
    assert nothing_of(resident)


def test_a_lab_whose_supervisor_ended_is_deployed_and_destroyed(resident: User) -> None:
    """After the last of them."""
    resident.does("deploy", "--no-wait", small(resident, "orphan"))
    resident.does("destroy")
    assert nothing_of(resident)


def test_a_supervisor_that_does_not_answer_is_destroyed_all_the_same(user: User) -> None:
    user.does("deploy", "--no-wait", small(user, "deaf"))
    os.kill(user.supervisor(), signal.SIGSTOP)
    user.does("destroy", "deaf")
    eventually(lambda: not user.processes(), 5, lambda: user.processes())
    assert user.left() == []


def test_a_deploy_takes_the_place_of_a_lab_that_was_killed(user: User) -> None:
    lab = small(user, "again")
    user.does("deploy", "--no-wait", lab)
    user.does("exec", "lb01", "touch", "/root/old")
    os.kill(user.supervisors()[0], signal.SIGKILL)
    eventually(lambda: not user.processes(), 5, lambda: user.processes())
    assert user.left()
    user.does("deploy", "--no-wait", lab)
    assert user.tries("exec", "lb01", "test", "-e", "/root/old").code == 1
    os.kill(user.supervisors()[0], signal.SIGKILL)
    eventually(lambda: not user.processes(), 5, lambda: user.processes())
    assert user.left()
    user.tries("destroy", "again")
    assert nothing_of(user)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_deploy_that_is_ended_on_its_way_leaves_nothing(
    user: User, sent: signal.Signals, code: int
) -> None:
    deploy = user.begin("deploy", user.lab("halfway"), stderr=subprocess.STDOUT)
    try:
        reads(deploy, b"wire and configure", 30)
        processes = list(user.processes())
        assert processes
        deploy.send_signal(sent)
        rest, _ = deploy.communicate(timeout=15)
        assert b"Traceback" not in rest
        assert deploy.returncode in (code, -sent)
        eventually(lambda: not alive(processes) and nothing_of(user), 10, user.left)
    finally:
        kill(deploy)
    assert user.tries("exec", "lb01", "true").err.startswith("lvsnet: no lab runs")


def test_ctrl_c_while_waiting_for_the_site_rolls_back(user: User) -> None:
    deploy = user.begin("deploy", user.lab("waiting"), stderr=subprocess.STDOUT)
    try:
        reads(deploy, b"wait: VIP", 30)
        deploy.send_signal(signal.SIGINT)
        rest, _ = deploy.communicate(timeout=15)
        assert deploy.returncode == 130
        assert b"Traceback" not in rest
        assert nothing_of(user)  # at once: the roll-back has been waited for
    finally:
        kill(deploy)


def test_a_guest_that_dies_ends_what_runs_in_it_with_one_message(user: User) -> None:
    user.does("deploy", "--no-wait", small(user, "dies"))
    running = user.begin("exec", "lb01", "sh", "-c", "echo ready; sleep 1000")
    try:
        reads(running, b"ready\n")
        os.kill(user.guest(), signal.SIGKILL)
        _, err = running.communicate(timeout=10)
    finally:
        kill(running)
    assert running.returncode == 1
    assert err.startswith(b"lvsnet: the guest of lab dies ended: something killed its process")
    assert b"; its console's last lines:\n" in err
    assert b"Traceback" not in err
    eventually(lambda: nothing_of(user), 5, user.left)
    done = user.tries("inspect")
    assert (done.code, done.err) == (0, "no lab runs\n")


def test_why_a_lab_ended_is_told_to_whoever_comes_next(user: User) -> None:
    user.does("deploy", "--no-wait", small(user, "unseen"))
    os.kill(user.guest(), signal.SIGKILL)
    eventually(lambda: not user.processes(), 5, user.processes)
    told = user.tries("exec", "unseen/lb01", "true")
    assert told.code == 1
    assert told.err.startswith("lvsnet: lab unseen does not run; none does")
    assert "the guest of lab unseen ended" in told.err
    again = user.tries("exec", "unseen/lb01", "true")
    assert "the guest of" not in again.err
    assert nothing_of(user)


def test_a_session_with_another_runtime_directory_has_the_same_lab(user: User) -> None:
    """As by cron or su, which have no XDG_RUNTIME_DIR, or another. It leaves the lab alone; and
    when it destroys it, what runs in it ends with one message."""
    user.does("deploy", "--no-wait", small(user, "elsewhere"))
    before = sorted(user.left())
    other = User(user.home, "other-run")
    (user.home / other.session).mkdir()
    assert "lab elsewhere" in other.does("inspect")
    assert other.does("exec", "lb01", "hostname") == "lb01\n"
    assert sorted(user.left()) == before
    running = user.begin("exec", "lb01", "sh", "-c", "echo ready; sleep 1000")
    try:
        reads(running, b"ready\n")
        other.does("destroy")
        _, err = running.communicate(timeout=10)
    finally:
        kill(running)
    assert (running.returncode, err) == (1, b"lvsnet: the lab was destroyed\n")
    assert nothing_of(user)
