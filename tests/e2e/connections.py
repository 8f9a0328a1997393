"""Connections that end in every way that TCP has, for looking at what IPVS makes of them.

It is also a program that runs in nodes, where there is no lvsnet: ``python3 -c SOURCE COMMAND``.
So it imports nothing but the standard library. It is for labs in virtual time: those that wait do
so for ever, and nobody waits for them.

    serve                   a real server's part, on the ports of WAYS, on POLITE and on LATE
    connect VIP             a client's part: one connection in each way, which stays as it is
    hold VIP PORT AFTER     one connection that stays open, and is used again AFTER seconds
    half VIP PORT           one connection whose client closes its half; what it reads then
    close VIP PORT N GAP    N connections that the client closes, GAP seconds apart
    sample TIME ...         a director's part: IPVS's tables at these times
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 1000.0
"""Seconds of the lab's time that either side waits for the other."""
POLITE = 7000
"""TCP port of a server that answers and closes when its client has closed."""
LATE = 7011
"""TCP port of a server that answers, and again after LATE_S."""
LATE_S = 120 * 9 / 8 + 1
"""Seconds until an entry in FIN_WAIT is gone, however late its timer was."""

Place = tuple[str, int]


@dataclass(frozen=True)
class Way:
    """A way in which a connection ends, or does not."""

    title: str
    """How the table in docs/inactconn.md names it."""
    port: int
    """Of the VIP, and of the real server that plays its part."""
    ask: Callable[[socket.socket, Place], None]
    """What the client does with a socket that has an address and no peer."""
    answer: Callable[[socket.socket], None] | None = None
    """What the server does with a connection; None for one that never gets that far."""
    protocol: str = "tcp"


@dataclass(frozen=True)
class Round:
    """One connection in each way, as the client tells of it; times are of CLOCK_BOOTTIME."""

    begun: float
    ended: float
    sources: dict[str, int]
    """Title of the way -> the client's port."""


@dataclass(frozen=True)
class Closed:
    """A connection that the client closed first."""

    begun: float
    ended: float


def _now() -> float:
    """Seconds on the clock of /proc/uptime, which all nodes of a lab share."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _talk(client: socket.socket, vip: Place) -> None:
    client.connect(vip)
    client.sendall(b"?")
    if client.recv(1) != b"!":
        raise ConnectionError(f"{vip} closed before it answered")


def _listen_to(server: socket.socket) -> None:
    if server.recv(1) != b"?":
        raise ConnectionError("the client closed before it asked")


def _answer(server: socket.socket) -> None:
    _listen_to(server)
    server.sendall(b"!")


def _answers_late(server: socket.socket) -> None:
    _answer(server)
    time.sleep(LATE_S)
    server.sendall(b"!")


def _end(peer: socket.socket) -> None:
    """Wait for the peer's FIN, and close."""
    while peer.recv(1):
        pass
    peer.close()


def _reset(peer: socket.socket) -> None:
    """Close with an RST: what socket(7) says of SO_LINGER with a time of 0."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def _client_closes(client: socket.socket, vip: Place) -> None:
    _talk(client, vip)
    client.shutdown(socket.SHUT_WR)
    _end(client)


def _closes_after(server: socket.socket) -> None:
    _answer(server)
    _end(server)


def _server_closes(client: socket.socket, vip: Place) -> None:
    _talk(client, vip)
    _end(client)


def _closes_first(server: socket.socket) -> None:
    _answer(server)
    server.shutdown(socket.SHUT_WR)
    _end(server)


def _client_closes_its_half(client: socket.socket, vip: Place) -> None:
    _talk(client, vip)
    client.shutdown(socket.SHUT_WR)


def _server_closes_its_half(client: socket.socket, vip: Place) -> None:
    _talk(client, vip)
    if client.recv(1):
        raise ConnectionError("the server said more than it was asked for")


def _closes_its_half(server: socket.socket) -> None:
    _answer(server)
    server.shutdown(socket.SHUT_WR)


def _client_resets(client: socket.socket, vip: Place) -> None:
    _talk(client, vip)
    _reset(client)


def _is_reset(server: socket.socket) -> None:
    _answer(server)
    _expect(ConnectionResetError, lambda: server.recv(1))


def _server_resets(client: socket.socket, vip: Place) -> None:
    client.connect(vip)
    client.sendall(b"?")
    _expect(ConnectionResetError, lambda: client.recv(1))


def _resets(server: socket.socket) -> None:
    _listen_to(server)
    _reset(server)


def _is_refused(client: socket.socket, vip: Place) -> None:
    _expect(ConnectionRefusedError, lambda: client.connect(vip))


def _gets_no_answer(client: socket.socket, vip: Place) -> None:
    """One SYN: with the socket its retransmissions go, which would start the timer anew."""
    client.setblocking(False)
    _expect(BlockingIOError, lambda: client.connect(vip))
    client.close()


def _sends_a_datagram(client: socket.socket, vip: Place) -> None:
    client.sendto(b"?", vip)


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _expect(error: type[OSError], action: Callable[[], object]) -> None:
    try:
        action()
    except error:
        return
    raise ConnectionError(f"there was no {error.__name__}")


STAYS = Way("it stays open", 7001, _talk, _answer)
CLIENT_HALF = Way("the client closes its half only", 7002, _client_closes_its_half, _answer)
SILENT = Way("no answer to the SYN", 7003, _gets_no_answer)
DATAGRAM = Way("UDP, a datagram", 7004, _sends_a_datagram, protocol="udp")
WAYS = (
    Way("the client closes first", 7005, _client_closes, _closes_after),
    Way("the server closes first", 7006, _server_closes, _closes_first),
    CLIENT_HALF,
    Way("the server closes its half only", 7007, _server_closes_its_half, _closes_its_half),
    Way("the client sends RST", 7008, _client_resets, _is_reset),
    Way("the server sends RST", 7009, _server_resets, _resets),
    Way("RST answers the SYN", 7010, _is_refused),
    SILENT,
    STAYS,
    DATAGRAM,
)


def serve() -> None:
    _accept_all(POLITE, _closes_after)
    _accept_all(LATE, _answers_late)
    for way in WAYS:
        if way.answer is not None:
            _accept_all(way.port, way.answer)
    kept = (*_accept_none(SILENT.port), _take_datagrams(DATAGRAM.port))
    _say("ready")
    threading.Event().wait()
    for one in kept:
        one.close()


def _accept_all(port: int, answer: Callable[[socket.socket], None]) -> None:
    """Serve a port from now on; what is not closed stays open."""
    listener = socket.create_server(("", port), backlog=128)
    connections: list[socket.socket] = []

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            connection.settimeout(PATIENCE)
            connections.append(connection)
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def _accept_none(port: int) -> tuple[socket.socket, socket.socket]:
    """A queue with room for one connection, and one in it: further SYNs are dropped, as by a server
    that is overloaded (sk_acceptq_is_full in the kernel's include/net/sock.h)."""
    listener = socket.create_server(("", port), backlog=0)
    return listener, socket.create_connection(("127.0.0.1", port), PATIENCE)


def _take_datagrams(port: int) -> socket.socket:
    taker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taker.bind(("", port))
    return taker


def connect(vip: str) -> None:
    """Print a Round."""
    begun = _now()
    sockets: dict[str, socket.socket] = {}
    sources: dict[str, int] = {}
    for way in WAYS:
        client = sockets[way.title] = _socket(way.protocol)
        sources[way.title] = client.getsockname()[1]
        way.ask(client, (vip, way.port))
    _say(json.dumps([begun, _now(), sources]))
    threading.Event().wait()


def hold(vip: str, port: int, after: float) -> None:
    """Print the client's port."""
    client = _socket("tcp")
    _talk(client, (vip, port))
    _say(client.getsockname()[1])
    time.sleep(after)
    client.sendall(b"?")
    threading.Event().wait()


def half(vip: str, port: int) -> None:
    """Print what comes of two reads."""
    client = _socket("tcp")
    _client_closes_its_half(client, (vip, port))
    _say(f"{_read(client)} {_read(client)}")


def _read(client: socket.socket) -> str:
    try:
        return client.recv(1).decode() or "FIN"
    except ConnectionResetError:
        return "RST"


def close(vip: str, port: int, count: int, gap: float) -> None:
    """Print a word, and then a Closed for each connection, as a list of lists."""
    _say("begun")
    first, times = _now(), []
    for number in range(count):
        time.sleep(max(0.0, first + number * gap - _now()))
        begun = _now()
        _client_closes(_socket("tcp"), (vip, port))
        times.append((begun, _now()))
    _say(json.dumps(times))


def sample(times: list[float]) -> None:
    """Print a list of lists: a time, and what ``ipvsadm -Lnc`` and ``-Ln`` say then."""
    seen = []
    for at in times:
        time.sleep(max(0.0, at - _now()))
        said = [
            subprocess.run(["ipvsadm", option], capture_output=True, text=True, check=True).stdout
            for option in ("-Lnc", "-Ln")
        ]
        seen.append([_now(), *said])
    _say(json.dumps(seen))


def _socket(protocol: str) -> socket.socket:
    """A socket that already has its port."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    one = socket.socket(socket.AF_INET, kind)
    one.settimeout(PATIENCE)
    one.bind(("", 0))
    return one


def round_of(printed: str) -> Round:
    """What ``connect`` printed."""
    begun, ended, sources = json.loads(printed)
    return Round(begun, ended, sources)


def closed_of(printed: str) -> list[Closed]:
    """What ``close`` printed."""
    return [Closed(begun, ended) for begun, ended in json.loads(printed)]


def program(command: str, *arguments: str) -> tuple[str, ...]:
    """The command line, for a node, of one of this module's commands."""
    return ("python3", "-c", Path(__file__).read_text(), command, *arguments)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            serve()
        case ["connect", vip]:
            connect(vip)
        case ["hold", vip, port, after]:
            hold(vip, int(port), float(after))
        case ["half", vip, port]:
            half(vip, int(port))
        case ["close", vip, port, count, gap]:
            close(vip, int(port), int(count), float(gap))
        case ["sample", *times]:
            sample([float(at) for at in times])
        case _:
            sys.exit(f"not understood: {sys.argv[1:]}")
