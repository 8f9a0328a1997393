"""Where the files are that lvsnet brings along besides Python: images, labs, a kernel's recipe."""

from __future__ import annotations

import re
from pathlib import Path

from lvsnet.errors import LabFileError, LvsnetError, Problem

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


def lab_file(given: str) -> Path:
    """A path as it is, else the example lab of that name.

    Raises:
        LabFileError: there is nothing at that path, and no such example.
    """
    path = Path(given)
    if path.exists():
        return path
    examples = example_labs()
    if given in examples:
        return examples[given]
    hint = "`lvsnet labs` lists the examples that lvsnet carries"
    if path.stem in examples:
        hint = f"lvsnet carries an example lab {path.stem}: give {path.stem} for its file"
    raise LabFileError([Problem(given, None, None, f"no such file; {hint}")])


def head_sentence(path: Path) -> str:
    """The first sentence of the comment at the head of a lab file: what the lab shows."""
    words: list[str] = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                break
            if line.startswith("# yaml-language-server:"):
                continue
            text = line.lstrip("#").strip()
            if not text and words:
                break
            words += text.split()
    return re.split(r"(?<=\.) ", " ".join(words), maxsplit=1)[0].removesuffix(".")
