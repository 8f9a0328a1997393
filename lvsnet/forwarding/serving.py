"""Taking connections, and a thread for each that joins it with the lab."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.control.place import Place
    from lvsnet.forwarding.specification import Route

LOOK_EVERY = 2.0
"""Seconds between looks whether the lab is still there."""
MOST_AT_ONCE = 512
"""Connections: each is a thread here and a process or socket there. More have to wait."""


@dataclass(frozen=True)
class Joint:
    """What a connection to a listening socket is joined with."""

    route: Route
    port: int
    name: str
    """For messages."""


def serve(
    place: Place,
    lab: str,
    joints: Mapping[socket.socket, Joint],
    warn: Callable[[str], None],
) -> None:
    """Forward until the lab is no more; ``joints`` are by listening socket.

    A connection that cannot be joined is closed, and why is told by ``warn``, from any thread.

    Raises:
        LvsnetError: the lab is no more.
    """
    ended = _Ended(place, lab)
    free = threading.Semaphore(MOST_AT_ONCE)

    def work(end: socket.socket, joint: Joint) -> None:
        try:
            place.relay(lab, joint.route.node, joint.route.hosts, joint.port, end)
        except (LvsnetError, OSError) as error:
            if ended.answers():  # else it ends, of which `serve` tells
                warn(f"{joint.name}: {error}")
        finally:
            end.close()
            free.release()

    threading.Thread(target=ended.watch, daemon=True).start()
    with selectors.DefaultSelector() as selector:
        selector.register(ended.told, selectors.EVENT_READ)
        for listener in joints:
            selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd == ended.told:
                    raise LvsnetError(f"lab {lab} has ended")
                if isinstance(key.fileobj, socket.socket) and free.acquire(timeout=LOOK_EVERY):
                    end = _accepted(key.fileobj)
                    if end is None:
                        free.release()
                        continue
                    # As the process ends, these end with it: nothing of theirs is to be kept.
                    arguments = (end, joints[key.fileobj])
                    threading.Thread(target=work, args=arguments, daemon=True).start()


def _accepted(listener: socket.socket) -> socket.socket | None:
    """A connection; None when it has gone again, or this process has no file left for it."""
    try:
        end, _ = listener.accept()
    except (BlockingIOError, ConnectionError):
        return None
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return end


class _Ended:
    """Whether a lab is no more: a file descriptor that becomes readable then."""

    def __init__(self, place: Place, lab: str) -> None:
        self.place = place
        self.lab = lab
        self.told, self._tell = os.pipe()

    def watch(self) -> None:
        """Look from time to time; the rest of a thread's life."""
        pause = threading.Event()
        while not self.look():
            pause.wait(LOOK_EVERY)

    def look(self) -> bool:
        """Whether it is no more; if so, whoever waits is told."""
        # One that does not answer may only be busy, or just be changed.
        if self.answers() or self.lab in self.place.running():
            return False
        os.write(self._tell, b"e")
        return True

    def answers(self) -> bool:
        try:
            self.place.nodes(self.lab)
        except LvsnetError:
            return False
        return True
