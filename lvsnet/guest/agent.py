"""The agent: in the guest, runs what the host asks for over the serial line.

Every request is a process, a program in a node or a forked child, with its standard streams as
channels. One thread, one selector.
Where the time goes at its start is what a deploy waits for, hence the late imports.
"""

from __future__ import annotations

import errno
import os
import selectors
import signal
import sys
import termios
import time
import tty
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lvsnet.errors import LvsnetError
from lvsnet.guest import children, console, mounts, process, wire
from lvsnet.guest.console import Console
from lvsnet.guest.wire import Frame, Inlet, Line, Outlet, Type

LINE_DEVICE = "/dev/ttyS0"
TURNSTILE = "/sys/kernel/um-ext-time/bc-message"
"""Where virtual time is kept by the host: writing ends when the host lets the guest go on."""
CTRL_ALT_DEL = (("ctrl-alt-del", "0"), ("cad_pid", "{pid}"))
"""Files of /proc/sys/kernel that have this key send SIGINT to a process and not reboot
(proc_sys_kernel(5), reboot(2)). By the management console's ``cad`` the host has it pressed."""
MOST_QUEUED = 512 * 1024
"""Bytes that may wait for the line before the agent stops reading from its children."""
READ_SIZE = 64 * 1024
HUSH = 0.0001
"""Seconds of the lab's time for which what runs is stopped while the host has its say."""
HANG_UP = 2.0
"""Seconds that a program has to end after its terminal was closed; then it is killed."""


@dataclass
class Stream:
    """A request that is being served by a child."""

    id: int
    child: process.Child
    stdin: Inlet
    stdin_open: bool = True
    outputs: dict[int, Outlet] = field(default_factory=dict)
    """By file descriptor, as long as it is open."""
    status: int | None = None
    """What waitpid said, once the child has ended."""
    console: Console | None = None
    """Where the end of its terminal is still to come; what is typed waits until then."""
    held: list[int] = field(default_factory=list)
    """File descriptors that stay open as long as the child needs them."""

    @property
    def at_terminal(self) -> bool:
        return self.child.stderr is None


class Agent:
    """Serves requests that come on a line, until that is closed."""

    def __init__(
        self,
        fd: int,
        line: Line | None = None,
        start: children.Start = children.begin,
        ended: children.Ended = children.ended,
        turnstile: int | None = None,
    ) -> None:
        self.fd = fd
        self.open = True
        self.line = Line(acknowledges=True) if line is None else line
        self.start = start
        self.ended = ended
        self.selector = selectors.DefaultSelector()
        self.streams: dict[int, Stream] = {}
        self.killed: set[int] = set()
        """Children of streams that are no more, not yet reaped."""
        self.hung_up: dict[int, float] = {}
        """Those of them whose terminal was closed, and the time of the clock when they are killed.
        """
        self.hushed: set[int] = set()
        """Processes that are stopped until the host has had its say."""
        self.hushed_until = 0.0
        self.turnstile = turnstile
        self.wake_read, wake_write = os.pipe()
        os.set_blocking(self.wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _stack: None)
        signal.signal(signal.SIGINT, lambda _number, _stack: None)

    def run(self) -> None:
        self.selector.register(self.wake_read, selectors.EVENT_READ)
        self.selector.register(self.fd, selectors.EVENT_READ)
        while self.open or self.killed:
            self._watch_line()
            self._watch_outputs()
            for key, events in self.selector.select(self._patience()):
                if key.fd == self.fd:
                    self._serve_line(events)
                elif key.fd == self.wake_read:
                    signals = os.read(self.wake_read, READ_SIZE)
                    if signal.SIGINT in signals:
                        self._hush()
                    self._reap()
                elif key.data in self.streams:
                    self._serve_child(self.streams[key.data], key.fd)

    def _patience(self) -> float | None:
        """Seconds until a program must have ended whose terminal is no more; who is late goes.

        Or until what was stopped goes on.
        """
        now = time.monotonic()
        for pid in [pid for pid, until in self.hung_up.items() if until <= now]:
            del self.hung_up[pid]
            process.end(pid)
        if self.hushed and self.hushed_until <= now:
            self._go_on()
        waits = [*self.hung_up.values(), *([self.hushed_until] if self.hushed else [])]
        return min(waits) - now if waits else None

    def _serve_line(self, events: int) -> None:
        if events & selectors.EVENT_READ:
            content = self._read_line()
            if not content:
                self._part()
                return
            frames = self.line.receive(content)
            # Acknowledge first, act then: the host can send on meanwhile.
            self._write_line()
            for frame in frames:
                self._frame(frame)
            if self.hushed:
                self._go_on()
        if events & selectors.EVENT_WRITE:
            self._write_line()

    def _read_line(self) -> bytes:
        try:
            return os.read(self.fd, READ_SIZE)
        except ConnectionError:
            return b""

    def _write_line(self) -> None:
        # Where the line is closed, reading it tells.
        with suppress(BlockingIOError, ConnectionError):
            self.line.wrote(os.write(self.fd, self.line.to_write()))
            self._stand()

    def _stand(self) -> None:
        """The clock stands still until the host has read what there is, and answered if it will."""
        if self.turnstile is not None:
            os.pwrite(self.turnstile, b"0", 0)

    def _hush(self) -> None:
        """Have the host say what it has to, while all that was started is stopped.

        It goes on with the next input; or after `HUSH`, if the host has said it already.
        """
        for stream in self.streams.values():
            if stream.status is None:
                self.hushed |= process.stop(stream.child.pid)
        self.hushed_until = time.monotonic() + HUSH
        self._stand()

    def _go_on(self) -> None:
        process.send(self.hushed, signal.SIGCONT)
        self.hushed.clear()

    def _part(self) -> None:
        """The line is closed: end everything."""
        self.open = False
        self.selector.unregister(self.fd)
        for stream in list(self.streams.values()):
            self._end(stream)

    def _serve_child(self, stream: Stream, fd: int) -> None:
        if fd == stream.child.stdin:
            self._feed(stream)
        elif fd in stream.outputs:
            self._drain(stream, fd)
        elif stream.console is not None:
            self._take_terminal(stream, stream.console)

    def _watch_line(self) -> None:
        if not self.open:
            return
        wanted = selectors.EVENT_READ
        if self.line.wants_write:
            wanted |= selectors.EVENT_WRITE
        if self.selector.get_key(self.fd).events != wanted:
            self.selector.modify(self.fd, wanted)

    def _watch_outputs(self) -> None:
        """Read from a child only what its stream's credit and the line's queue have room for."""
        room = self.line.queued < MOST_QUEUED
        watched = self.selector.get_map()
        for stream in self.streams.values():
            for fd, outlet in stream.outputs.items():
                if room and outlet.room:
                    if fd not in watched:
                        self.selector.register(fd, selectors.EVENT_READ, stream.id)
                elif fd in watched:
                    self.selector.unregister(fd)

    def _frame(self, frame: Frame) -> None:
        if frame.type is Type.OPEN:
            self._open(frame)
            return
        stream = self.streams.get(frame.stream)
        if stream is None:
            return  # it ended while the frame was under way
        if frame.type is Type.DATA:
            stream.stdin.received(wire.channel_of(frame)[1])
            if stream.stdin_open:
                self._feed(stream)
            else:
                self.line.send(stream.stdin.passed_on(len(stream.stdin.pending)))
        elif frame.type is Type.EOF:
            stream.stdin.ended = True
            self._feed(stream)
        elif frame.type is Type.CREDIT:
            channel, count = wire.grant_of(frame)
            for outlet in stream.outputs.values():
                if outlet.channel == channel:
                    outlet.granted(count)
            self._finish(stream)
        elif frame.type is Type.MESSAGE:
            self._message(stream, wire.json_of(frame))
        elif frame.type is Type.CLOSE:
            self._end(stream)

    def _open(self, frame: Frame) -> None:
        try:
            with process.killable():
                child, console = self.start(wire.json_of(frame))
        except (LvsnetError, OSError, ValueError) as error:
            self._close(frame.stream, {"error": str(error)})
            return
        stream = Stream(frame.stream, child, Inlet(frame.stream, wire.STDIN), console=console)
        if console is not None:
            self.selector.register(console.listener, selectors.EVENT_READ, stream.id)
        stream.outputs[child.stdout] = Outlet(frame.stream, wire.STDOUT)
        if child.stderr is not None:
            stream.outputs[child.stderr] = Outlet(frame.stream, wire.STDERR)
        self.streams[frame.stream] = stream

    def _message(self, stream: Stream, message: dict[str, object]) -> None:
        number = message.get("signal")
        if isinstance(number, int) and stream.status is None:
            process.pass_on(stream.child.pid, number)
        if "rows" in message and stream.child.stdout in stream.outputs:
            try:
                console.resize(stream.child.stdout, *console.size_of(message))
            except (ValueError, OSError) as error:
                self._close(stream.id, {"error": f"terminal: {error}"})
                self._end(stream)

    def _take_terminal(self, stream: Stream, where: Console) -> None:
        """Go on with the container's terminal in place of the one that crun was started at."""
        before = stream.child
        try:
            stream.child = console.take(before, where)
        except BlockingIOError:
            return  # the child has ended without one, and says why at its own
        except OSError as error:
            self._close(stream.id, {"error": f"no terminal: {error}"})
            self._end(stream)
            return
        self._drop_console(stream)
        if before.stdout in stream.outputs:
            stream.outputs[stream.child.stdout] = stream.outputs.pop(before.stdout)
            self._drop(before.stdout)
        stream.held.append(before.stdin)
        self._feed(stream)

    def _drop_console(self, stream: Stream) -> None:
        if stream.console is not None:
            self.selector.unregister(stream.console.listener)
            stream.console.close()
            stream.console = None

    def _end(self, stream: Stream) -> None:
        """The client has gone: what it had started ends with it.

        In a terminal that hangs up: who has taken leave of it, as by nohup(1), goes on.
        """
        if stream.status is None:
            if stream.at_terminal:
                self.hung_up[stream.child.pid] = time.monotonic() + HANG_UP
            else:
                process.end(stream.child.pid)
        self._forget(stream)

    def _feed(self, stream: Stream) -> None:
        """Pass on to the child's stdin what it takes without blocking."""
        if not stream.stdin_open or stream.console is not None:
            return
        fd = stream.child.stdin
        watched = fd in self.selector.get_map()
        try:
            while stream.stdin.pending:
                count = os.write(fd, stream.stdin.pending[:READ_SIZE])
                self.line.send(stream.stdin.passed_on(count))
        except BlockingIOError:
            if not watched:
                self.selector.register(fd, selectors.EVENT_WRITE, stream.id)
            return
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO):
                raise
            # The child reads no more: what still comes is dropped, as a shell's pipe would.
            self.line.send(stream.stdin.passed_on(len(stream.stdin.pending)))
            self._close_stdin(stream)
            return
        if watched:
            self.selector.unregister(fd)
        if stream.stdin.ended:
            self._close_stdin(stream)

    def _close_stdin(self, stream: Stream) -> None:
        if stream.stdin_open:
            self._drop(stream.child.stdin)
            stream.stdin_open = False

    def _drain(self, stream: Stream, fd: int) -> None:
        outlet = stream.outputs[fd]
        try:
            content = os.read(fd, outlet.room)
        except BlockingIOError:
            if stream.status is not None:
                # Somebody else still holds the pipe; the child's own output is all out.
                self._end_output(stream, fd)
            return
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            content = b""  # nobody has the other end of the terminal open any more
        if content:
            self.line.send(outlet.data(content))
        else:
            self._end_output(stream, fd)

    def _end_output(self, stream: Stream, fd: int) -> None:
        self.line.send(wire.eof(stream.id, stream.outputs.pop(fd).channel))
        self._drop(fd)

    def _reap(self) -> None:
        for stream in list(self.streams.values()):
            if stream.status is None:
                pid, status = os.waitpid(stream.child.pid, os.WNOHANG)
                if pid:
                    stream.status = status
                    self._finish(stream)
        for pid in [pid for pid in self.killed if os.waitpid(pid, os.WNOHANG)[0]]:
            self.killed.remove(pid)
            self.hung_up.pop(pid, None)

    def _finish(self, stream: Stream) -> None:
        """Once the child has ended: send the rest of its output as credit allows, then close."""
        if stream.status is None:
            return
        if stream.console is not None:
            self._take_terminal(stream, stream.console)
            if stream.id not in self.streams:
                return
        for fd in list(stream.outputs):
            while fd in stream.outputs and stream.outputs[fd].room:
                self._drain(stream, fd)
        if not stream.outputs:
            self._close(stream.id, self.ended(stream.status))
            self._forget(stream)

    def _close(self, stream: int, result: dict[str, object]) -> None:
        self.line.send(wire.with_json(Type.CLOSE, stream, result))

    def _forget(self, stream: Stream) -> None:
        self._drop_console(stream)
        self._close_stdin(stream)
        for fd in [*stream.outputs, *stream.held]:
            self._drop(fd)
        if stream.status is None:
            self.killed.add(stream.child.pid)
        del self.streams[stream.id]

    def _drop(self, fd: int) -> None:
        if fd in self.selector.get_map():
            self.selector.unregister(fd)
        os.close(fd)


def _turnstile() -> int | None:
    try:
        return os.open(TURNSTILE, os.O_WRONLY)
    except FileNotFoundError:
        return None


def _heed_the_host() -> None:
    """Have the host be able to make itself heard while processes keep the guest from idling.

    Where no time passes, all have had an equal share of the processor, and among many that come and
    go this one's turn may not come for seconds of the host's (sched(7), SCHED_FIFO).
    """
    os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    for name, value in CTRL_ALT_DEL:
        Path("/proc/sys/kernel", name).write_text(value.format(pid=os.getpid()))


def main() -> None:
    begun = time.monotonic()
    mounts.mount_all()
    process.spare()
    fd = os.open(LINE_DEVICE, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(fd, termios.TCSANOW)
    turnstile = _turnstile()
    agent = Agent(fd, turnstile=turnstile)
    if turnstile is not None:
        _heed_the_host()
    ready = {"ready": True, "uptime": begun, "python": sys.version.split()[0]}
    agent.line.send(wire.with_json(Type.MESSAGE, wire.LINE, ready))
    agent.line.wrote(os.write(fd, agent.line.to_write()))
    from lvsnet.guest import requests  # noqa: F401  while the host is still busy

    agent.run()


if __name__ == "__main__":
    main()
