"""Serving the clients of one lab: their streams, and the line to its guest.

Clients open streams on the lab's socket, the agent in the guest serves them; frames are passed on
under stream ids of the line's own.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field

from lvsnet.guest import boot, uml, wire
from lvsnet.guest.wire import Frame, Line, Type

BOOT_DEADLINE = 60.0
"""Seconds until the agent must have said hello; it takes 0.5 s."""
READ_SIZE = 256 * 1024


@dataclass
class Client:
    """A connection to the socket."""

    socket: socket.socket
    line: Line = field(default_factory=Line)
    streams: dict[int, int] = field(default_factory=dict)
    """The client's stream id -> the line's."""
    gone: bool = False


class GuestEndedError(Exception):
    """The guest is no more, or as good as; the text is the rest of a sentence about it."""


class Service:
    """Serves the clients of a lab whose guest has the host's clock."""

    def __init__(self, owner: Client, machine: boot.Machine) -> None:
        self.owner: Client | None = owner
        self.clients: dict[int, Client] = {}
        self.routes: dict[int, tuple[Client, int]] = {}
        """The line's stream id -> client and its stream id."""
        self.next_stream = 1
        self.stopping: list[tuple[Client, int]] = []
        self.finished = False
        self.ready: dict[str, object] | None = None
        self.line = Line(window=machine.window)
        self.selector = selectors.DefaultSelector()
        self.told = False
        """Whether somebody was there to be told why the lab ended."""
        self._greet(owner)

    @property
    def kept(self) -> bool:
        """Whether the lab outlives whoever deployed it."""
        return self.owner is None

    def serve(self, listener: socket.socket, guest: uml.Guest) -> None:
        """Pass frames on until the lab is to end.

        Raises:
            GuestEndedError: the guest ended by itself, or its agent does not answer.
        """
        deadline = time.monotonic() + BOOT_DEADLINE
        for fd in (listener.fileno(), guest.from_guest, guest.pidfd):
            self.selector.register(fd, selectors.EVENT_READ)
        self._begun(guest)
        while not self.finished:
            patience = self._turn()
            self._watch(guest.to_guest)
            for key, events in self.selector.select(patience):
                if key.fd == guest.pidfd:
                    raise GuestEndedError("ended")
                if key.fd == listener.fileno():
                    self._greet(Client(listener.accept()[0]))
                elif key.fd == guest.from_guest:
                    self._read_guest(guest.from_guest)
                    self._write_guest(guest.to_guest)
                elif key.fd == guest.to_guest:
                    self._write_guest(guest.to_guest)
                elif key.fd in self.clients:
                    self._serve_client(self.clients[key.fd], events)
                else:
                    self._serve_other(key.fd)
            if self.ready is None and time.monotonic() > deadline:
                raise GuestEndedError(f"has not said a word in {BOOT_DEADLINE:.0f} s")

    def _begun(self, guest: uml.Guest) -> None:
        """The guest has been started."""

    def _turn(self) -> float:
        """Before this process waits again; how many seconds it may."""
        return 1.0

    def _serve_other(self, fd: int) -> None:
        """What was registered in `_begun` can be read."""
        raise NotImplementedError(f"nobody serves file descriptor {fd}")

    def _may_write(self) -> bool:
        # The line must not be written to before the agent has set it to raw mode.
        return self.ready is not None and self.line.wants_write

    def _write_guest(self, to_guest: int) -> None:
        if self._may_write():
            with suppress(BlockingIOError):
                self.line.wrote(os.write(to_guest, self.line.to_write()))

    def _watch(self, to_guest: int) -> None:
        writing = to_guest in self.selector.get_map()
        wanted = self._may_write()
        if wanted and not writing:
            self.selector.register(to_guest, selectors.EVENT_WRITE)
        elif writing and not wanted:
            self.selector.unregister(to_guest)
        for fd, client in list(self.clients.items()):
            if client.gone:
                self._part(client)
                continue
            events = selectors.EVENT_READ
            if client.line.wants_write:
                events |= selectors.EVENT_WRITE
            if self.selector.get_key(fd).events != events:
                self.selector.modify(fd, events)

    def _greet(self, client: Client) -> None:
        client.socket.setblocking(False)
        self.clients[client.socket.fileno()] = client
        self.selector.register(client.socket, selectors.EVENT_READ)

    def _register(self, fd: int) -> None:
        self.selector.register(fd, selectors.EVENT_READ)

    def _serve_client(self, client: Client, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                client.line.wrote(client.socket.send(client.line.to_write()))
            if events & selectors.EVENT_READ:
                content = client.socket.recv(READ_SIZE)
                client.gone = not content
                for frame in client.line.receive(content):
                    self._from_client(client, frame)
        except (ConnectionError, wire.ProtocolError):
            client.gone = True

    def _from_client(self, client: Client, frame: Frame) -> None:
        if frame.type is Type.OPEN:
            request = wire.json_of(frame)
            if request.get("op") == "keep":
                self.owner = None
                self._answer(client, frame.stream, {})
            elif request.get("op") == "end":
                self.stopping.append((client, frame.stream))
                self.finished = True
            elif request.get("op") == "clock":
                self._answer_clock(client, frame.stream, request)
            elif refusal := self._refusal(request):
                self._answer(client, frame.stream, {"error": refusal})
            else:
                client.streams[frame.stream] = self.next_stream
                self.routes[self.next_stream] = (client, frame.stream)
                self.line.send(Frame(Type.OPEN, self.next_stream, frame.payload))
                self._opened(self.next_stream, request)
                self.next_stream += 1
        elif frame.stream in client.streams:
            stream = client.streams[frame.stream]
            self._pass_to_guest(Frame(frame.type, stream, frame.payload))
            if frame.type is Type.CLOSE:
                self._close(stream)

    def _answer_clock(self, client: Client, stream: int, request: dict[str, object]) -> None:
        """A request of ``{}``, ``{mode, speed}`` or ``{advance}``, in nanoseconds."""
        if request.keys() & {"mode", "advance"}:
            self._answer(client, stream, {"error": "this lab runs on the clock of its machine"})
        else:
            self._answer(client, stream, {"clock": "real"})

    def _refusal(self, _request: dict[str, object]) -> str:
        """Why a request cannot be served just now; empty if it can."""
        return ""

    def _opened(self, stream: int, request: dict[str, object]) -> None:
        """A client's request goes on to the guest."""

    def _closed(self, stream: int) -> None:
        """It has ended."""

    def _pass_to_guest(self, frame: Frame) -> None:
        self.line.send(frame)

    def _pass_to_client(self, client: Client, stream: int, frame: Frame) -> None:
        client.line.send(Frame(frame.type, stream, frame.payload))

    def _read_guest(self, from_guest: int) -> None:
        content = os.read(from_guest, READ_SIZE)
        if not content:
            raise GuestEndedError("ended")
        for frame in self.line.receive(content):
            if frame.stream == wire.LINE:
                self.ready = wire.json_of(frame)
            elif frame.stream in self.routes:
                client, stream = self.routes[frame.stream]
                self._pass_to_client(client, stream, frame)
                if frame.type is Type.CLOSE:
                    self._close(frame.stream)

    def _close(self, stream: int) -> None:
        client, theirs = self.routes.pop(stream)
        del client.streams[theirs]
        self._closed(stream)

    def _part(self, client: Client) -> None:
        """A client went away: what it had asked for ends."""
        for stream in list(client.streams.values()):
            self.line.send(wire.with_json(Type.CLOSE, stream, {}))
            self._close(stream)
        self.selector.unregister(client.socket)
        del self.clients[client.socket.fileno()]
        client.socket.close()
        if client is self.owner:
            self.finished = True

    def _answer(self, client: Client, stream: int, result: dict[str, object]) -> None:
        client.line.send(wire.with_json(Type.CLOSE, stream, result))

    def farewell(self, failure: str) -> None:
        """Tell everybody that the lab has ended, and why if nobody asked for it."""
        for client, stream in self.routes.values():
            self._answer(client, stream, {"error": failure or "the lab was destroyed"})
        for client, stream in self.stopping:
            self._answer(client, stream, {})
        if failure:
            for client in self.clients.values():
                client.line.send(wire.with_json(Type.MESSAGE, wire.LINE, {"ended": failure}))
        for client in self.clients.values():
            client.socket.settimeout(1.0)
            try:
                while content := client.line.to_write():
                    client.socket.sendall(content)
                    client.line.wrote(len(content))
                    self.told = True
            except OSError:
                continue  # it went away as well
            finally:
                client.socket.close()
