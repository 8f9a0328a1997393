"""What links carry and lose, measured in scenarios in virtual time, with nodes that answer."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from e2e.users import VIP, User

RATE, UPLOAD = 200, 1000
FRAME = 14 + 20 + 8 + UPLOAD
"""Headers of Ethernet, IPv4 and UDP, and the upload; the line before it has a dozen bytes more."""
LOAD = f"{RATE * FRAME * 8}bit"
SHAPED = 1_000_000
"""Bits a second, less than the load."""
SERVICE = f"""services:
  dns:
    address: {VIP}
    port: 53
    protocol: udp
    method: dr
    scheduler: rr
    real_servers: [nginx01, nginx02]
"""
WATCHED = "ss -Hlun sport = :53 | grep -q ."


def traffic(name: str) -> str:
    return f"""
      - traffic:
          name: {name}
          to: "udp://{VIP}:53"
          rate: {RATE}
          upload: {UPLOAD}B
          timeout: 500ms
          serve: [nginx01, nginx02]
      - wait: 1s"""


SCENARIOS = f"""
scenarios:
  measured:
    steps:{traffic("free")}
      - expect: >-
          link client:lan out {LOAD} within 2% and link lb01:lan in {LOAD} within 2%
          and link lb01:lan out {LOAD} within 2% and link nginx01:lan in >= 1kbit
          and link lb01:lan in drops == 0 over 4s
      - expect: lost == 0 of free
      - exec: "nginx01: {WATCHED}"
      - finish: free
      - exec: "nginx01: ! {WATCHED}"
      - fault: netem lb01:lan rate=1Mbit limit=20 in{traffic("shaped")}
      - expect: >-
          link lb01:lan in {SHAPED}bit within 2% and link client:lan out {LOAD} within 2%
          and link lb01:lan in drops > 0 and link lb01:lan out drops == 0 over 4s
      - expect: lost > 0 of shaped
      - finish: shaped
      - fault: netem client:lan rate=1Mbit limit=20 out{traffic("sender")}
      - expect: >-
          link client:lan out {SHAPED}bit within 2% and link client:lan out drops > 0
          and link lb01:lan in drops == 0 over 4s
  too-little:
    steps:{traffic("few")}
      - expect: link lb01:lan in 3Mbit within 2% and link client:lan out >= 1Mbit over 2s
      - wait: 1s
  booted-and-off:
    steps:
      - fault: stop lb02
      - fault: start lb02
      - expect: link lb02:lan in <= 1Mbit and link lb02:lan in drops == 0 over 1s
      - fault: stop lb02
      - expect: link lb02:lan in <= 1Mbit over 1s
"""


@pytest.fixture(scope="module")
def outcomes(held: User) -> dict[str, list[tuple[str, str, str]]]:
    """Of each scenario the steps: what came of it, what was expected and seen."""
    file = Path(held.lab("links"))
    file.write_text(file.read_text().partition("\nservices:")[0] + "\n" + SERVICE + SCENARIOS)
    done = held.tries("test", str(file), "--jobs", "1", "--seed", "7", "--format", "json")
    assert done.code == 1, done
    return {
        run["scenario"]: [
            (step["state"], step["expected"], step["seen"]) for step in run["outcome"]["steps"]
        ]
        for run in json.loads(done.text)["scenarios"]
    }


def rates(seen: str) -> list[float]:
    units = {"M": 1e6, "k": 1e3, "": 1}
    return [float(one) * units[unit] for one, unit in re.findall(r"([\d.]+) ([Mk]?)bit/s", seen)]


def test_a_load_is_measured_and_what_a_shaped_link_loses(
    outcomes: dict[str, list[tuple[str, str, str]]],
) -> None:
    steps = outcomes["measured"]
    assert {state for state, _, _ in steps} == {"passed"}, steps
    free, shaped, sender = (seen for _, _, seen in steps if seen.startswith(("client:", "lb01:")))
    client, into, out, half = rates(free)
    assert client == pytest.approx(RATE * FRAME * 8, rel=0.02)
    assert into == pytest.approx(client, rel=0.005)
    assert out == pytest.approx(client, rel=0.005)
    assert half == pytest.approx(client / 2, rel=0.02)
    assert "lb01:eth1 in 0 packets dropped" in free
    assert rates(shaped)[0] == pytest.approx(SHAPED, rel=0.02)
    match = re.search(r"lb01:eth1 in (\d+) packets dropped", shaped)
    assert match, shaped
    # In 4 s, what is more than the link takes.
    lost = 4 * (client - SHAPED) / (client / RATE)
    assert int(match[1]) == pytest.approx(lost, rel=0.05)
    assert rates(sender)[0] == pytest.approx(SHAPED, rel=0.02)


def test_what_was_not_expected_is_told_with_what_each_link_carried(
    outcomes: dict[str, list[tuple[str, str, str]]],
) -> None:
    state, expected, seen = outcomes["too-little"][2]
    assert state == "failed"
    assert expected == (
        "link lb01:eth1 in 3Mbit within 2% and link client:eth1 out >= 1Mbit over 2s"
    )
    assert re.fullmatch(r"lb01:eth1 in 1\.\d+ Mbit/s, client:eth1 out 1\.\d+ Mbit/s", seen), seen
    assert outcomes["too-little"][3][0] == "skipped"


def test_a_node_that_is_off_carries_nothing_that_could_be_measured(
    outcomes: dict[str, list[tuple[str, str, str]]],
) -> None:
    *booted, off = outcomes["booted-and-off"]
    assert [state for state, _, _ in booted] == ["passed"] * 4, booted
    assert off == ("failed", "link lb02:eth1 in <= 1Mbit over 1s", "lb02 does not run")
