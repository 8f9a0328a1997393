"""The pytest plugin, by runs of pytest in the cache and runtime directory of a user."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points

import pytest

from e2e.users import DEADLINE, User
from lvsnet.resources import example_labs

LOADED = "lvsnet" in {one.name for one in entry_points(group="pytest11")}
OPTIONS = () if LOADED else ("-p", "lvsnet.pytest_plugin")
"""Where the package was installed before it had the entry point."""

SMALL = """
name: small
segments: {lan: 10.9.0.0/24}
nodes:
  a: {role: client, interfaces: {lan: 10.9.0.1}}
  b: {role: client, interfaces: {lan: 10.9.0.2}}
"""
"""Two nodes do where it does not matter what runs."""


def environment(user: User) -> dict[str, str]:
    """Of a run that is no worker's of the run that this is in: a worker's labs share a processor
    with whatever else is on it."""
    return {name: value for name, value in user.environment.items() if "XDIST" not in name}


def run(user: User, text: str, *options: str) -> tuple[int, str]:
    """pytest's exit code and output for a module of this text, beside the lab files ``site.yaml``,
    which is labs/dr.yaml, and ``small.yaml``."""
    tests = user.home / "project/tests"
    tests.mkdir(parents=True, exist_ok=True)
    (user.home / "project/pytest.ini").write_text("[pytest]\n")
    (tests / "site.yaml").write_text(example_labs()["dr"].read_text())
    (tests / "small.yaml").write_text(SMALL)
    (tests / "test_site.py").write_text(f"import pytest\n{textwrap.dedent(text)}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--strict-markers", *OPTIONS, *options],
        capture_output=True,
        text=True,
        env=environment(user),
        cwd=user.home / "project",
        timeout=DEADLINE,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_labs_of_functions_and_what_is_said_of_a_failure(user: User) -> None:
    code, said = run(
        user,
        """
        @pytest.mark.lab("small.yaml", seed=7)
        def test_passes(lab):
            assert lab.seed == 41
            with lab.fault.stop("b"):
                assert not lab["a"].exec("ping -c1 -W1 10.9.0.2").ok
            assert lab["a"].exec("ping -c1 -W1 10.9.0.2").ok

        @pytest.mark.lab("dr", clock="virtual")
        def test_fails(lab):
            lab.fault.link_down("lb01:eth1")
            assert lab.vip("192.168.10.100").holder == "lb02"

        def test_unmarked(lab):
            pass

        @pytest.mark.lab("nothing.yaml")
        def test_missing(lab):
            pass

        @pytest.mark.lab("site.yaml", kept="module")
        def test_wrong(lab):
            pass
        """,
        "--lab-seed",
        "41",
    )
    assert code == 1, said
    assert "1 failed, 1 passed, 3 errors" in said
    assert "fault link down lb01:eth1" in said
    assert re.search(r"VIP 192\.168\.10\.100 on (lb01|no node)\n", said), said
    assert "seed 41; again: pytest tests/test_site.py::test_fails --lab-seed 41" in said
    assert '@pytest.mark.lab("labs/dr.yaml")' in said
    assert "there is no lab file nothing.yaml" in said
    assert "has no 'kept'; there is clock, seed, keep" in said
    assert "Traceback" not in said
    assert user.processes() == {}


def test_a_lab_of_a_module_is_reset(user: User) -> None:
    code, said = run(
        user,
        """
        pytestmark = pytest.mark.lab("site.yaml", clock="virtual", seed=7, keep="module")
        names, booted = [], []

        def clean(lab):
            assert lab.fault.standing == ()
            assert lab.vip("192.168.10.100").holder == "lb01"
            assert all(alive for node in lab.look().nodes for _, alive in node.daemons)
            for director in ("lb01", "lb02"):
                listed = lab.ipvs(director)[0].real_servers
                assert len(listed) == 2
                assert not any(one.active or one.inactive for one in listed), listed

        def test_breaks(lab):
            clean(lab)
            names.append(lab.name)
            booted.append(lab.clock.now)
            lab.traffic("client", "http://192.168.10.100/", rate=20)
            lab.clock.advance(1)
            assert lab.ipvs("lb01")[0].real_servers[0].inactive
            lab.fault.stop("lb02")
            lab.fault.service_fail("nginx02")
            lab["nginx01"].exec("pkill -9 nginx")
            lab.clock.pause()

        def test_is_clean_again(lab):
            clean(lab)
            assert lab.name == names[0] and lab.clock.now > booted[0]
            assert lab.clock.mode == "held"
            lab.fault.freeze("lb01")

        class TestMore:
            def test_is_clean_once_more(self, lab):
                clean(lab)
                assert lab.name == names[0] and lab.clock.now > booted[0]
        """,
    )
    assert code == 0, said
    assert user.processes() == {}


def test_workers_of_xdist_and_labs_that_are_kept(user: User) -> None:
    code, said = run(
        user,
        """
        import os

        @pytest.mark.lab("small.yaml", clock="virtual")
        @pytest.mark.parametrize("number", [1, 2, 3])
        def test_each(lab, number):
            assert lab["a"].exec("ping -c1 -W1 10.9.0.2").ok
            assert number != 2
        """,
        "-n2",
        "--lab-keep",
    )
    assert code == 1, said
    assert "1 failed, 2 passed" in said
    kept = re.search(r"lvsnet inspect (small-test-each-2-\w+); lvsnet destroy \1", said)
    assert kept, said
    assert user.does("exec", "a", "echo", "there") == "there\n"
    user.does("destroy", kept[1])
    assert user.processes() == {}


@pytest.mark.parametrize("option", [("--lab-clock", "false"), ("--lab-seed", "-1")])
def test_wrong_options(user: User, option: tuple[str, str]) -> None:
    code, said = run(user, "", *option)
    assert code == 4, said
    assert f"argument {option[0]}: invalid" in said
