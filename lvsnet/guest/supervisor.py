"""The supervisor: owns one lab's guest, its control line and its socket, for as long as it lives.

It serves their clients (`lvsnet.guest.serving`). It ends, and leaves nothing behind, when it is
asked to, when the guest ends, when it is told to by a signal, or when whoever started it goes
away before the lab was kept.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import traceback
from dataclasses import dataclass
from types import FrameType

from lvsnet.engine import logs
from lvsnet.errors import LvsnetError
from lvsnet.guest import boot, keeper, memory, places, uml, users, wire
from lvsnet.guest.serving import Client, GuestEndedError, Service
from lvsnet.guest.wire import Type

CONSOLE_LINES = 15
"""Lines of the guest's console that are shown when it ends by itself."""


@dataclass(frozen=True)
class Lab:
    """What a supervisor is to run."""

    place: places.Place
    machine: boot.Machine
    user: users.LabUser | None
    others: int
    """How many labs of this user run already."""


def run(place: places.Place, configuration: dict[str, object], owner: Client) -> None:
    """Serve one lab from start to end, and take everything of it away again.

    Root's labs are served by a process without its rights; this one waits for it.
    """
    lock = places.take(place)
    if lock is None:
        _refuse(owner, f"lab {place.lab} is already running, or just being deployed or destroyed")
        return
    if places.is_served(place):
        place.lock.unlink(missing_ok=True)
        os.close(lock)
        _refuse(owner, f"lab {place.lab} is already running, deployed with another XDG_CACHE_HOME")
        return
    try:
        machine = boot.machine(configuration)
        others = len(list(place.socket.parent.glob("*.sock")))
        user = users.for_lab(place.lab)
        listener = _listen(place, user)
    except (OSError, LvsnetError) as error:
        places.clear(place, lock)
        _refuse(owner, f"lab {place.lab}: {places.why(place, error)}")
        return
    lab = Lab(place, machine, user, others)
    if user is None:
        supervisor = _service(owner, machine)
        failure = _serve(lab, listener, supervisor)
        _clear(place, lock, "" if supervisor.clients else _last_words(supervisor, failure))
        supervisor.farewell(failure)
        return
    heard, said = os.pipe()

    def work() -> None:
        os.close(lock)
        supervisor = _service(owner, machine)
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


def _service(owner: Client, machine: boot.Machine) -> Service:
    if machine.virtual is None:
        return Service(owner, machine)
    from lvsnet.guest.serving_virtual import VirtualService

    return VirtualService(owner, machine, machine.virtual)


def _last_words(supervisor: Service, failure: str) -> str:
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


def _serve(lab: Lab, listener: socket.socket, supervisor: Service) -> str:
    """Start a lab's guest, serve until it ends; why it did, unless that was asked for."""
    guest = prepared = None
    name = lab.place.lab
    try:
        prepared = uml.prepare(lab.machine, lab.place, lab.user, lab.others)
        if lab.user is not None:
            _drop_to(lab.user)
        guest = uml.start(prepared)
        supervisor.serve(listener, guest)
    except GuestEndedError as error:
        return f"the guest of lab {name} {error}{_explanation(prepared, guest)}"
    except (OSError, LvsnetError) as error:
        return f"lab {name}: {places.why(lab.place, error)}"
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
