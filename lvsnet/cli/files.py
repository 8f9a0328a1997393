"""Which lab file a user means."""

from __future__ import annotations

from pathlib import Path

from lvsnet.errors import LvsnetError


def lab_file(given: str) -> Path:
    """A path as it is, else the example lab of that name.

    A path to nothing is returned too: the loader says what is wrong with it.
    """
    from lvsnet.resources import example_labs

    path = Path(given)
    if path.exists() or "/" in given or path.suffix:
        return path
    return example_labs().get(given, path)


def lab_name(given: str) -> str:
    """The name of a lab that is given by its name or its file."""
    path = Path(given)
    if "/" not in given and not path.suffix:
        return given
    if not path.exists():
        raise LvsnetError(f"{given}: there is no such lab file")
    from lvsnet.lab.load import load

    return load(path).name
