"""Linux Virtual Server sites from one YAML file: the real kernel, the real daemons."""

from __future__ import annotations

import importlib

__all__ = ["Deployed", "Lab", "LvsnetError", "NotReachedError", "Running", "running"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """What is for programs in Python is imported when it is used: commands have no time for it.

    ``__init__.pyi`` has the types.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(f"{__name__}.api"), name)
    return found
