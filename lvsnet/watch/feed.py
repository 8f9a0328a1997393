"""What the screen is told, as lines on standard output: ``python -m lvsnet.watch.feed LAB WHAT``.

WHAT is ``events`` or ``tables``. It is a process of its own because following waits for as long as
nothing happens, and ends with the process that has started it. Each line is a JSON object:
``{layout}``, ``{initial, past, now}``, ``{event}``, ``{faults}``, ``{clock}``, ``{tables}``, and at
last ``{ended}``, why there is no more. `lvsnet.watch.model` reads them.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.control.place import Place

EVENTS, TABLES = "events", "tables"
ALL: Mapping[str, object] = {}
"""The tables of all directors: what is asked for by a `Wanted` with nothing in it."""
PR_SET_PDEATHSIG = 1
"""prctl(2); from linux/prctl.h."""
CLOCK_INTERVAL = 0.5
"""Seconds between two looks at a virtual clock, of which nobody tells; its supervisor answers, and
the lab notices nothing."""


def main(lab: str, what: str, parent: int) -> int:
    """The exit code: 0 when the lab has ended, or nobody reads any more."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # which has ended before that
        return 0
    try:
        try:
            _follow(lab, what)
            _say({"ended": f"lab {lab} has ended"})
        except LvsnetError as error:
            _say({"ended": str(error)})
    except (BrokenPipeError, KeyboardInterrupt):
        # What Python would write at its end has no reader.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


def _follow(lab: str, what: str) -> None:
    from lvsnet.control import labs

    place = labs.place_of(lab)
    if what == TABLES:
        place.follow(lab, "look.ipvs_follow", ALL, _tables)
        return
    from lvsnet.plan import codec
    from lvsnet.watch.layout import layout

    found = layout(place.record(lab))
    if found.clock == "virtual":
        _say({"clock": asdict(place.clock(lab))})
        threading.Thread(target=_tell_the_time, args=(place, lab), daemon=True).start()
    _say({"layout": codec.encode(found)})
    place.follow(lab, "look.watch", {}, _write)


def _tell_the_time(place: Place, lab: str) -> None:
    """Each change of the lab's clock, until the lab ends, which the main thread tells.

    Tables are followed by a grid of that clock: when it comes to rest between two points, they are
    told as they are then.
    """
    before = None
    moved = False
    try:
        while True:
            time.sleep(CLOCK_INTERVAL)
            clock = place.clock(lab)
            if clock != before:
                _say({"clock": asdict(clock)})
                moved = True
            elif moved:
                place.follow(lab, "look.tables", ALL, _tables)
                clock = place.clock(lab)  # which moves by a fraction of a ms while that looks
                _say({"clock": asdict(clock)})
                moved = False
            before = clock
    except (LvsnetError, BrokenPipeError):
        return


def _tables(line: str) -> None:
    _write(f'{{"tables": {line}}}')


def _writer() -> Callable[[str], None]:
    lock = threading.Lock()

    def write(line: str) -> None:
        content = memoryview(f"{line}\n".encode())
        with lock:
            while content:
                content = content[os.write(1, content) :]

    return write


_write = _writer()


def _say(words: dict[str, object]) -> None:
    _write(json.dumps(words))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
