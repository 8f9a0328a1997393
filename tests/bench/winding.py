"""How long the clock of a lab in virtual time takes to be wound on, and how true it is."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from rows import DEADLINE, Row, command, measure, show

import lvsnet

LAB = "winding"
VIP = "192.168.10.100"
ASK = f"for i in $(seq 50); do curl -s -m 2 {VIP} >/dev/null || exit 1; done"
MINUTE = 60
TRUE_MS = 20.0
"""Milliseconds that a clock may be off at speed 1."""


def measured(directory: Path, program: str, dr: Path, rounds: int) -> None:
    """``program`` is lvsnet's, and ``dr`` labs/dr.yaml."""
    lab = directory / f"{LAB}.yaml"
    lab.write_text(dr.read_text().replace("name: dr", f"name: {LAB}"))
    environment = {**os.environ, "LVSNET_RUNTIME": "crun", "LVSNET_KERNEL": "guest"}

    def row(name: str, aim: float, *arguments: str) -> Row:
        return Row(name, command([program, *arguments], environment), aim)

    def clock(name: str, aim: float, *arguments: str) -> Row:
        return row(name, aim, "clock", *arguments, "--lab", LAB)

    deploy = ("deploy", "--clock", "virtual", "--no-wait", str(lab))
    gone = "connections == 0 on lb01 and connections == 0 on lb02"
    rows = [
        row("lvsnet deploy --clock virtual", 0.8, *deploy),
        clock("the VRRP election", 0.3, "run-until", f"vip {VIP} on one node"),
        clock("an hour of an idle lab", 5.0, "advance", "1h"),
        row("50 requests", 0, "exec", f"{LAB}/client", "sh", "-c", ASK),
        clock("15 minutes of connection timeouts", 2.0, "advance", "15m"),
        clock("a look whether they are gone", 0, "run-until", gone, "--limit", "100ms"),
        row("lvsnet destroy", 0.5, "destroy", LAB),
    ]
    try:
        measure(rows, rounds)
        show("a lab in virtual time", rows)
        command([program, "deploy", "--clock", "virtual", str(lab)], environment)()
        command([program, "clock", "run", "--lab", LAB], environment)()
        off = _off(MINUTE) * 1000
        print(f"at speed 1 off by {off:.1f} ms at most in {MINUTE} s; the aim is {TRUE_MS:.0f} ms")
    finally:
        subprocess.run([program, "destroy", LAB], capture_output=True, timeout=DEADLINE)


def _off(seconds: int) -> float:
    """By how many seconds the lab's clock and the machine's come apart, and come back."""
    clock = lvsnet.running(LAB).clock
    ahead = []
    for _ in range(seconds * 10):
        before = time.monotonic()
        now = clock.now
        ahead.append(now - (before + time.monotonic()) / 2)
        time.sleep(0.1)
    return max(ahead) - min(ahead)
