"""The logs of nodes that are Docker's containers, as its engine sends them."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from lvsnet.docker import api, http, processes
from lvsnet.engine.runtimes import docker_containers
from lvsnet.observe.logs_watch import Before, transitions
from lvsnet.observe.notices import Change
from lvsnet.observe.transitions import Log

NOT_FOUND = 404
LINES = 2000
"""Of a log's end that are of interest from before it is followed."""


@dataclass
class LogStream:
    """What a container's processes say from some time on."""

    end: socket.socket
    """Readable when there is more."""
    answer: http.Answer
    frames: http.Frames = field(default_factory=http.Frames)
    first: bytes = b""
    """What came with the answer's head, and was not read yet."""

    def readable(self) -> bool:
        """Whether `read` does not have to wait."""
        if self.first or self.answer.complete:
            return True
        return bool(select.select([self.end], [], [], 0)[0])

    def read(self) -> bytes | None:
        """The next piece; None once it is over.

        Raises:
            LvsnetError: what the engine sends is no log.
        """
        with api.explained(api.CALL_S):
            content, self.first = self.first, b""
            if not content:
                if self.answer.complete:
                    return None
                content = api.receive(self.end, self.answer)
            said = b"".join(piece for _, piece in self.frames.receive(content))
        return None if self.answer.complete and not said else said

    def close(self) -> None:
        self.end.close()


def follow(lab: str, node: str, since_ns: int) -> LogStream:
    """What the processes of a node's container say from then on, by the calendar.

    Raises:
        LvsnetError: the engine refuses, or does not answer.
    """
    seconds, rest = divmod(since_ns, 1_000_000_000)
    since = f"{seconds}.{rest:09}"
    query = urlencode({"stdout": "1", "stderr": "1", "follow": "1", "since": since})
    path = f"/containers/{quote(docker_containers.name_of(lab, node))}/logs?{query}"
    with api.explained(api.CALL_S):
        end = api.connect(api.CALL_S)
        try:
            end.sendall(http.request("GET", path, None))
            answer, content = api.begin(end)
            if answer.head is None or answer.head.status != 200:
                api.refuse(end, answer, content)
        except BaseException:
            end.close()
            raise
    return LogStream(end, answer, first=content)


def said_before(lab: str, node: str) -> bytes:
    """The end of what they have said until now; nothing without a container.

    Raises:
        LvsnetError: the engine refuses, or does not answer.
    """
    name = docker_containers.name_of(lab, node)
    try:
        return b"".join(processes.logs(name, follow=False, tail=LINES))
    except api.RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        return b""


@dataclass
class StreamLogs:
    lab: str
    streams: dict[str, LogStream] = field(default_factory=dict)
    logs: dict[str, Log] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    """When a node's stream was over, in nanoseconds of the calendar."""

    def know(self, node: str) -> Before:
        log = self.logs[node] = Log()
        self.ended[node] = time.time_ns()
        said = said_before(self.lab, node)
        for _ in log.receive(said):
            continue
        # Its last line's end is in what comes.
        log.partial = b""
        return Before(said, 0)

    def follow(self, node: str) -> None:
        if node not in self.streams:
            self.streams[node] = follow(self.lab, node, self.ended[node])

    def fds(self) -> list[int]:
        return [one.end.fileno() for one in self.streams.values()]

    def spoken(self, fd: int) -> list[str]:
        return [node for node, one in self.streams.items() if one.end.fileno() == fd]

    def read(self, node: str) -> Iterator[Change]:
        stream = self.streams.get(node)
        while stream is not None and stream.readable():
            content = stream.read()
            if content is None:
                self.ended[node] = time.time_ns()
                del self.streams[node]
                stream.close()
                return
            yield from transitions(self.logs[node], content)

    def states(self, node: str) -> Mapping[str, str]:
        return self.logs[node].states

    def forget(self, node: str) -> None:
        self.logs[node].forget()
