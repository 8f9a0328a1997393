"""Which lab file a user means."""

from __future__ import annotations

from pathlib import Path

from lvsnet.errors import LabFileError, LvsnetError, Problem


def lab_file(given: str) -> Path:
    """A path as it is, else the example lab of that name.

    Raises:
        LabFileError: there is nothing at that path, and no such example.
    """
    from lvsnet.resources import example_labs

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


def lab_name(given: str) -> str:
    """The name of a lab that is given by its name or its file."""
    path = Path(given)
    if "/" not in given and not path.suffix:
        return given
    if not path.exists():
        raise LvsnetError(f"{given}: there is no such lab file")
    from lvsnet.lab.load import load

    return load(path).name
