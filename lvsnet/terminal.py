"""This process's terminal while it is joined with one in a node: raw then, and as before after it.

Bytes pass both ways as they are, so that the node's terminal does what a terminal does: echo,
lines, Ctrl-C and Ctrl-Z for its foreground job, job control.
"""

from __future__ import annotations

import os
import re
import signal
import termios
import tty
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from lvsnet.streams import STANDARD, Streams

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
"""What ends this process; the keys Ctrl-C and Ctrl-\\ are bytes meanwhile and make none of them."""
PASSED_ON = ("TERM", "COLORTERM")
"""Environment variables that describe the terminal."""
UTF_8 = "C.UTF-8"
"""A locale that glibc and musl have without any being installed."""


@dataclass(frozen=True)
class Size:
    """In characters; zero when the terminal does not know it."""

    rows: int
    columns: int


class EndedError(Exception):
    """This process is to end by a signal, ``number``, or because its terminal was closed."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def size(fd: int) -> Size:
    """The size of a terminal (TIOCGWINSZ, ioctl_tty(2)).

    Raises:
        OSError: it is none, or was closed.
    """
    columns, rows = os.get_terminal_size(fd)
    return Size(rows, columns)


def environment(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a program in a node must be told of this terminal: its type and character encoding.

    The encoding is UTF-8 unless the locale (locale(7)) names another one. A process without a
    locale, as in most containers, has a UTF-8 terminal all the same.
    """
    told = {name: variables[name] for name in PASSED_ON if variables.get(name)}
    names = (variables.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next((name for name in names if name), "C")
    if locale in ("C", "POSIX") or re.search(r"\.utf-?8", locale, re.IGNORECASE):
        told["LC_CTYPE"] = UTF_8
    return told


SWITCHED_OFF = (1, 47, 1047, 1049, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 2004, 2026)
"""DEC private modes (xterm's ctlseqs) that are off in a shell: application cursor keys, alternate
screens, reports of the mouse and of focus, bracketed paste, synchronized output."""
SWITCHED_ON = (7, 25)
"""Those that are on: lines wrap, the cursor is seen."""
_SWITCH = re.compile(rb"\x1b(?:\[\?([0-9;]{1,32})([hl])|([=>])|\[>4(?:;(\d{0,2}))?m)")
_UNFINISHED = re.compile(rb"\x1b(?:\[(?:[?>][0-9;]{0,32})?)?\Z")


@dataclass
class Screen:
    """What a node's programs have made of the terminal, as far as it must be undone."""

    at_line_start: bool = True
    _switched: dict[int, bool] = field(default_factory=dict)
    _keypad: bool = False
    _keys: bool = False
    """Whether modified keys are reported in xterm's own way (modifyOtherKeys)."""
    _rest: bytes = b""
    """The beginning of a sequence whose end is still to come."""

    def shown(self, content: bytes) -> None:
        """Take note of what was written to the terminal."""
        if not content:
            return
        self.at_line_start = content.endswith(b"\n")
        content = self._rest + content
        for modes, switch, keypad, keys in _SWITCH.findall(content):
            if modes:
                for mode in filter(None, modes.split(b";")):
                    self._switched[int(mode)] = switch == b"h"
            elif keypad:
                self._keypad = keypad == b"="
            else:
                self._keys = keys not in (b"", b"0")
        unfinished = _UNFINISHED.search(content)
        self._rest = unfinished.group() if unfinished else b""

    def undo(self) -> bytes:
        """What to write to a terminal that was left in the middle; empty when nothing is left."""
        left = [(mode, b"l") for mode in SWITCHED_OFF if self._switched.get(mode)]
        left += [(mode, b"h") for mode in SWITCHED_ON if not self._switched.get(mode, True)]
        written = b"".join(b"\x1b[?%d%b" % one for one in left)
        return written + b"\x1b>" * self._keypad + b"\x1b[>4m" * self._keys


@contextmanager
def joined(resized: Callable[[Size], None], streams: Streams = STANDARD) -> Iterator[Screen]:
    """Have standard input's terminal raw; on every end it is as before, and so is the screen.

    ``resized`` is called from a signal's handler when the size has changed. Whoever writes to
    the terminal tells the screen. When the ``with`` ends by an exception, the terminal is left at
    the start of a line, for a message.

    Raises:
        EndedError: a signal told this process to end, in the middle of whatever it did.
    """
    fd = streams.stdin
    before = termios.tcgetattr(fd)
    screen = Screen()
    told: list[int] = []

    def end(number: int, _stack: FrameType | None) -> None:
        told.append(number)
        if len(told) == 1:
            raise EndedError(number)

    def resize(_number: int, _stack: FrameType | None) -> None:
        with suppress(OSError):  # it was closed: the next read tells
            resized(size(fd))

    def go_on(number: int, stack: FrameType | None) -> None:
        # A shell that stopped this process (SIGSTOP) has made the terminal its own meanwhile.
        with suppress(termios.error):
            tty.setraw(fd, termios.TCSANOW)
        resize(number, stack)

    with ExitStack() as undo:
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup(1) has it
                undo.callback(signal.signal, number, signal.signal(number, end))
        undo.callback(_restore, fd, before)
        finish = undo.enter_context(_finishing(screen, streams.stdout))
        for number, handler in ((signal.SIGWINCH, resize), (signal.SIGCONT, go_on)):
            undo.callback(signal.signal, number, signal.signal(number, handler))
        undo.callback(told.append, 0)  # what comes from now on does not cut the undoing short
        tty.setraw(fd, termios.TCSANOW)
        yield screen
        finish()


@contextmanager
def _finishing(screen: Screen, fd: int) -> Iterator[Callable[[], None]]:
    """Undo at the end what is left on the screen; begin a line unless the function was called."""
    finished: list[bool] = []
    try:
        yield lambda: finished.append(True)
    finally:
        written = screen.undo()
        if not finished:
            written += b"\x1b[m" if screen.at_line_start else b"\x1b[m\r\n"
        if os.isatty(fd):
            with suppress(OSError):  # it was closed
                os.write(fd, written)


def _restore(fd: int, before: list[int | list[bytes | int]]) -> None:
    with suppress(termios.error):  # it was closed
        termios.tcsetattr(fd, termios.TCSANOW, before)
