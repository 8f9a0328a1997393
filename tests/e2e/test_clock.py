"""A lab's virtual clock and the machine's: who moves it how far, and what ends with whom."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from e2e.sites import heard, listen
from e2e.terminals import Terminal, terminal
from e2e.users import DEADLINE, LVSNET, VIP, User, eventually, kill, line, reads

HURRY = 30.0
"""Seconds of real time in which a day of the lab's could not pass, and what is asked for does."""
NODES = ("client", "lb01", "lb02", "nginx01", "nginx02")
NEVER_SLEEPS = ("exec", "client", "python3", "-c", "while True: pass")
STALLED = "runs and does not sleep. Ctrl-C here ends that process\n"


@pytest.fixture(scope="module")
def lab(warm_held: User) -> User:
    warm_held.does("deploy", warm_held.lab("clock"))
    return warm_held


@pytest.fixture
def site(lab: User) -> Iterator[User]:
    yield lab
    lab.does("clock", "hold")


def nothing_of(user: User) -> bool:
    return not user.processes() and not user.left()


def test_nothing_happens_in_a_held_lab_while_its_user_thinks(site: User) -> None:
    listen(site, "lb02", "-i eth1 vrrp")
    adverts = site.does("exec", "lb02", "cat", "/run/heard")
    before = site.time()
    time.sleep(2.5)
    assert site.time() == before
    assert site.does("exec", "lb02", "cat", "/run/heard") == adverts
    site.passes(10)
    assert len(heard(site, "lb02", 0)) - len(adverts.splitlines()) in (10, 11)


def test_all_nodes_see_one_instant_of_a_paused_lab(site: User) -> None:
    def tables() -> list[str]:
        return [site.does("exec", node, "cat", "/proc/uptime") for node in NODES]

    site.does("clock", "pause")
    first = tables()
    assert set(first) == {first[0]}
    time.sleep(0.5)
    assert tables() == first


def test_what_has_to_wait_for_a_paused_clock_fails_and_says_so(site: User) -> None:
    site.does("clock", "pause")
    before = site.time()
    done = site.tries("exec", "client", "sleep", "1", deadline=HURRY)
    assert (done.code, done.out) == (1, b"")
    assert done.err == (
        "lvsnet: the lab's clock is paused, and this waits for it to go on: "
        "`lvsnet clock hold` or `lvsnet clock run` lets it\n"
    )
    assert site.time() - before < 0.01
    assert site.does("exec", "client", "echo", "there") == "there\n"
    site.does("clock", "advance", "2s")
    site.does("clock", "hold")
    site.comes("exec client: ! pgrep -fx 'sleep 1'", 1)


def test_commands_and_an_advance_at_the_same_time_share_the_time(site: User) -> None:
    before = site.time()
    commands = [
        ("exec", "client", "sleep", "50"),
        ("exec", "lb01", "sleep", "70"),
        ("clock", "advance", "60s"),
    ]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda words: site.does(*words), commands))
    # One may have ended before the next one began.
    assert 70 <= site.time() - before <= 181


def test_a_terminal_lives_in_real_time(site: User) -> None:
    with terminal(LVSNET, "shell", "client", environment=site.environment, cwd=site.home) as at:
        assert now(at) > 0
        begun, first = time.monotonic(), now(at)
        time.sleep(1.5)
        passed, real = now(at) - first, time.monotonic() - begun
        at.types(b"exit\r")
        assert at.end() == 0
    # Behind by what it could not keep up with, or just catching up; what winds it forward goes
    # hundreds of times as fast.
    assert 0.1 < passed < real + 20
    before = site.time()
    time.sleep(0.3)
    assert site.time() == before


def now(at: Terminal) -> float:
    at.types(b"echo :$(cut -d' ' -f1 /proc/uptime):\r")
    return float(at.until(r":\d+\.\d+:").split(":")[-2])


def test_a_log_that_is_followed_costs_no_time(site: User) -> None:
    before = site.time()
    follower = site.begin("logs", "-f", "lb01")
    try:
        reads(follower, b"Entering MASTER STATE")
        time.sleep(1)
        assert site.time() - before < 0.01
        site.does("exec", "lb01", "sh", "-c", "kill -HUP $(cat /run/keepalived.pid)")
        site.passes(1)
        reads(follower, b"Reloading")
        follower.send_signal(signal.SIGINT)
        assert follower.communicate(timeout=HURRY)[1] == b""
    finally:
        kill(follower)
    assert follower.returncode == 130


def test_a_forwarded_port_answers_in_a_held_lab(site: User) -> None:
    forward = site.begin("forward", f"0:{VIP}:80", "--format", "json")
    try:
        port = json.loads(line(forward.stdout))["port"]
        for _ in range(2):
            done = subprocess.run(
                ["curl", "-s", "-m", str(HURRY), f"127.0.0.1:{port}"],
                capture_output=True,
                text=True,
                check=True,
                timeout=DEADLINE,
            )
            assert done.stdout in ("nginx01\n", "nginx02\n")
    finally:
        kill(forward)


def test_a_process_that_never_sleeps_is_named_and_ends_by_ctrl_c(site: User) -> None:
    before = site.time()
    running = site.begin(*NEVER_SLEEPS)
    try:
        said = line(running.stderr)
        assert re.fullmatch(
            rf"lvsnet: the lab's clock stands still: python3 \(process \d+\) {STALLED}", said
        )
        # Another one that is held up by it is told as well, and goes on once it has ended.
        waiting = site.begin("exec", "lb01", "echo", "there")
        try:
            assert line(waiting.stderr) == said
            running.send_signal(signal.SIGINT)
            assert waiting.communicate(timeout=HURRY)[0] == b"there\n"
        finally:
            kill(waiting)
        running.communicate(timeout=HURRY)
    finally:
        kill(running)
    assert running.returncode == 130
    assert site.time() - before < 1


def test_ctrl_c_ends_it_also_before_it_is_named(site: User) -> None:
    running = site.begin(*NEVER_SLEEPS)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(3)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=HURRY)
    finally:
        kill(running)
    assert running.returncode == 130
    assert site.does("exec", "lb01", "echo", "there") == "there\n"


def test_ctrl_c_ends_a_loop_without_pause(site: User) -> None:
    """It never lets the guest idle, and yet no process of it runs for long: none is named."""
    loop = "while :; do curl -s 192.168.10.100 >/dev/null; done"
    running = site.begin("exec", "client", "sh", "-c", loop)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(2)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=HURRY)
    finally:
        kill(running)
    assert running.returncode == 130
    assert err == b""
    assert site.does("exec", "client", "sh", "-c", "pgrep curl || echo none") == "none\n"


def test_no_node_is_started_half_way_in_a_paused_lab(site: User) -> None:
    site.does("stop", "lb02")
    site.does("clock", "pause")
    done = site.tries("start", "lb02", deadline=HURRY)
    assert (done.code, done.err[:29]) == (1, "lvsnet: the lab's clock is pa")
    site.does("clock", "hold")
    site.does("start", "lb02")
    assert site.does("exec", "lb02", "pidof", "keepalived")


def test_no_fault_is_put_or_taken_back_half_way_in_a_paused_lab(site: User) -> None:
    site.does("fault", "stop", "lb02")
    site.does("clock", "pause")
    for order in ("service slow nginx01 1s", "start lb02", "clear"):
        done = site.tries("fault", *order.split(), deadline=HURRY)
        assert (done.code, done.err[:29]) == (1, "lvsnet: the lab's clock is pa"), order
    # What only the kernel has to do takes no time.
    site.does("fault", "link", "down", "nginx01:eth1")
    assert site.does("fault") == "stop lb02\nlink down nginx01:eth1\n"
    site.does("clock", "hold")
    site.does("fault", "clear")
    assert site.does("fault") == ""


@pytest.mark.parametrize("command", ["redeploy", "stop", "start", "cp", "save"])
def test_what_changes_a_lab_takes_little_of_its_time(site: User, command: str) -> None:
    file = site.home / "given"
    file.write_text("given\n")
    commands = {
        "redeploy": ("redeploy", site.lab("clock", ("scheduler: rr", "scheduler: wrr"))),
        "stop": ("stop", "nginx02"),
        "start": ("start", "nginx02"),
        "cp": ("cp", str(file), "lb01:/root/given"),
        "save": ("save", "clock", "-o", str(site.home / "saved")),
    }
    before = site.time()
    site.does(*commands[command])
    assert site.time() - before < 10


def test_a_lab_ends_with_its_supervisor(held_user: User) -> None:
    held_user.does("deploy", "--no-wait", held_user.one_node("orphan"))
    going = held_user.begin("clock", "advance", "8000h")
    try:
        eventually(lambda: held_user.time() > 100, HURRY)
        os.kill(held_user.supervisor(), signal.SIGKILL)
        _, said = going.communicate(timeout=HURRY)
        assert (going.returncode, said) == (1, b"lvsnet: lab orphan has ended\n")
    finally:
        kill(going)
    eventually(lambda: not held_user.processes(), HURRY, held_user.processes)
    held_user.does("destroy", "--all")
    assert nothing_of(held_user)


def test_a_guest_that_dies_is_told_to_whoever_waits_for_its_clock(held_user: User) -> None:
    held_user.does("deploy", "--no-wait", held_user.one_node("dies"))
    going = held_user.begin("clock", "advance", "8000h")
    try:
        eventually(lambda: held_user.time() > 100, HURRY)
        os.kill(held_user.guest(), signal.SIGKILL)
        _, said = going.communicate(timeout=HURRY)
    finally:
        kill(going)
    assert going.returncode == 1
    assert said.startswith(b"lvsnet: the guest of lab dies ended")
    assert b"Traceback" not in said
    eventually(lambda: nothing_of(held_user), HURRY, held_user.left)


def test_ctrl_c_ends_a_deploy_in_virtual_time(held_user: User) -> None:
    deploy = held_user.begin("deploy", held_user.lab("halfway"), stderr=subprocess.STDOUT)
    try:
        reads(deploy, b"create client")
        deploy.send_signal(signal.SIGINT)
        said, _ = deploy.communicate(timeout=HURRY)
    finally:
        kill(deploy)
    assert deploy.returncode == 130
    assert b"Traceback" not in said
    eventually(lambda: nothing_of(held_user), HURRY, held_user.left)
