"""Sockets that listen on this machine."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from contextlib import ExitStack

from lvsnet.endpoint import joined
from lvsnet.errors import LvsnetError
from lvsnet.forwarding.specification import EVERYWHERE

BACKLOG = 128
NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets on every address that ``host`` has, all with one port; port 0 takes a free one.

    Raises:
        LvsnetError: there is no such host, or its port is taken.
    """
    found: list[socket.socket] = []
    with ExitStack() as undo:
        refusal: OSError | None = None
        for family, address in _addresses(host):
            chosen = port or (found[0].getsockname()[1] if found else 0)
            made = undo.enter_context(socket.socket(family, socket.SOCK_STREAM))
            try:
                _bind(made, address, chosen)
            except OSError as error:
                if error.errno not in NOT_HERE:
                    raise _explained(host, chosen, error) from error
                refusal = error
                continue
            found.append(made)
        if not found and refusal is not None:
            raise _explained(host, port, refusal) from refusal
        undo.pop_all()
    return found


def _bind(made: socket.socket, address: str, port: int) -> None:
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind((address, port))
    made.listen(BACKLOG)
    made.setblocking(False)


def _addresses(host: str) -> Sequence[tuple[socket.AddressFamily, str]]:
    if host == EVERYWHERE:
        return [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]  # noqa: S104  asked for
    try:
        infos = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise LvsnetError(f"{host}: no address to listen on: {error}") from error
    return list(dict.fromkeys((info[0], str(info[4][0])) for info in infos))


def _explained(host: str, port: int, error: OSError) -> LvsnetError:
    where = joined(host, port)
    if error.errno == errno.EADDRINUSE:
        return LvsnetError(f"{where} is taken; choose another port, or 0 for a free one")
    if error.errno == errno.EACCES:
        return LvsnetError(f"{where}: only root may listen below port 1024; choose a higher one")
    if error.errno in NOT_HERE:
        return LvsnetError(f"{where}: this machine has no such address")
    return LvsnetError(f"{where}: {error.strerror}")
