"""Two sockets that are joined: whole, both ways, each way to its own end."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from lvsnet.engine.dial import Way, pump

MB = 2**20
WITHIN_S = 10.0


@dataclass
class Joined:
    """The two far ends."""

    left: socket.socket
    right: socket.socket
    thread: threading.Thread


@contextmanager
def joined(init: int) -> Iterator[Joined]:
    left, near = socket.socketpair()
    far, right = socket.socketpair()
    with near, far:
        for end in (near, far):
            end.setblocking(False)
        for end in (left, right):
            end.settimeout(WITHIN_S)
        there = Way(near.fileno(), far.fileno(), lambda: far.shutdown(socket.SHUT_WR))
        back = Way(far.fileno(), near.fileno(), lambda: near.shutdown(socket.SHUT_WR))

        def work() -> None:
            pump(init, there, back)
            near.close()
            far.close()

        thread = threading.Thread(target=work)
        thread.start()
        with left, right:
            yield Joined(left, right, thread)
        thread.join(WITHIN_S)
        assert not thread.is_alive()


def whole(end: socket.socket) -> bytes:
    found = bytearray()
    while piece := end.recv(65536):
        found += piece
    return bytes(found)


def test_both_ways_at_once_and_each_ends_by_itself() -> None:
    content, answer = os.urandom(10 * MB), os.urandom(10 * MB)
    with joined(os.getpid()) as ends, ThreadPoolExecutor(4) as pool:
        received = pool.submit(whole, ends.right)
        answered = pool.submit(whole, ends.left)
        sent = pool.submit(ends.left.sendall, content)
        ends.right.sendall(answer[:MB])  # while the other direction goes on
        sent.result(WITHIN_S)
        ends.left.shutdown(socket.SHUT_WR)
        assert received.result(WITHIN_S) == content
        ends.right.sendall(answer[MB:])  # after it has ended
        ends.right.shutdown(socket.SHUT_WR)
        assert answered.result(WITHIN_S) == answer
        ends.thread.join(WITHIN_S)
        assert not ends.thread.is_alive()


def test_who_goes_away_cuts_both_ways() -> None:
    with joined(os.getpid()) as ends:
        ends.right.close()
        ends.left.sendall(b"x")
        ends.thread.join(WITHIN_S)
        assert not ends.thread.is_alive()
        with pytest.raises(ConnectionError):
            ends.left.sendall(b"x")


def test_a_node_that_loses_its_power_cuts_it() -> None:
    with subprocess.Popen(["sleep", "600"]) as init, joined(init.pid) as ends:
        ends.left.sendall(b"x")
        assert ends.right.recv(1) == b"x"
        init.kill()
        assert whole(ends.left) == b""
        ends.thread.join(WITHIN_S)
        assert not ends.thread.is_alive()
