"""A static init and a static shell for images that have none, out of lvsnet's own base image."""

from __future__ import annotations

import io
import tarfile

import docker

from lvsnet.docker import labels
from lvsnet.docker.engine import explained
from lvsnet.errors import LvsnetError

FROM = {"tini": "/usr/bin/tini-static", "busybox": "/bin/busybox"}
"""Debian's tini and busybox-static."""


def taken(client: docker.APIClient, base: str, lab: str) -> dict[str, bytes]:
    """The two programs, by the names that they are to have.

    They are read from a container of ``base`` that never starts, and has the lab's label so that
    it goes with the lab if this process is killed meanwhile.
    """
    with explained("the lab", f"read tini and busybox from {base}"):
        # The command is never run, but an image may have none, and the engine wants one.
        made = client.create_container_from_config(
            {
                "Image": base,
                "Cmd": ["/bin/true"],
                "Labels": {labels.LAB: lab},
                "HostConfig": {"NetworkMode": "none"},
            }
        )
        try:
            return {name: _file(client, made["Id"], path) for name, path in FROM.items()}
        finally:
            client.remove_container(made["Id"], force=True)


def _file(client: docker.APIClient, container: str, path: str) -> bytes:
    try:
        stream, _status = client.get_archive(container, path)
    except docker.errors.NotFound as error:
        raise LvsnetError(
            f"lvsnet's base image has no {path}; `lvsnet image build` makes it anew"
        ) from error
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None:
                return content.read()
            if member.issym():
                return _file(client, container, _target(path, member.linkname))
    raise LvsnetError(f"{path} in lvsnet's base image is no file")


def _target(link: str, to: str) -> str:
    return to if to.startswith("/") else f"{link.rpartition('/')[0]}/{to}"
