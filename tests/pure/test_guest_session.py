"""What a command's client tells of its input while the clock of a held lab waits for that."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from lvsnet.guest import session, wire
from lvsnet.guest.client import Connection
from lvsnet.guest.wire import Frame, Line, Type
from lvsnet.streams import Streams

CONTENT = b"x" * 50_000
"""A pipe takes 64 KB, and a client reads less at once."""
LIVE = wire.with_json(Type.MESSAGE, 1, {"input": "live"})
END = wire.eof(1, wire.STDIN)


def told(monkeypatch: pytest.MonkeyPatch, content: bytes, *, closed: bool) -> list[Frame]:
    """What the client of a command tells whose input is a pipe with this content.

    Unless the pipe is ``closed`` already, it is once its client calls it silent.
    """
    ours, theirs = socket.socketpair()
    theirs.settimeout(20)
    stdin, writing = os.pipe()
    os.write(writing, content)
    frames: list[Frame] = []

    def supervise() -> None:
        line, is_open = Line(), not closed
        while END not in frames and (said := theirs.recv(65536)):
            frames.extend(line.receive(said))
            if LIVE in frames and is_open:
                is_open = False
                os.close(writing)
        theirs.sendall(wire.with_json(Type.CLOSE, 1, {"code": 0}).encode())

    if closed:
        os.close(writing)
    thread = threading.Thread(target=supervise)
    with ours, theirs, Path(os.devnull).open("wb") as nothing:
        monkeypatch.setattr(session, "STANDARD", Streams(stdin, nothing.fileno(), nothing.fileno()))
        thread.start()
        try:
            assert session.run(Connection("dr", ours), {"op": "exec"}) == 0
        finally:
            thread.join(20)
            os.close(stdin)
    assert wire.json_of(frames[0]) == {"op": "exec", "input": "soon"}
    return frames[1:]


def given(frames: list[Frame]) -> bytes:
    return b"".join(wire.channel_of(one)[1] for one in frames if one.type is Type.DATA)


def test_that_a_pipe_stays_silent_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, b"", closed=False) == [LIVE, END]


@pytest.mark.parametrize("closed", [False, True])
def test_what_is_in_a_pipe_is_given_first_however_late_its_client_comes_to_it(
    monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    monkeypatch.setattr(session, "GRACE", 0.0)
    frames = told(monkeypatch, CONTENT, closed=closed)
    assert given(frames) == CONTENT
    assert [one for one in frames if one.type is not Type.DATA] == ([] if closed else [LIVE]) + [
        END
    ]
    assert frames[-1] == END
    assert closed or frames[-2] == LIVE
