"""What it costs a lab on the real clock to be watched, in parts of a processor.

Nobody waits for that, so what counts is processor time: of the lab, which is its supervisor, its
kernel and all processes of its nodes; and of what watches it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rows import DEADLINE, command

from lvsnet import peers
from lvsnet.guest import client

LAB = "watched"
VIP = "192.168.10.100"
SETTLE, SPAN = 2.0, 10.0
"""Seconds until a program has begun, and for which it is measured."""
WINDOW = (24, 80)
"""Rows and columns."""
AIM = "2.0"
TICKS = os.sysconf("SC_CLK_TCK")
WATCHERS: Mapping[str, Sequence[str]] = {
    "nobody": (),
    "lvsnet ipvs --watch": ("ipvs", "--watch"),
    "lvsnet events -f": ("events", "-f"),
    "lvsnet watch": ("watch",),
}
LOADS: Mapping[str, Sequence[str]] = {
    "at rest": (),
    "20 requests/s": ("traffic", VIP, "--rate", "20/s", "--for", "10m"),
}


def measured(directory: Path, program: str, dr: Path) -> None:
    """``program`` is lvsnet's, and ``dr`` labs/dr.yaml."""
    file = directory / f"{LAB}.yaml"
    file.write_text(dr.read_text().replace("name: dr", f"name: {LAB}"))
    environment = {**os.environ, "LVSNET_RUNTIME": "crun", "LVSNET_KERNEL": "guest"}
    environment |= {"LVSNET_LAB": LAB, "TERM": "xterm-256color"}
    try:
        command([program, "deploy", "--clock", "real", str(file)], environment)()
        with client.connected(LAB) as connection:
            lab = peers.of(connection.socket)[0]
        print(f"\n{'watched by, % of a processor':44}{'lab':>9}{'more':>8}{'watcher':>8}{'aim':>7}")
        for title, load in LOADS.items():
            with _runs(program, load, environment):
                alone = 0.0
                for name, watcher in WATCHERS.items():
                    with _runs(program, watcher, environment) as watching:
                        its, own = _parts(lab, watching)
                    alone = alone or its
                    numbers = f"{its:9.2f}{its - alone:8.2f}{own:8.2f}{AIM if watcher else '':>7}"
                    print(f"{f'{name}, {title}':44}{numbers}")
    finally:
        subprocess.run([program, "destroy", LAB], capture_output=True, timeout=DEADLINE)


@contextmanager
def _runs(
    program: str, arguments: Sequence[str], environment: Mapping[str, str]
) -> Iterator[int | None]:
    """One of lvsnet's commands in a terminal, if there is one: its process id."""
    if not arguments:
        yield None
        return
    ours, its = os.openpty()
    termios.tcsetwinsize(its, WINDOW)
    with (
        subprocess.Popen(["cat"], stdin=ours, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
        subprocess.Popen(
            [program, *arguments],
            stdin=its,
            stdout=its,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        ) as process,
    ):
        os.close(ours)
        os.close(its)
        try:
            time.sleep(SETTLE)
            yield process.pid
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(DEADLINE)


def _parts(lab: int, watcher: int | None) -> tuple[float, float]:
    """Of a processor, in hundredths: what the lab and what the watcher takes."""
    begun, before = time.monotonic(), (_taken(lab), _taken(watcher))
    time.sleep(SPAN)
    whole = time.monotonic() - begun
    its, own = (
        100 * (now - then) / whole
        for now, then in zip((_taken(lab), _taken(watcher)), before, strict=True)
    )
    return its, own


def _taken(process: int | None) -> float:
    """Seconds of processor time of a process, its children and theirs, also those that have ended;
    see proc_pid_stat(5)."""
    if process is None:
        return 0.0
    parents: dict[int, int] = {}
    taken: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pid = int(path.parent.name)
        parents[pid] = int(fields[1])
        taken[pid] = sum(map(int, fields[11:15])) / TICKS
    return sum(seconds for pid, seconds in taken.items() if process in _line(pid, parents))


def _line(pid: int, parents: Mapping[int, int]) -> Iterator[int]:
    """A process, its parent and so on."""
    while pid in parents:
        yield pid
        pid = parents[pid]
