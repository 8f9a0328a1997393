"""How long lvsnet takes for what, as medians of runs in turn, beside the start of Python itself.

The machine's speed drifts; compare rows of one run. Labs of its own are deployed and destroyed:
labs/dr.yaml with another name in a guest, on the real clock and in virtual time, and plain hosts by
crun and Docker on this machine's kernel.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import engines
import watched
import winding
from rows import DEADLINE, Row, command, measure, show

from lvsnet.progress import on_stderr
from machine import data
from machine import engine as docker_engine

ROUNDS = 7
LAB = "bench"
LVSNET = str(Path(sys.executable).with_name("lvsnet"))
DR = Path(__file__).parents[2] / "labs/dr.yaml"


def main() -> None:
    print(f"{ROUNDS} rounds on {os.cpu_count()} processors; load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        commands(directory)
        winding.measured(directory, LVSNET, DR, ROUNDS)
        watched.measured(directory, LVSNET, DR)
        if os.geteuid():
            print("\nOnly root sees how long crun and Docker take on this machine's kernel.")
            return
        engines.embedded(directory)
        if lacking := docker_engine.lacking():
            print(f"\nNot with Docker: there is no {', no '.join(lacking)}")
            return
        with data.engine_with_images(on_stderr) as host:
            engines.docker(directory, host, LVSNET)


def commands(directory: Path) -> None:
    """The commands as a user types them, with a guest."""
    lab = directory / "bench.yaml"
    lab.write_text(DR.read_text().replace("name: dr", f"name: {LAB}"))
    guest = {**os.environ, "LVSNET_RUNTIME": "crun", "LVSNET_KERNEL": "guest"}

    def row(name: str, aim: float, *arguments: str, kernel: str = "built") -> Row:
        environment = {**guest, "LVSNET_GUEST_KERNEL": kernel}
        return Row(name, command([LVSNET, *arguments], environment), aim)

    rows = [
        Row("python -c pass", command([sys.executable, "-c", "pass"])),
        row("lvsnet --help", 0.2, "--help"),
        row("lvsnet validate labs/dr.yaml", 0, "validate", str(lab)),
        row(
            "lvsnet deploy, Debian's kernel", 1.6, "deploy", "--no-wait", str(lab), kernel="debian"
        ),
        row("lvsnet destroy", 0.5, "destroy", LAB),
        row("lvsnet deploy labs/dr.yaml", 0.8, "deploy", "--no-wait", str(lab)),
        row("lvsnet exec lb01 true", 0.25, "exec", f"{LAB}/lb01", "true"),
        row("lvsnet inspect", 0, "inspect", LAB),
        row("lvsnet ipvs", 0.3, "ipvs", "--lab", LAB),
        row("lvsnet destroy", 0.5, "destroy", LAB),
    ]
    try:
        measure(rows, ROUNDS)
    finally:
        subprocess.run([LVSNET, "destroy", LAB], capture_output=True, timeout=DEADLINE)
    show("commands, with a guest", rows)


if __name__ == "__main__":
    main()
