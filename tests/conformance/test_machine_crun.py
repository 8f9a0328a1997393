"""The set on the kernel of a machine with IPVS, by crun."""

from __future__ import annotations

from pathlib import Path

from conformance import inside


def test_the_set_passes_in_a_machine_with_ipvs(machine_disk: Path, tmp_path: Path) -> None:
    inside.passes("crun/host", machine_disk, tmp_path)
