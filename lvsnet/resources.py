"""Where the files are that lvsnet brings along besides Python: images, labs, a kernel's recipe."""

from __future__ import annotations

from pathlib import Path

from lvsnet.errors import LvsnetError

PACKAGE = Path(__file__).resolve().parent


def directory(name: str) -> Path:
    """``images``, ``labs`` or ``kernel``: in an installed package, or at the top of the checkout.

    Raises LvsnetError when it is in neither, which says that the installation is broken.
    """
    places = (PACKAGE / "_carried" / name, PACKAGE.parent / name)
    for place in places:
        if place.is_dir():
            return place
    raise LvsnetError(
        f"This installation of lvsnet lacks its {name}/: it is neither at {places[0]} nor at "
        f"{places[1]}. Install lvsnet again."
    )


def example_labs() -> dict[str, Path]:
    """The lab files that come with lvsnet, by their names without ``.yaml``, sorted."""
    return {file.stem: file for file in sorted(directory("labs").glob("*.yaml"))}
