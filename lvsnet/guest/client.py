"""A client of a lab's supervisor: asks the agent for operations, runs commands in nodes.

`lvsnet exec` imports this, so it imports little.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from lvsnet.errors import LvsnetError, SilenceError
from lvsnet.guest import places, wire
from lvsnet.guest.wire import Frame, Line, Outlet, Type
from lvsnet.progress import Report

READ_SIZE = 256 * 1024
CONNECT = 10.0
"""Seconds until a supervisor must take a connection."""
SILENCE = 120.0
"""Seconds without a word after which an operation is given up; its steps have shorter deadlines."""


@dataclass
class Connection:
    """A connection to a lab's supervisor; one request at a time."""

    lab: str
    socket: socket.socket
    line: Line = field(default_factory=Line)
    last_stream: int = 0
    kept: bool = False
    """Whether the lab outlives this connection, which owns it."""

    def open(self, request: Mapping[str, object]) -> int:
        """Begin a request; its stream."""
        self.last_stream += 1
        self.line.send(wire.with_json(Type.OPEN, self.last_stream, request))
        return self.last_stream

    def flush(self) -> None:
        """Write what the socket takes now. If the lab is gone, `frames` tells it, and why."""
        try:
            while self.line.wants_write:
                self.line.wrote(self.socket.send(self.line.to_write()))
        except (BlockingIOError, ConnectionError):
            return

    def frames(self) -> list[Frame]:
        """The frames of one read; raises LvsnetError when the lab is gone or never was."""
        try:
            content = self.socket.recv(READ_SIZE)
        except TimeoutError as error:
            raise SilenceError(
                f"lab {self.lab} has not answered for {self.socket.gettimeout():.0f} s; "
                f"`lvsnet destroy {self.lab}` ends it"
            ) from error
        except BlockingIOError:
            return []
        except ConnectionError:
            content = b""
        if not content:
            raise LvsnetError(f"lab {self.lab} has ended")
        frames = self.line.receive(content)
        for frame in frames:
            if frame.stream == wire.LINE:
                said = wire.json_of(frame)
                if "note" not in said:
                    raise LvsnetError(str(said.get("ended")))
                sys.stderr.write(f"lvsnet: {said['note']}\n")
        return [frame for frame in frames if frame.stream != wire.LINE]

    def close(self) -> None:
        self.socket.close()


@contextmanager
def connected(lab: str) -> Iterator[Connection]:
    """A connection to a running lab.

    Raises:
        LvsnetError: there is no such lab.
    """
    place = places.of(lab)
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(CONNECT)
        try:
            end.connect(str(place.leads_to_socket.readlink()))
        except TimeoutError as error:
            raise SilenceError(f"lab {lab}: its supervisor does not answer") from error
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise LvsnetError(_unreachable(lab)) from error
        yield Connection(lab, end)


def call(
    connection: Connection,
    request: Mapping[str, object],
    report: Report,
    stdin: bytes = b"",
    silence: float | None = SILENCE,
) -> object:
    """One of the agent's operations, or of the supervisor's own; its result.

    ``silence`` None waits for ever.

    Raises:
        SilenceError: nothing was heard for ``silence`` seconds.
        LvsnetError: what the operation says that failed.
    """
    output = bytearray()
    answer: dict[str, object] = {}

    def read(content: bytes) -> None:
        output.extend(content)
        answer.update(_events(output, report))

    close, stderr = _converse(connection, request, read, stdin, silence)
    return _result(close, answer, stderr)


def ask(
    connection: Connection, request: Mapping[str, object], silence: float | None = SILENCE
) -> dict[str, object]:
    """One of the supervisor's own requests; its result. ``silence`` None waits for ever.

    Raises:
        SilenceError: nothing was heard for ``silence`` seconds.
        LvsnetError: what the supervisor says that failed; or the lab ended.
    """
    stream = connection.open(request)
    connection.socket.settimeout(silence)
    while True:
        connection.flush()
        for frame in connection.frames():
            if frame.stream == stream and frame.type is Type.CLOSE:
                close = wire.json_of(frame)
                if "error" in close:
                    raise LvsnetError(str(close["error"]))
                return close


def capture(
    connection: Connection, request: Mapping[str, object], silence: float = SILENCE
) -> tuple[int, str, str]:
    """Run a command to its end; exit code, output and errors.

    Raises:
        SilenceError: nothing was heard for ``silence`` seconds.
        LvsnetError: the command cannot be started, or the lab ended under it.
    """
    output = bytearray()
    close, stderr = _converse(connection, request, output.extend, b"", silence)
    if "error" in close:
        raise LvsnetError(str(close["error"]))
    return exit_code(close), output.decode(errors="replace"), stderr.decode(errors="replace")


def _converse(
    connection: Connection,
    request: Mapping[str, object],
    read: Callable[[bytes], None],
    stdin: bytes,
    silence: float | None,
) -> tuple[dict[str, object], bytes]:
    """Send a request and its input, hand on its output; how it was closed, and its errors."""
    stream = connection.open({**request, "input": "whole"})
    outlet = Outlet(stream, wire.STDIN)
    stderr = bytearray()
    rest = memoryview(stdin)
    ended = False
    connection.socket.settimeout(silence)
    while True:
        while rest and outlet.room:
            taken = rest[: outlet.room]
            connection.line.send(outlet.data(bytes(taken)))
            rest = rest[len(taken) :]
        if not rest and not ended:
            connection.line.send(wire.eof(stream, wire.STDIN))
            ended = True
        connection.flush()
        for frame in connection.frames():
            if frame.stream != stream:
                continue  # of a request that was given up
            if frame.type is Type.DATA:
                channel, content = wire.channel_of(frame)
                if channel == wire.STDOUT:
                    read(content)
                else:
                    stderr += content
                connection.line.send(wire.credit(stream, channel, len(content)))
            elif frame.type is Type.CREDIT:
                outlet.granted(wire.grant_of(frame)[1])
            elif frame.type is Type.CLOSE:
                return wire.json_of(frame), bytes(stderr)


def _events(output: bytearray, report: Report) -> dict[str, object]:
    """Take whole lines from an operation's output: report progress, return result or error."""
    answer: dict[str, object] = {}
    while (end := output.find(b"\n")) >= 0:
        event = json.loads(output[:end])
        del output[: end + 1]
        if "progress" in event:
            report(event["progress"])
        else:
            answer |= event
    return answer


def _result(close: dict[str, object], answer: dict[str, object], stderr: bytes) -> object:
    if "error" in close:
        raise LvsnetError(str(close["error"]))
    if "error" in answer:
        raise LvsnetError(str(answer["error"]))
    if close.get("code", 0) != 0:
        words = stderr.decode(errors="replace").strip()
        raise LvsnetError(f"the guest's agent failed (code {close['code']}):\n{words}")
    return answer.get("result")


def exit_code(close: dict[str, object]) -> int:
    code = close.get("code")
    return code if isinstance(code, int) else 1


def _unreachable(lab: str) -> str:
    """What is to be said of a lab that has no socket, or one at which nobody listens."""
    labs = [place.lab for place in places.running()]
    if lab in labs:
        return f"lab {lab} is just being deployed or destroyed"
    there = f"there is {', '.join(labs)}" if labs else "none does; `lvsnet deploy LAB` starts one"
    return f"lab {lab} does not run; {there}"
