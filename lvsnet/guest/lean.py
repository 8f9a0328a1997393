"""pyroute2 without all that its package imports, for the agent, whose start a deploy waits for.

`import pyroute2` imports every protocol that the library knows: 0.6 s in a guest, of which what
the engine uses needs 0.25 s. So the package is put in place without running its ``__init__``.
Only the agent does this: another program in the same process would find the package empty.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType


def prepare() -> None:
    """Make `import pyroute2.x.y` import x.y and what that needs, and no more.

    Raises:
        ModuleNotFoundError: pyroute2 is not installed.
    """
    spec = importlib.util.find_spec("pyroute2")
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError("pyroute2 is not installed", name="pyroute2")
    package = ModuleType("pyroute2")
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    sys.modules["pyroute2"] = package
