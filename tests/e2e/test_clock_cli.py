"""``lvsnet clock`` as it is typed, with a lab in virtual time; nothing here asks for real time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from e2e.users import DEADLINE, VIP, User, eventually, kill, requests

SEED = 7
INACTIVE_S = 120.0
"""How long a connection that was closed stays in the table (IP_VS_TCP_S_TIME_WAIT)."""
TAKEOVER_S = 3.6
"""Three adverts missed, and the skew of priority 100 (RFC 3768, 6.1)."""
LOOK_S = 0.1
PROGRAM = """
import lvsnet
lab = lvsnet.running("timed")
clock = lab.clock
begun = clock.now
clock.advance(1.5)
assert abs(clock.now - begun - 1.5) < 1e-6, clock.now - begun
assert clock.run_until("vip 192.168.10.100 on one node", 60) < 0.1
then = clock.now
took = clock.run_until(lambda: clock.now >= then + 0.4, "5s", step=0.25)
assert abs(took - 0.5) < 0.1, took  # two steps
assert (lab.name, clock.seed, clock.mode) == ("timed", 7, "held")
"""


@pytest.fixture(scope="module")
def lab(warm_resident: User) -> User:
    """Somebody whose lab ``timed`` is in virtual time, with the VIP on lb01."""
    file = warm_resident.lab("timed")
    warm_resident.does("deploy", "--clock", "virtual", "--seed", str(SEED), file)
    return warm_resident


@pytest.fixture
def site(lab: User) -> Iterator[User]:
    """For a test that leaves it otherwise than it was: held, whole, and with the VIP on lb01."""
    yield lab
    lab.does("clock", "hold")
    lab.tries("start", "lb01")
    lab.does("clock", "run-until", f"vip {VIP} on lb01 and vip {VIP} on one node", "--limit", "2m")


def clock(user: User) -> dict[str, object]:
    found = json.loads(user.does("clock", "-f", "json"))["clock"]
    assert isinstance(found, dict)
    return found


def now(user: User) -> float:
    """Seconds since boot."""
    found = clock(user)["now"]
    assert isinstance(found, float)
    return found


def waits(user: User, condition: str, limit: str) -> float:
    """Seconds of the lab's time until a condition is met."""
    found = json.loads(user.does("clock", "run-until", condition, "--limit", limit, "-f", "json"))
    assert found["met"], found
    assert found["to"] - found["from"] == pytest.approx(found["waited"], abs=0.01)
    return float(found["waited"])


def test_a_held_clock_stands_still_between_commands(lab: User) -> None:
    first = clock(lab)
    assert (first["kind"], first["mode"], first["seed"]) == ("virtual", "held", SEED)
    assert clock(lab) == first
    block = lab.does("clock").splitlines()
    assert "mode      held: moves only while a command needs it" in block
    assert f"seed      {SEED}" in block
    (seen,) = json.loads(lab.does("inspect", "timed", "-f", "json"))["labs"]
    assert (seen["clock"]["kind"], seen["clock"]["seed"]) == ("virtual", SEED)
    assert f"since boot; seed {SEED}" in lab.does("inspect", "timed")


def test_advance_moves_every_node_by_as_much(lab: User) -> None:
    def dates() -> list[float]:
        return [float(lab.does("exec", node, "date", "+%s.%N")) for node in ("lb01", "client")]

    before = dates()
    assert before[1] - before[0] < 0.1
    moved = json.loads(lab.does("clock", "advance", "90s", "-f", "json"))
    assert moved["to"] - moved["from"] == pytest.approx(90.0)
    after = dates()
    assert all(90 <= new - old < 90.1 for old, new in zip(before, after, strict=True))


def test_run_until_the_vip_moves(site: User) -> None:
    site.does("stop", "lb01")
    assert waits(site, f"vip {VIP} on lb02", "1m") == pytest.approx(TAKEOVER_S, abs=1 + LOOK_S)


def test_run_until_a_real_server_is_out_and_in_again(lab: User) -> None:
    lab.does("exec", "nginx01", "nginx", "-s", "stop")
    assert waits(lab, f"real_server nginx01 out of lb01 for {VIP}:80", "1m") < 30
    assert waits(lab, "exec lb01: ! ipvsadm -Ln | grep -q 192.168.10.13", "1m") <= LOOK_S
    lab.does("restart", "nginx01")
    assert waits(lab, "real_server 192.168.10.13:80 in lb01", "1m") < 30


def test_run_until_connections_are_gone(lab: User) -> None:
    lab.does("clock", "run-until", "connections == 0 on lb01", "--limit", "10m")
    assert len(requests(lab, 4)) == 4
    lab.does("clock", "run-until", "inactive == 4 on lb01 and active == 0 on lb01", "--limit=1s")
    waited = waits(lab, "inactive == 0 on lb01", "10m")
    assert waited == pytest.approx(INACTIVE_S, abs=2.0)


def test_what_is_not_met_within_the_limit_is_told_with_what_there_is(lab: User) -> None:
    before = now(lab)
    done = lab.tries("clock", "run-until", f"vip {VIP} on nobody", "--limit", "10s")
    assert (done.code, done.out) == (1, b"")
    assert f"lvsnet: lab timed: not met in 10s of its time: vip {VIP} on nobody\n" in done.err
    assert f"\n{VIP} is on lb01, at 0:" in done.err
    assert now(lab) - before == pytest.approx(10.0, abs=0.1)


def test_a_paused_clock_moves_only_when_it_is_advanced(site: User) -> None:
    assert "paused" in site.does("clock", "pause")
    done = site.tries("clock", "run-until", f"vip {VIP} on lb02")
    assert done.code == 1
    assert "its clock is paused, at 0:" in done.err
    site.does("clock", "run-until", f"vip {VIP} on lb01")
    before = now(site)
    site.does("clock", "advance", "5s")
    assert now(site) - before == pytest.approx(5.0, abs=0.01)
    assert clock(site)["mode"] == "paused"


def test_a_clock_that_runs_moves_by_itself_until_it_is_held(lab: User) -> None:
    lab.does("clock", "run", "--speed", "20")
    before = now(lab)
    eventually(lambda: now(lab) > before + 1, 60)
    assert (clock(lab)["mode"], clock(lab)["speed"]) == ("running", 20)
    lab.does("clock", "hold")
    assert clock(lab) == clock(lab)


@pytest.mark.parametrize(
    "arguments", [("advance", "8000h"), ("run-until", f"vip {VIP} on nobody", "--limit=8000h")]
)
def test_ctrl_c_ends_the_command_and_leaves_the_lab(lab: User, arguments: tuple[str, ...]) -> None:
    before = now(lab)
    going = lab.begin("clock", *arguments)
    try:
        eventually(lambda: now(lab) > before, 60)
        going.send_signal(signal.SIGINT)
        out, err = going.communicate(timeout=60)
    finally:
        kill(going)
    assert (going.returncode, out) == (130, b""), err
    assert b"Traceback" not in err
    eventually(lambda: clock(lab) == clock(lab), 60)
    assert lab.does("exec", "lb01", "echo", "there") == "there\n"


WRONG = {
    ("advance", "-5s"): "a clock goes forward only",
    ("advance", "5d"): "'5d' is not a duration",
    ("run", "--speed", "0"): "a clock runs at a speed from",
    ("run-until", "vip lb01"): "expected an address",
    ("run-until", f"vip {VIP} on lb3"): "lab timed has no node lb3; there is client",
    ("run-until", "vip 192.168.10.9 on lb01"): f"no VIP 192.168.10.9; there is {VIP}",
}


def test_what_cannot_be_meant_is_a_wrong_usage(lab: User) -> None:
    before = now(lab)
    for arguments, message in WRONG.items():
        done = lab.tries("clock", *arguments)
        assert (done.code, done.out) == (2, b""), arguments
        assert message in done.err
    assert now(lab) == pytest.approx(before, abs=0.01)


def test_from_python(lab: User) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=lab.environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_lab_with_the_real_clock_says_one_thing(warm_user: User) -> None:
    warm_user.does("deploy", "--no-wait", warm_user.one_node("real"))
    assert clock(warm_user)["kind"] == "real"
    told = {
        (done.code, done.out, done.err)
        for arguments in (
            ("hold",),
            ("pause",),
            ("run", "--speed", "2"),
            ("advance", "1s"),
            ("run-until", "exec lb01: true"),
        )
        for done in [warm_user.tries("clock", *arguments)]
    }
    ((code, out, err),) = told
    assert (code, out) == (1, b"")
    assert err.startswith("lvsnet: lab real runs on the real clock of this machine, ")
    assert err.count("\n") == 1
