"""Where the labs on this machine's own kernel keep what they have."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def state_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """``$LVSNET_STATE_DIR``, else ``/run/lvsnet``, for every session of root the same.

    Not below XDG_RUNTIME_DIR, which sessions differ in: the labs are the machine's, since their
    namespaces' names are.
    """
    return Path(environment.get("LVSNET_STATE_DIR") or "/run/lvsnet")
