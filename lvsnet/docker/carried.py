"""What a helper container needs of this Python: lvsnet itself, pyroute2 and the Docker SDK."""

from __future__ import annotations

import importlib.util
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from lvsnet import resources
from lvsnet.errors import LvsnetError

PACKAGES = (
    "lvsnet",
    "pyroute2",
    "docker",
    "requests",
    "urllib3",
    "certifi",
    "charset_normalizer",
    "idna",
)
"""The Docker SDK's are those that requests imports; all run as pure Python."""
RESOURCES = ("images", "labs")
"""Of lvsnet: what its images are made of gives their names."""
COMPILED = (".so", ".pyc", ".pyd")
"""For one Python only, which need not be the helper's."""


def archive(directory: str, request: bytes) -> bytes:
    """A tar archive, to be unpacked at /, with the packages and ``request`` in ``directory``.

    Raises:
        LvsnetError: one of the packages is not there.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        _add(tar, f"{directory}/request.json", request, 0o600)
        for name, file in _files():
            _add(tar, f"{directory}/{name}", file.read_bytes(), 0o644)
    return buffer.getvalue()


def _files() -> Iterator[tuple[str, Path]]:
    """Path below the directory of packages, and file."""
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise LvsnetError(f"{name} is not installed in this Python. Install lvsnet again.")
        package = Path(spec.origin).parent
        for file in _below(package):
            if name != "lvsnet" or "_carried" not in file.parts:
                yield f"{name}/{file.relative_to(package)}", file
    for name in RESOURCES:
        top = resources.directory(name)
        for file in _below(top):
            yield f"lvsnet/_carried/{name}/{file.relative_to(top)}", file


def _below(directory: Path) -> Iterator[Path]:
    for file in sorted(directory.rglob("*")):
        if file.is_file() and file.suffix not in COMPILED:
            yield file


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    member = tarfile.TarInfo(name.removeprefix("/"))
    member.mode, member.size = mode, len(content)
    tar.addfile(member, io.BytesIO(content))
