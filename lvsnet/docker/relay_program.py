"""The program that joins its standard streams with a TCP port; a node's own Python runs it.

It is given as text to ``python3 -c``, so it imports nothing of lvsnet's. Arguments: the port, then
the numeric addresses to try. What it is sent goes on as it is; what it says is in pieces, each
after its length in four bytes, the highest first, and one of no length when no more comes: the
end of its standard output would tell that only when both directions have ended. Its exit code is
1, and its standard error says why, when nobody takes the connection.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from contextlib import suppress

CONNECT_S = 10.0
"""Seconds until a host must have taken a connection, or the next is tried."""
CHUNK = 65536


def main(port: int, *hosts: str) -> int:
    reasons = []
    for host in hosts:
        try:
            end = socket.create_connection((host, port), CONNECT_S)
            break
        except OSError as error:
            silent = isinstance(error, TimeoutError) and error.errno is None
            reason = f"no answer within {CONNECT_S:.0f} s" if silent else error.strerror
            reasons.append(f"{host}: {str(reason or error).lower()}")
    else:
        sys.stderr.write("; ".join(reasons))
        return 1
    end.settimeout(None)
    # What comes in small pieces goes on in small pieces: the ends have their own Nagle.
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    there = threading.Thread(target=_send, args=(end,), daemon=True)
    there.start()
    with suppress(OSError):  # a reset cuts both ways
        while content := end.recv(CHUNK):
            _say(content)
        _say(b"")
        there.join()
    return 0


def _send(end: socket.socket) -> None:
    with suppress(OSError):
        while content := os.read(0, CHUNK):
            end.sendall(content)
        end.shutdown(socket.SHUT_WR)


def _say(content: bytes) -> None:
    left = memoryview(len(content).to_bytes(4, "big") + content)
    while left:
        left = left[os.write(1, left) :]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
