"""Who is at the other end of a unix socket."""

from __future__ import annotations

import socket
import struct

CREDENTIALS = struct.Struct("3i")
"""struct ucred: process, user and group id."""


def of(end: socket.socket) -> tuple[int, int]:
    """Process and user id of who made the other end (SO_PEERCRED, unix(7))."""
    content = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    pid, uid, _gid = CREDENTIALS.unpack(content)
    return pid, uid
