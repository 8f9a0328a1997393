"""How long lvsnet's commands take, as medians of runs in turn, beside the start of Python itself.

The machine's speed drifts; the last column, times of `python -c pass` in the same run, does so
less. A lab of its own is deployed and destroyed, from labs/dr.yaml with another name.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

ROUNDS = 7
DEADLINE = 60.0
LAB = "bench"
LVSNET = str(Path(sys.executable).with_name("lvsnet"))
DR = Path(__file__).parents[2] / "labs/dr.yaml"


@dataclass
class Row:
    """One command, and how long each of its runs took."""

    name: str
    command: list[str]
    aim: float
    """Seconds; 0 for none."""
    seconds: list[float] = field(default_factory=list)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        lab = Path(directory) / "bench.yaml"
        lab.write_text(DR.read_text().replace("name: dr", f"name: {LAB}"))
        python = Row("python -c pass", [sys.executable, "-c", "pass"], 0)
        rows = [
            python,
            Row("lvsnet --help", [LVSNET, "--help"], 0.2),
            Row("lvsnet validate labs/dr.yaml", [LVSNET, "validate", str(lab)], 0),
            Row("lvsnet deploy labs/dr.yaml", [LVSNET, "deploy", "--no-wait", str(lab)], 2.5),
            Row("lvsnet exec lb01 true", [LVSNET, "exec", f"{LAB}/lb01", "true"], 0.25),
            Row("lvsnet inspect", [LVSNET, "inspect", LAB], 0),
            Row("lvsnet destroy", [LVSNET, "destroy", LAB], 0.5),
        ]
        print(f"{ROUNDS} rounds on {os.cpu_count()} processors; load {os.getloadavg()[0]:.1f}")
        try:
            for _ in range(ROUNDS):
                for row in rows:
                    row.seconds.append(seconds(row.command))
        finally:
            subprocess.run([LVSNET, "destroy", LAB], capture_output=True, timeout=DEADLINE)
    base = median(python.seconds)
    print(f"{'':30}{'median s':>9}{'least':>8}{'most':>8}{'aim':>7}{'x python':>10}")
    for row in rows:
        middle = median(row.seconds)
        aim = f"{row.aim:.2f}" if row.aim else ""
        print(
            f"{row.name:30}{middle:9.3f}{min(row.seconds):8.3f}{max(row.seconds):8.3f}"
            f"{aim:>7}{middle / base:10.1f}"
        )


def seconds(command: list[str]) -> float:
    """Wall time of a command, which must succeed."""
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    taken = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with code {done.returncode}:\n{done.stderr}")
    return taken


if __name__ == "__main__":
    main()
