"""Files of containers, which may be switched off, by the engine's archive requests."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from urllib.parse import quote, urlencode

from lvsnet.docker import api, http

MOST = 64 * 2**20
"""Bytes that are read of a file, which a node may have made as large as it likes."""
TYPES = (
    (1 << 31, "directory"),
    (1 << 27, "link"),
    (1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19, "other"),
)
"""Bits of Go's os.FileMode, in which the engine tells a file's type; a file has none of them."""


def read(container: str, path: str) -> bytes | None:
    """The content of a file of a container's; None when there is none, or one of over 64 MB.

    Raises:
        RefusedError: the engine's own words.
    """
    with api.connection(api.CALL_S) as end:
        end.sendall(http.request("GET", _archive(container, path), None))
        answer, content = api.begin(end)
        if answer.head is None or answer.head.status == 404:
            return None
        if answer.head.status != 200:
            api.refuse(end, answer, content)
        received = bytearray(content)  # grows in place; bytes would be copied for every piece
        while not answer.complete:
            received += api.receive(end, answer)
            if len(received) > MOST:
                return None
    with tarfile.open(fileobj=io.BytesIO(received)) as archive:
        member = archive.next()
        file = archive.extractfile(member) if member is not None and member.isreg() else None
        return None if file is None else file.read()


def type_of(container: str, path: str) -> str:
    """``file``, ``directory``, ``link`` or ``other``; empty when there is nothing at ``path``.

    A link is not followed, those on the way to it are.
    """
    with api.connection(api.CALL_S) as end:
        end.sendall(http.request("HEAD", _archive(container, path), None))
        answer, _ = api.begin(end)
    if answer.head is None or answer.head.status != 200:
        return ""
    stat = answer.head.headers.get("x-docker-container-path-stat", "")
    mode = api.integer(api.mapping(json.loads(base64.b64decode(stat))), "mode")
    return next((kind for bits, kind in TYPES if mode & bits), "file")


def packed(directory: str, files: dict[str, tuple[int, bytes]]) -> bytes:
    """A tar archive with a directory and, by name, modes and contents of files in it."""
    buffer = io.BytesIO()
    name = directory.removeprefix("/")
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        top = tarfile.TarInfo(name)
        top.type, top.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(top)
        for file, (mode, content) in files.items():
            member = tarfile.TarInfo(f"{name}/{file}")
            member.mode, member.size = mode, len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _archive(container: str, path: str) -> str:
    return f"/containers/{quote(container)}/archive?{urlencode({'path': path})}"
