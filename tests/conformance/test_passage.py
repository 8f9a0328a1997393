"""Files and connections pass between this machine and nodes, in every place the same."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator

import pytest

from conformance.sites import Site
from e2e.users import DEADLINE, kill, line

SCENARIO = """
import json, sys
from lvsnet.control import labs, scenarios
from lvsnet.scenario.model import Finish, Scenario, Send, Step
from lvsnet.traffic import target
from lvsnet.traffic.model import Answerer, Load

lab, place = labs.the_lab(sys.argv[1])
load = Load("few", ("client",), target.parse("tcp://192.168.10.13:9000"), 20.0, count=5)
steps = (Step(Send(load, (Answerer("web", "tcp", 9000),)), "send", 1), Step(Finish(()), "end", 2))
told = []
outcome = scenarios.run(
    place, lab, Scenario("few", steps), told.append, packets=sys.argv[2] == "packets"
)
assert tuple(told) == outcome.steps
(one,) = outcome.loads
kinds = None if outcome.packets is None else [packet.kind for packet in outcome.packets]
answers = [[share.server, share.answers] for share in one.summary.spread]
print(json.dumps([outcome.passed, answers, len(one.requests), kinds]))
"""
"""A scenario of five requests, and what came of it."""


def test_copies_are_the_same_both_ways(site: Site) -> None:
    home = site.user.home
    tree = home / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub/content").write_bytes(os.urandom(3_000_000))
    (tree / "odd\nname").write_text("x")
    (tree / "program").write_text("#!/bin/sh\n")
    (tree / "program").chmod(0o750)
    (tree / "link").symlink_to("sub/content")
    site.user.does("cp", "tree", f"{site.lab}/web:/root/")
    assert site.does("web", "stat", "-c", "%a %u %g", "/root/tree/program") == "750 0 0\n"
    assert site.does("web", "readlink", "/root/tree/link") == "sub/content\n"
    site.user.does("cp", f"{site.lab}/web:/root/tree", "back")
    back = home / "back"
    assert sorted(path.name for path in back.iterdir()) == sorted(
        path.name for path in tree.iterdir()
    )
    assert (back / "link").readlink() == (tree / "link").readlink()
    for name in ("sub/content", "odd\nname", "program"):
        assert (back / name).read_bytes() == (tree / name).read_bytes()
        assert (back / name).stat().st_uid == os.getuid()
    assert stat.S_IMODE((back / "program").stat().st_mode) == 0o750


def test_a_copy_that_fails_leaves_nothing(site: Site) -> None:
    (site.user.home / "one").write_text("x")
    done = site.user.tries("cp", "one", f"{site.lab}/web:/no/dir/one")
    assert (done.code, done.err) == (1, "lvsnet: /no/dir/one: there is no directory /no/dir\n")
    missing = site.user.tries("cp", f"{site.lab}/web:/no", "two")
    said = "lvsnet: web:/no: there is no such file or directory\n"
    assert (missing.code, missing.err) == (1, said)
    assert not (site.user.home / "two").exists()


def test_packets_are_seen_in_nodes_and_on_wires(site: Site) -> None:
    seen = {"web": [("web", "in"), ("web", "out")] * 2}
    if site.place.runtime != "containerlab":  # whose wires are somebody else's
        seen["lan"] = [("client", "out"), ("web", "out")] * 2
    for where, wanted in seen.items():
        arguments = ("-c", "4", "--format", "json", "--", "icmp")
        process = site.user.begin("capture", f"{site.lab}/{where}", *arguments)
        try:
            assert line(process.stderr).startswith("capturing at ")
            site.does("client", "ping", "-q", "-c", "2", "-i", "0.2", "192.168.10.13")
            out, err = process.communicate(timeout=60)
        finally:
            kill(process)
        assert (process.returncode, err) == (0, b"4 packets captured, 0 dropped\n")
        found = [json.loads(one) for one in out.splitlines()]
        assert [(one["node"], one["direction"]) for one in found] == wanted
        times = [one["at"] for one in found]
        assert times == sorted(times)
        assert found[0]["text"].startswith("ICMP 192.168.10.10 > 192.168.10.13: echo, sequence 1")


@pytest.fixture
def ports(site: Site) -> Iterator[list[int]]:
    """Ports here that lead to the web server: by its node, and by its address from the client."""
    wanted = (f"0:{site.lab}/web:80", "0:192.168.10.13:80")
    process = site.user.begin("forward", *wanted, "--format", "json")
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in wanted]
        yield [json.loads(line)["port"] for line in lines]
    finally:
        kill(process)


def test_forwarded_ports_lead_to_nodes_and_addresses(site: Site, ports: list[int]) -> None:
    for port in ports:
        for http in ("--http1.0", "--http1.1"):
            command = ["curl", "-s", "-m", "20", http, f"http://127.0.0.1:{port}/"]
            done = subprocess.run(command, capture_output=True, timeout=60, check=False)
            assert done.stdout == b"web\n", (port, done, site.lab)


def test_requests_and_packets_of_a_scenario_are_told(site: Site) -> None:
    captures = site.place.runtime != "containerlab"  # whose wires are somebody else's
    done = subprocess.run(
        [sys.executable, "-c", SCENARIO, site.lab, "packets" if captures else "none"],
        capture_output=True,
        env=site.user.environment,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    passed, answers, requests, kinds = json.loads(done.stdout)
    assert (passed, answers, requests) == (True, [["web", 5]], 5)
    if captures:
        assert "tcp-syn" in kinds
    else:
        assert kinds is None
