"""``lvsnet traffic`` as it is typed: paced and heavy, in virtual time and in real time."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from datetime import datetime
from itertools import pairwise

import pytest

from e2e.users import DEADLINE, VIP, User, eventually, kill, table

CAPTURE = "/root/capture"
WATCH = (
    f"tcpdump -i eth1 -n -U -w {CAPTURE} 'tcp port 80' >/dev/null 2>&1 & "
    f"until [ -s {CAPTURE} ]; do sleep 0.1; done"
)
ANSWERS = f"tcpdump -tt -n -r {CAPTURE} 'src host {VIP} and tcp src port 80' 2>/dev/null"
EXACT_S = 0.010
TAKEOVER_S = 3.6
"""Three adverts missed, and the skew of priority 100 (RFC 3768, 6.1)."""
RATE = 20
COUNT = 200
PATIENCE_S = 0.5
"""Less than TCP waits until it sends a SYN again (RFC 6298, 2.1: 1 s)."""
CUT_S = 3
PROGRAM = f"""
import json
from lvsnet.control import labs, traffic
from lvsnet.progress import silent
from lvsnet.traffic import analysis, target, text
from lvsnet.traffic.model import Load

lab, place = labs.the_lab("")
web = target.parse("http://{VIP}/")
load = Load("web", ("client",), web, {RATE}, {COUNT}, timeout={PATIENCE_S})
begun = traffic.begin(place, lab, load)
place.advance(lab, {CUT_S} * 10**9)
place.stop(lab, "lb01")
print(json.dumps(text.plain(analysis.summary(traffic.wait(place, lab, begun, 60, silent)))))
"""
"""A load in a held lab, whose director's power is cut in the middle."""


@pytest.fixture(scope="module")
def lab(warm_held: User) -> User:
    """Somebody whose lab is in virtual time."""
    warm_held.does("deploy", warm_held.lab("load"))
    return warm_held


@pytest.fixture(scope="module")
def real(warm_resident: User) -> User:
    """Somebody whose lab is in real time."""
    warm_resident.does("deploy", warm_resident.lab("heavy"))
    return warm_resident


def sent(user: User, *words: str) -> dict[str, object]:
    found = json.loads(user.does("traffic", *words, "-f", "json"))
    assert isinstance(found, dict)
    return found


def answers(user: User) -> list[float]:
    """When tcpdump on the client saw an answer's first bytes, in seconds since 1970."""
    lines = user.does("exec", "client", "sh", "-c", ANSWERS).splitlines()
    return [float(line.split()[0]) for line in lines if "HTTP/1.1 200" in line]


def booted(user: User) -> float:
    """When a lab's kernel booted, by its calendar, in seconds since 1970."""
    clock = json.loads(user.does("clock", "-f", "json"))["clock"]
    return datetime.fromisoformat(clock["calendar"]).timestamp() - float(clock["now"])


def test_requests_are_spread_and_counted(lab: User) -> None:
    found = sent(lab, f"http://{VIP}/", "--rate", "20/s", "--count", "40")
    summary = found["summary"]
    assert isinstance(summary, dict)
    assert (summary["requests"], summary["answered"], summary["lost"]) == (40, 40, 0)
    assert summary["spread"] == {"nginx01": 20, "nginx02": 20}
    assert summary["outages"] == []
    requests = found["requests"]
    assert isinstance(requests, list)
    ats = [one["at"] for one in requests]
    assert all(abs(later - at - 1 / RATE) < 0.001 for at, later in pairwise(ats))
    shown = lab.does("traffic", VIP, "--for", "1s")
    assert re.search(r"^spread     nginx01  10   50\.0 %  █+$", shown, re.MULTILINE), shown


def test_an_answer_that_does_not_come_has_a_reason(lab: User) -> None:
    for target, reason in (("192.168.10.13:81", "refused"), ("192.168.10.99", "timeout")):
        found = sent(lab, target, "--count", "2", "--timeout", "500ms")["summary"]
        assert isinstance(found, dict)
        assert found["failures"] == {reason: 2}


def test_a_node_answers_datagrams(lab: User) -> None:
    serve = ("--serve", "nginx01:udp/9000")
    found = sent(lab, "udp://192.168.10.13:9000", "--count", "5", *serve)["summary"]
    assert isinstance(found, dict)
    assert found["spread"] == {"nginx01": 5}
    left = sent(lab, "udp://192.168.10.13:9000", "--count", "1", "--timeout", "100ms")["summary"]
    assert isinstance(left, dict)
    assert left["answered"] == 0


def test_an_outage_agrees_with_tcpdump(lab: User) -> None:
    """Within 10 ms, at both ends; what tcpdump saw is put on the lab's time by its calendar."""
    lab.does("exec", "client", "sh", "-c", WATCH)
    begun = lab.time()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        env=lab.environment,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    summary = json.loads(done.stdout)
    # tcpdump has a packet a second after it at the latest (pcap_set_timeout, as tcpdump sets it).
    lab.passes(2)
    seen, boot = answers(lab), booted(lab)
    assert len(seen) == summary["answered"]
    last, first = max(pairwise(seen), key=lambda two: two[1] - two[0])
    lab.does("start", "lb01")
    assert len(summary["outages"]) == 1, summary
    outage = summary["outages"][0]
    assert abs(boot + outage["start"] - last) < EXACT_S, (boot, outage, last)
    assert abs(boot + outage["end"] - first) < EXACT_S, (boot, outage, first)
    assert outage["over"]
    assert abs(outage["start"] - begun - CUT_S) < 1
    assert TAKEOVER_S - 1 - PATIENCE_S < outage["seconds"] < TAKEOVER_S + 0.5
    assert abs(outage["lost"] - outage["seconds"] * RATE) < RATE * PATIENCE_S
    assert summary["answered"] + outage["lost"] == COUNT


def test_ctrl_c_shows_what_there_was(real: User) -> None:
    process = real.begin("traffic", VIP, "--for", "1h", "--record", "requests.jsonl")
    try:
        eventually(lambda: connections(real) > 10, 30, "requests are answered")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE)
    finally:
        kill(process)
    assert process.returncode == 130, err
    counted = re.search(rb"^answered   (\d+)", out, re.MULTILINE)
    assert counted, out
    recorded = (real.home / "requests.jsonl").read_text().splitlines()
    assert len(recorded) >= int(counted[1]) > 10
    after = connections(real)
    assert sent(real, VIP, "--count", "1")["interrupted"] is False
    assert connections(real) == after + 1


def connections(user: User) -> int:
    """In the director's table, where each stays for two minutes (IP_VS_TCP_S_TIME_WAIT)."""
    return sum(map(sum, table(user, "lb01").values()))


def test_heavy_requests(real: User) -> None:
    found = sent(real, VIP, "--heavy", "--for", "1s", "--connections", "4")
    summary = found["summary"]
    assert isinstance(summary, dict)
    assert summary["answered"] > 100
    assert sum(summary["spread"].values()) == summary["answered"]
    counts = list(summary["spread"].values())
    assert max(counts) - min(counts) < 0.2 * max(counts)
    assert 0 < summary["p50"] <= summary["p99"] <= summary["longest"]


@pytest.mark.parametrize("scheme", ["tcp", "udp"])
def test_heavy_streams(real: User, scheme: str) -> None:
    found = sent(real, f"{scheme}://nginx01:5201", "--heavy", "--for", "1s")["stream"]
    assert isinstance(found, dict)
    assert found["received"] > 1_000_000
    assert (found["lost"] is None) is (scheme == "tcp")
    assert "iperf3" not in real.does("exec", "nginx01", "ps", "-A", "-o", "comm")


def test_a_heavy_load_says_what_is_in_its_way(real: User) -> None:
    taken = real.tries("traffic", "tcp://nginx01:80", "--heavy", "--for", "1s")
    assert (taken.code, "nginx01: iperf3" in taken.err, "port 80 already" in taken.err) == (
        1,
        True,
        True,
    )
    several = real.tries("traffic", f"tcp://{VIP}:80", "--heavy", "--for", "1s")
    assert (several.code, "different real servers" in several.err) == (1, True)


def test_virtual_time_has_no_heavy_load(lab: User) -> None:
    done = lab.tries("traffic", VIP, "--heavy")
    assert (done.code, done.out) == (1, b"")
    assert "there is no rate to measure" in done.err
