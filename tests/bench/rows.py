"""What is measured: rows of a table, each with the times of its runs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

DEADLINE = 120.0
HEADER = f"{'':44}{'median s':>9}{'least':>8}{'most':>8}{'aim':>7}"


@dataclass
class Row:
    """One thing that is done, and how long each of its runs took."""

    name: str
    do: Callable[[], object]
    aim: float = 0
    """Seconds; 0 for none."""
    seconds: list[float] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return median(self.seconds)


def command(
    argv: Sequence[str], environment: Mapping[str, str] | None = None
) -> Callable[[], None]:
    """Runs a command, which must succeed."""

    def run() -> None:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=DEADLINE, env=environment, check=False
        )
        if done.returncode:
            sys.exit(f"{' '.join(argv)} ended with code {done.returncode}:\n{done.stderr}")

    return run


def measure(rows: Iterable[Row], rounds: int) -> None:
    """Do all rows in turn, so many times: a machine's speed drifts."""
    ordered = list(rows)
    for _ in range(rounds):
        for row in ordered:
            begun = time.perf_counter()
            row.do()
            row.seconds.append(time.perf_counter() - begun)


def show(title: str, rows: Iterable[Row]) -> None:
    print(f"\n{title}\n{HEADER}")
    for row in rows:
        aim = f"{row.aim:.2f}" if row.aim else ""
        least, most = min(row.seconds), max(row.seconds)
        print(f"{row.name:44}{row.middle:9.3f}{least:8.3f}{most:8.3f}{aim:>7}")
