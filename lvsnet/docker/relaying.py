"""A socket joined with a TCP port that a node reaches, by a program that runs in the node.

For a user who is not root, and cannot make a socket in the node's network namespace himself
(`lvsnet.engine.dial` does that). A container that is given the node's network instead would hold
it when the node loses its power.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lvsnet.docker import api, http, processes, streams
from lvsnet.docker.joint import Joint
from lvsnet.engine.runtimes import docker_config
from lvsnet.errors import LvsnetError

PROGRAM = Path(__file__).with_name("relay_program.py")
UNCONNECTED = "*refused*|*'timed out'*|*unreachable*|*'No route'*"
RELAY = f"""\
program=$0 busybox=$1; shift
# The first byte of output says whether what follows is in pieces.
if command -v python3 >/dev/null; then printf p; exec python3 -c "$program" "$@"; fi
[ -x "$busybox" ] || busybox=$(command -v busybox) || {{ printf '%s' none >&2; exit 3; }}
printf r
port=$1 said=; shift
exec 3>&1
for host; do
    error=$("$busybox" nc "$host" "$port" 2>&1 >&3) && exit 0
    said="${{said:+$said; }}$host: ${{error##*: }}"
    case $error in {UNCONNECTED}) ;; *) exit 0 ;; esac
done
printf '%s' "$said" >&2
exit 1
"""
"""busybox's nc ends with the other side's half, and tells it when its own input ends: what most
need. A connection that broke off after it was made is no reason to try the next host."""


def relay(container: api.State, hosts: Sequence[str], port: int, end: socket.socket) -> None:
    """Join a stream socket with the port of the first of ``hosts`` that takes a connection.

    Returns when both directions have ended, or one was cut; closes ``end``.

    Raises:
        LvsnetError: no host takes it: which, and why; the node lost its power; or it has no
            program that can be used.
    """
    shell = docker_config.shell(container.init)
    program = PROGRAM.read_text()
    argv = [*shell, "-c", RELAY, program, docker_config.BUSYBOX, str(port), *hosts]
    with end:
        process = streams.prepare(container, argv, {}, stdin=True)
        near, first = processes.start_exec(process.identity)
        with near, streams.ended(process):
            end.setblocking(False)
            joint = _Relay(near, first, end)
            try:
                joint.run()
            except (BrokenPipeError, ConnectionResetError):
                streams.kill(process)
                return
            code = streams.exit_code(process)
    said = joint.kept.decode(errors="replace").strip()
    if code == 1:
        raise LvsnetError(f"port {port} takes no connection ({said})")
    if code:
        raise LvsnetError(
            f"its image has neither python3 nor busybox, by which a user who is not root reaches "
            f"port {port} from within it; add one to the image, or run lvsnet as root (sudo)"
        )


class Pieces:
    """What `RELAY` says: frames of the engine's, in whose standard output is what it relays."""

    def __init__(self) -> None:
        self.frames = http.Frames()
        self.buffer = bytearray()
        self.kind = b""
        """``p`` when it is in pieces, ``r`` when it is not."""

    def receive(self, content: bytes) -> list[tuple[int, bytes]]:
        """Channel and content; empty content when the other side has ended its half."""
        out = []
        for channel, piece in self.frames.receive(content):
            if channel == http.STDERR:
                out.append((channel, piece))
                continue
            self.buffer += piece
            out += [(channel, one) for one in self._taken()]
        return out

    def _taken(self) -> list[bytes]:
        if not self.kind:
            self.kind = bytes(self.buffer[:1])
            del self.buffer[:1]
        if self.kind == b"r":
            taken = bytes(self.buffer)
            self.buffer.clear()
            return [taken] if taken else []
        found = []
        while len(self.buffer) >= 4:
            length = int.from_bytes(self.buffer[:4], "big")
            if len(self.buffer) < 4 + length:
                break
            found.append(bytes(self.buffer[4 : 4 + length]))
            del self.buffer[: 4 + length]
        return found


class _Relay(Joint):
    """Ends its socket's writing half when the other side has ended its own."""

    def __init__(self, near: socket.socket, first: bytes, far: socket.socket) -> None:
        self.far = far
        super().__init__(near, first, Pieces(), far.fileno(), {http.STDOUT: far.fileno()})

    def finished(self) -> None:
        with suppress(OSError):  # it was cut meanwhile
            self.far.shutdown(socket.SHUT_WR)
