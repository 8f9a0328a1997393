"""The set on the kernel of a machine with IPVS, by a Docker engine there, and its helper container.

One machine and one engine for both: to boot and start them is what takes time.
"""

from __future__ import annotations

from pathlib import Path

from conformance import inside


def test_the_set_passes_in_a_machine_with_ipvs(machine_disk: Path, tmp_path: Path) -> None:
    inside.passes("docker/host", machine_disk, tmp_path)
