"""Labs by the Python API: deployed, broken, asked, and ended with the process that deployed them.

Programs run as a process of their own, in the cache and runtime directory of a user.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from e2e.users import DEADLINE, User, eventually, line
from lvsnet.resources import example_labs

DR = example_labs()["dr"]
SMALL = """
name: small
segments: {lan: 10.9.0.0/24}
nodes:
  a: {role: client, interfaces: {lan: 10.9.0.1}}
  b: {role: client, interfaces: {lan: 10.9.0.2}}
scenarios:
  answers:
    steps:
      - traffic: {from: a, to: "udp://10.9.0.2:9000", rate: 20, count: 10, serve: [b]}
      - finish: all
      - expect: lost == 0
  fails:
    steps:
      - exec: "a: false"
"""
"""Two nodes do where it does not matter what runs."""


def program(user: User, text: str) -> str:
    """The output of a program that must succeed; ``lvsnet`` is there, and the files ``DR`` and
    ``SMALL``."""
    small(user)
    done = subprocess.run(
        [sys.executable, "-c", _whole(text)],
        capture_output=True,
        text=True,
        env=user.environment,
        cwd=user.home,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def small(user: User) -> None:
    (user.home / "small.yaml").write_text(SMALL)


def _whole(text: str) -> str:
    return f"import lvsnet\nDR, SMALL = {str(DR)!r}, 'small.yaml'\n{textwrap.dedent(text)}"


def test_a_site_is_broken_and_asked(user: User) -> None:
    """All that a lab can be asked for, in virtual time."""
    out = program(
        user,
        """
        with lvsnet.Lab(DR).deploy(clock="virtual", seed=7) as lab:
            assert list(lab.nodes) == ["client", "lb01", "lb02", "nginx01", "nginx02"]
            assert (lab.name, lab.seed, lab.is_virtual) == ("dr", 7, True)
            done = lab["client"].exec("curl -s 192.168.10.100; exit 3")
            assert done.code == 3 and done.out.startswith("nginx0"), done
            assert lab["client"].exec(["echo", "a  b"]).out == "a  b\\n"
            try:
                lab["client"].exec("exit 4", check=True)
            except lvsnet.LvsnetError as error:
                assert "client: exit 4: exit code 4" in str(error), error
            else:
                raise AssertionError("not checked")
            try:
                lab["client"].exec("sleep 60", timeout=2)
            except lvsnet.NotReachedError:
                pass
            else:
                raise AssertionError("no timeout")
            vip = lab.vip("192.168.10.100")
            assert vip.holder == "lb01"
            assert lab.ipvs("lb01").real_server("nginx01").method == "dr"
            before = lab.clock.now
            with lab.traffic("client", "http://192.168.10.100/", rate=20, count=200) as web:
                assert len(web.requests) < 5 and not web.over  # nothing moves the clock
                lab.clock.advance(2)
                assert 35 <= len(web.requests) <= 41, len(web.requests)
                with lab.fault.stop("lb01") as fault:
                    assert lab.fault.standing == (fault.fault,)
                    assert not lab["lb01"].running
                    assert 3 < lab.wait_until("vip 192.168.10.100 on lb02", within="5s") < 4
                    assert lab.ipvs("lb01") == ()
                assert lab["lb01"].running and lab.fault.standing == ()
                lab.wait_until(lambda: vip.holder == "lb01", within=10)
                summary = web.wait()
            assert (summary.requests, web.over) == (200, True)
            assert 3 < web.outage < 4 and 50 < web.lost < 80, summary
            assert abs(web.spread["nginx01"] - web.spread["nginx02"]) <= 2
            assert 9.9 < lab.clock.now - before < 20
            with lab.fault.link_down("lb01:lan"):
                assert [str(one) for one in lab.fault.standing] == ["link down lb01:eth1"]
                lab.wait_until("vip 192.168.10.100 on lb02", within="5s")
            assert lab.fault.standing == ()
            told = [one.text for one in lab.events("fault")]
            assert told == [
                "fault: stop lb01",
                "fault: start lb01",
                "fault: link down lb01:eth1",
                "fault: link up lb01:eth1",
            ]
            took_over = next(one for one in lab.events("vrrp") if one.node == "lb02")
            assert (took_over.subject, took_over.what) == ("VI_1", "backup")
            lab.fault.partition(["lb01"], ["lb02"])
            lab.fault.drop("client", "icmp")
            lab.fault.kill("nginx01", "nginx")
            assert len(lab.fault.standing) == 3
            lab.fault.clear()
            assert lab.fault.standing == ()
            assert "VRRP" in lab["lb01"].log()
            with lab.fault.netem("client:eth1", delay="20ms", loss=0.5):
                print(*lab.fault.standing)
                ping = lab["client"].exec("ping -c 5 -q 192.168.10.11").out
                print(ping.rpartition("= ")[2].split("/")[1])
        """,
    ).splitlines()
    assert out[0] == "netem client:eth1 delay=20ms loss=0.5%"
    assert float(out[1]) >= 20
    assert '"labs": []' in user.does("inspect", "--format", "json")
    assert user.processes() == {}


def test_scenarios_of_the_file(user: User) -> None:
    program(
        user,
        """
        with lvsnet.Lab(SMALL, "mine").deploy(clock="virtual", seed=7) as lab:
            assert lab.name == "mine"
            for turn in range(2):
                found = lab.run("answers")
                assert found.passed and found.loads[0].summary.answered == 10, found
            assert not lab.run("fails").passed
            try:
                lab.run("nothing")
            except lvsnet.LvsnetError as error:
                assert "has no scenario nothing; it has answers, fails" in str(error), error
            else:
                raise AssertionError
        """,
    )


def test_waits_and_traffic_with_the_real_clock(user: User) -> None:
    program(
        user,
        """
        import time
        with lvsnet.Lab(DR).deploy(clock="real") as lab:
            assert not lab.is_virtual and lab.seed is None
            assert lab.wait_until("vip 192.168.10.100 on lb01", within=10) < 10
            calls = []
            assert lab.wait_until(lambda: calls.append(1) or len(calls) == 3, within=10) >= 0.2
            begun = time.monotonic()
            try:
                lab.wait_until("vip 192.168.10.100 on lb02", within=1)
            except lvsnet.NotReachedError as error:
                assert "192.168.10.100 is on lb01" in str(error), error
            else:
                raise AssertionError
            assert time.monotonic() - begun >= 1
            try:
                lab.wait_until(lambda: False, within=0.3)
            except lvsnet.NotReachedError:
                pass
            else:
                raise AssertionError
            with lab.traffic("client", "http://192.168.10.100/", rate=20, seconds=1) as web:
                assert web.wait().answered == 20
        """,
    )


def _owner(user: User, more: str) -> subprocess.Popen[bytes]:
    """A program that has deployed a lab and waits."""
    small(user)
    text = f"""
    import sys, time
    lab = lvsnet.Lab(SMALL).deploy(clock="virtual", seed=7)
    {more}
    print("runs", flush=True)
    time.sleep(600)
    """
    return subprocess.Popen(
        [sys.executable, "-c", _whole(text)],
        stdout=subprocess.PIPE,
        env=user.environment,
        cwd=user.home,
    )


@pytest.mark.parametrize(("more", "left"), [("", False), ("lab.keep()", True)])
def test_what_a_killed_owner_leaves(user: User, more: str, left: bool) -> None:
    process = _owner(user, more)
    try:
        assert line(process.stdout, DEADLINE) == "runs\n"
        assert user.processes()
    finally:
        process.kill()
        process.communicate(timeout=10)
    if left:
        assert user.does("exec", "a", "echo", "there") == "there\n"
    else:
        eventually(lambda: not user.processes(), 20, user.processes)
        assert user.tries("inspect", "small").code == 1


def test_a_lab_without_with_ends_when_it_is_told_to_or_with_the_process(user: User) -> None:
    """Not when nobody has the object any more: a node or a VIP of it is still of use."""
    out = program(
        user,
        """
        import gc
        lab = lvsnet.Lab(SMALL, "one").deploy(clock="virtual", seed=1)
        vip = lvsnet.Lab(DR, "two").deploy(clock="virtual", seed=1).vip("192.168.10.100")
        gc.collect()
        print(sorted(one.name for one in (lvsnet.running("one"), lvsnet.running("two"))))
        lab.destroy()
        lab.destroy()
        print(lvsnet.running().name, vip.holder)
        """,
    )
    assert out == "['one', 'two']\ntwo lb01\n"
    assert user.processes() == {}


def test_a_failed_deploy_leaves_nothing(user: User, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(DR.read_text().replace("priority: {lb01: 150", "priority: {lb09: 150"))
    out = program(
        user,
        f"""
        for path in ({str(wrong)!r}, "nowhere.yaml"):
            try:
                lvsnet.Lab(path).deploy()
            except lvsnet.LvsnetError as error:
                print(error)
        for clock, runtime, seed in (
            ("virtuel", "auto", None), (None, "podman", None), ("real", "auto", 1)
        ):
            try:
                lvsnet.Lab(DR).deploy(clock, seed, runtime)
            except lvsnet.LvsnetError as error:
                print(error)
        try:
            lvsnet.Lab(DR, "My lab")
        except lvsnet.LvsnetError as error:
            print(error)
        """,
    ).splitlines()
    assert "lb09" in out[0]
    assert "no such file" in out[-5]
    assert "'virtuel': it is one of" in out[-4]
    assert "'podman': it is one of" in out[-3]
    assert "seed" in out[-2]
    assert "no name for a lab" in out[-1]
    assert user.processes() == {}
