"""The supervisor: owns one lab's guest, its control line and its socket, for as long as it lives.

Clients open streams on the unix socket, the agent in the guest serves them; the supervisor
passes frames on under stream ids of its own. It ends, and leaves nothing behind, when it is
asked to, when the guest ends, when it is told to by a signal, or when whoever started it goes
away before the lab was kept.
"""

from __future__ import annotations

import json
import os
import select
import selectors
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from lvsnet.engine import logs
from lvsnet.errors import LvsnetError
from lvsnet.guest import boot, keeper, memory, places, uml, users, wire
from lvsnet.guest.wire import Frame, Line, Type

BOOT_DEADLINE = 60.0
"""Seconds until the agent must have said hello; it takes 0.5 s."""
READ_SIZE = 256 * 1024
CONSOLE_LINES = 15
"""Lines of the guest's console that are shown when it ends by itself."""


@dataclass
class Client:
    """A connection to the socket."""

    socket: socket.socket
    line: Line = field(default_factory=Line)
    streams: dict[int, int] = field(default_factory=dict)
    """The client's stream id -> the line's."""
    gone: bool = False


@dataclass(frozen=True)
class Lab:
    """What a supervisor is to run."""

    place: places.Place
    configuration: dict[str, object]
    user: users.LabUser | None
    others: int
    """How many labs of this user run already."""


class GuestEndedError(Exception):
    """The guest is no more, or as good as; the text is the rest of a sentence about it."""


class Supervisor:
    def __init__(self, owner: Client) -> None:
        self.owner: Client | None = owner
        self.clients: dict[int, Client] = {}
        self.routes: dict[int, tuple[Client, int]] = {}
        """The line's stream id -> client and its stream id."""
        self.next_stream = 1
        self.stopping: list[tuple[Client, int]] = []
        self.finished = False
        self.ready: dict[str, object] | None = None
        self.line = Line(window=wire.LINE_WINDOW)
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
        while not self.finished:
            self._watch(guest.to_guest)
            for key, events in self.selector.select(1.0):
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
            if self.ready is None and time.monotonic() > deadline:
                raise GuestEndedError(f"has not said a word in {BOOT_DEADLINE:.0f} s")

    def _write_guest(self, to_guest: int) -> None:
        # The line must not be written to before the agent has set it to raw mode.
        if self.ready is not None and self.line.wants_write:
            with suppress(BlockingIOError):
                self.line.wrote(os.write(to_guest, self.line.to_write()))

    def _watch(self, to_guest: int) -> None:
        writing = to_guest in self.selector.get_map()
        wanted = self.ready is not None and self.line.wants_write
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
            else:
                client.streams[frame.stream] = self.next_stream
                self.routes[self.next_stream] = (client, frame.stream)
                self.line.send(Frame(Type.OPEN, self.next_stream, frame.payload))
                self.next_stream += 1
        elif frame.stream in client.streams:
            stream = client.streams[frame.stream]
            self.line.send(Frame(frame.type, stream, frame.payload))
            if frame.type is Type.CLOSE:
                self._close(stream)

    def _read_guest(self, from_guest: int) -> None:
        content = os.read(from_guest, READ_SIZE)
        if not content:
            raise GuestEndedError("ended")
        for frame in self.line.receive(content):
            if frame.stream == wire.LINE:
                self.ready = wire.json_of(frame)
            elif frame.stream in self.routes:
                client, stream = self.routes[frame.stream]
                client.line.send(Frame(frame.type, stream, frame.payload))
                if frame.type is Type.CLOSE:
                    self._close(frame.stream)

    def _close(self, stream: int) -> None:
        client, theirs = self.routes.pop(stream)
        del client.streams[theirs]

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


def run(place: places.Place, configuration: dict[str, object], owner: Client) -> None:
    """Serve one lab from start to end, and take everything of it away again.

    Root's labs are served by a process without its rights; this one waits for it.
    """
    lock = places.take(place)
    if lock is None:
        _refuse(owner, f"lab {place.lab} is already running, or just being deployed or destroyed")
        return
    try:
        others = len(list(place.socket.parent.glob("*.sock")))
        user = users.for_lab(place.lab)
        listener = _listen(place, user)
    except (OSError, LvsnetError) as error:
        places.clear(place, lock)
        _refuse(owner, f"lab {place.lab}: {error}")
        return
    lab = Lab(place, configuration, user, others)
    if user is None:
        supervisor = Supervisor(owner)
        failure = _serve(lab, listener, supervisor)
        _clear(place, lock, "" if supervisor.clients else _last_words(supervisor, failure))
        supervisor.farewell(failure)
        return
    heard, said = os.pipe()

    def work() -> None:
        os.close(lock)
        supervisor = Supervisor(owner)
        failure = _serve(lab, listener, supervisor)
        supervisor.farewell(failure)
        os.write(said, _last_words(supervisor, failure).encode()[: select.PIPE_BUF])

    try:
        try:
            child = keeper.begin(work)
        finally:
            os.close(said)  # else what is read below would have no end
        owner.socket.close()
        listener.close()
        keeper.wait(child)
    finally:
        _clear(place, lock, os.read(heard, select.PIPE_BUF).decode(errors="replace"))


def _last_words(supervisor: Supervisor, failure: str) -> str:
    """What is to be told to whoever comes next; empty if everybody knows."""
    return failure if supervisor.kept and not supervisor.told else ""


def _clear(place: places.Place, lock: int, last_words: str) -> None:
    try:
        if last_words:
            place.last_words.write_text(last_words)
    finally:
        places.clear(place, lock)


def _listen(place: places.Place, user: users.LabUser | None) -> socket.socket:
    """The lab's socket, in its new directory, which is nobody's but ours and its user's."""
    places.empty(place)
    place.home.mkdir(mode=0o700)
    if user is not None:
        os.chown(place.home, -1, user.number)
        place.home.chmod(0o710)
    place.last_words.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place.socket))
    # Here, since the process that does this is the one that is asked after: see `peers.of`.
    listener.listen()
    place.leads_to_socket.symlink_to(place.socket)
    return listener


def _serve(lab: Lab, listener: socket.socket, supervisor: Supervisor) -> str:
    """Start a lab's guest, serve until it ends; why it did, unless that was asked for."""
    guest = prepared = None
    name = lab.place.lab
    try:
        machine = boot.machine(lab.configuration)
        prepared = uml.prepare(machine, lab.place, lab.user, lab.others)
        if lab.user is not None:
            _drop_to(lab.user)
        guest = uml.start(prepared)
        supervisor.serve(listener, guest)
    except GuestEndedError as error:
        return f"the guest of lab {name} {error}{_explanation(prepared, guest)}"
    except (OSError, LvsnetError) as error:
        return f"lab {name}: {error}"
    except SystemExit as end:
        return f"lab {name}: its supervisor was ended by signal {end.code}"
    except Exception:  # noqa: BLE001  whatever it is, the clients are told all of it
        return f"lab {name}: its supervisor failed\n{traceback.format_exc()}"
    finally:
        if guest is not None:
            uml.end(guest)
    return ""


def _drop_to(user: users.LabUser) -> None:
    """From here on nothing can be imported: the library may lie where only root may read."""
    parent = os.getppid()
    users.become(user.number)
    uml.end_with(parent)


def _explanation(prepared: uml.Prepared | None, guest: uml.Guest | None) -> str:
    """Why a guest ended, and what its console showed: the rest of a sentence."""
    if prepared is None or guest is None:
        return ""
    console = prepared.console
    text = os.pread(console, os.fstat(console).st_size, 0).decode(errors="replace")
    try:
        free = memory.free(prepared.memory)
    except OSError:
        free = 0  # somebody has removed the directory
    why = memory.explained(uml.killed_by(guest), text, free)
    return f"{': ' if why else ''}{why}; its console's last lines:\n{_quoted(text)}"


def _quoted(console: str) -> str:
    lines = console.splitlines()
    # What led to a panic stands before it; the stack behind it says nothing of the lab.
    panic = next((n for n, line in enumerate(lines, 1) if "Kernel panic" in line), len(lines))
    return logs.quoted(lines[:panic][-CONSOLE_LINES:])


def _refuse(owner: Client, reason: str) -> None:
    refusal = wire.with_json(Type.MESSAGE, wire.LINE, {"ended": reason})
    owner.socket.sendall(refusal.encode())
    owner.socket.close()


def _end_by_signal(number: int, _stack: FrameType | None) -> None:
    raise SystemExit(number)


def main() -> None:
    """As `lvsnet.guest.launch` starts it: configuration on stdin, the owner's socket by number."""
    for number in keeper.ENDINGS:
        signal.signal(number, _end_by_signal)
    # The guest of a lab of root's reads what is made for it as another user.
    os.umask(0o022)
    text = sys.stdin.read()
    if not text:
        return  # it was not needed
    configuration = json.loads(text)
    owner = Client(socket.socket(fileno=int(sys.argv[1])))
    try:
        run(places.of(configuration["lab"]), configuration, owner)
    except LvsnetError as error:
        _refuse(owner, str(error))


if __name__ == "__main__":
    main()
