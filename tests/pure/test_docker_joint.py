"""What passes between a process in a container and this process's file descriptors."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.docker import http, relaying
from lvsnet.docker.joint import MOST_KEPT, Joint

STDOUT, STDERR = http.STDOUT, http.STDERR


def frame(channel: int, content: bytes) -> bytes:
    return http.HEADER.pack(channel, len(content)) + content


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            try:
                os.close(end)
            except OSError:
                continue  # the test closed it


class Engine(threading.Thread):
    """The other end: says these frames, and reads what comes until its end."""

    def __init__(self, end: socket.socket, says: bytes) -> None:
        super().__init__()
        self.end, self.says, self.got = end, says, b""

    def run(self) -> None:
        with self.end:
            while content := self.end.recv(65536):
                self.got += content
            self.end.sendall(self.says)


def test_it_is_binary_clean_both_ways_and_a_half_close_is_passed_on() -> None:
    data = Random(1).randbytes(3_000_000)
    says = b"".join(frame(STDOUT, data[at : at + 40_000]) for at in range(0, len(data), 40_000))
    near, far = socket.socketpair()
    engine = Engine(far, says + frame(STDERR, b"an error"))
    engine.start()
    got = bytearray()

    def reads(end: int) -> None:
        while content := os.read(end, 65536):
            got.extend(content)

    def writes(end: int) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(end, left) :]
        os.close(end)

    with near, pipe() as (source, filled), pipe() as (read, sink):
        threads = [
            threading.Thread(target=reads, args=(read,)),
            threading.Thread(target=writes, args=(filled,)),
        ]
        for one in threads:
            one.start()
        joint = Joint(near, b"", http.Frames(), source, {STDOUT: sink})
        joint.run()
        os.close(sink)
        for one in (*threads, engine):
            one.join(20)
        assert joint.kept == b"an error"
    assert engine.got == data
    assert bytes(got) == data


def test_of_errors_the_beginning_is_kept() -> None:
    near, far = socket.socketpair()
    errors = bytes(range(256)) * 1024
    with near, pipe() as (source, filled), pipe() as (_, sink):
        os.close(filled)
        Engine(far, frame(STDERR, errors)).start()
        joint = Joint(near, b"", http.Frames(), source, {STDOUT: sink})
        joint.run()
    assert joint.kept == errors[:MOST_KEPT]


def test_an_output_that_nobody_reads_ends_it() -> None:
    near, far = socket.socketpair()
    with near, pipe() as (source, filled), pipe() as (read, sink):
        os.close(filled)
        os.close(read)
        Engine(far, frame(STDOUT, b"x")).start()
        with pytest.raises(BrokenPipeError):
            Joint(near, b"", http.Frames(), source, {STDOUT: sink}).run()


def piece(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20), max_size=6), st.lists(st.integers(0, 400), max_size=8))
def test_pieces_come_out_however_they_are_cut(contents: list[bytes], cuts: list[int]) -> None:
    pieces = [content for content in contents if content]
    whole = b"p" + b"".join(piece(content) for content in pieces) + piece(b"")
    framed = b"".join(frame(STDOUT, whole[at : at + 7]) for at in range(0, len(whole), 7))
    places = sorted({0, len(framed), *(cut % len(framed) for cut in cuts)})
    decoder = relaying.Pieces()
    got = [
        content
        for a, b in zip(places, places[1:], strict=False)  # noqa: RUF007
        for _, content in decoder.receive(framed[a:b])
    ]
    assert got == [*pieces, b""]


def test_what_is_not_in_pieces_passes_as_it_is() -> None:
    decoder = relaying.Pieces()
    assert decoder.receive(frame(STDOUT, b"r\0\0\0\5a")) == [(STDOUT, b"\0\0\0\5a")]
    assert decoder.receive(frame(STDERR, b"no") + frame(STDOUT, b"b")) == [
        (STDERR, b"no"),
        (STDOUT, b"b"),
    ]
