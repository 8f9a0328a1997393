"""The guest's first program of ours: it starts the agent, from modules that are compiled if can be.

Compiled modules are one file, so that nothing is looked for on the host's file system, where each
look takes as long as a module takes to compile. As a program, this file lies beside what it is to
import; see `lvsnet.guest.boot.lay_out`.
"""

from __future__ import annotations

import marshal
import sys
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

TYPE_CHECKING = False  # of typing, whose import takes longer than all of this
if TYPE_CHECKING:
    from importlib.abc import Loader

HERE = "/mnt/agent"
CODE = "code"
"""A file beside this one: all modules, as `packed` gives them."""
PACKAGE = "__init__"

Packed = Mapping[str, tuple[bool, bytes]]
"""Name -> whether the module is a package, and its code, which is unpacked when it is imported."""


class Carried:
    """Finds and loads modules (importlib.abc.MetaPathFinder, importlib.abc.Loader)."""

    def __init__(self, modules: Packed) -> None:
        self.modules = modules

    def find_spec(
        self, name: str, _path: object = None, _target: object = None
    ) -> ModuleSpec | None:
        if name not in self.modules:
            return None
        # To inherit from Loader would take the import of importlib.abc.
        loader: Loader = self  # type: ignore[assignment]
        return ModuleSpec(name, loader, origin=CODE, is_package=self.modules[name][0])

    def create_module(self, _spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        code: CodeType = marshal.loads(self.modules[module.__name__][1])
        exec(code, module.__dict__)  # noqa: S102  as importlib's own loaders do


def packed(directory: Path) -> bytes:
    """The modules of the package in a directory, compiled for the Python that this runs by."""
    found = {}
    for path in sorted(directory.rglob("*.py")):
        inside = path.relative_to(directory.parent)
        is_package = path.stem == PACKAGE
        parts = inside.parent.parts if is_package else inside.with_suffix("").parts
        code = compile(path.read_bytes(), str(inside), "exec", dont_inherit=True)
        found[".".join(parts)] = (is_package, marshal.dumps(code))
    return marshal.dumps(found)


def find_modules(here: str) -> None:
    """Have modules imported from what is beside this program."""
    try:
        with open(f"{here}/{CODE}", "rb") as file:
            sys.meta_path.insert(0, Carried(marshal.load(file)))
    except FileNotFoundError:
        sys.path.insert(0, here)


if __name__ == "__main__":
    find_modules(HERE)
    from lvsnet.guest.agent import main

    main()
