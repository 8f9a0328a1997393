"""A disk of this machine is full when a lab is deployed: that is told, and nothing is left."""

from __future__ import annotations

import os
import subprocess

import pytest

from e2e.users import LVSNET, User

SIZES = ("64k", "1m", "20m")
"""Too small for a lab's directory: for its first files, for the agent, for a copy of the image."""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
@pytest.mark.parametrize("size", SIZES)
def test_a_full_disk_is_told(user: User, size: str) -> None:
    """The disk is mounted for the command alone, in a mount namespace of its own."""
    labs = user.home / "cache/lvsnet/labs"
    labs.mkdir()
    script = f"mount -t tmpfs -o size={size} none {labs} && exec {LVSNET} deploy --no-wait $1"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", user.lab("full")],
        capture_output=True,
        env=user.environment,
        cwd=user.home,
        timeout=120,
        check=False,
    )
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert "No space left on device" in said
    assert str(labs) in said
    assert "Traceback" not in said
    assert not user.processes()
    assert user.left() == []
