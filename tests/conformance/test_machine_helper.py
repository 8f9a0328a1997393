"""The helper container, on a machine whose Docker engine may make one privileged."""

from __future__ import annotations

from pathlib import Path

from conformance import inside

HELPER = Path(__file__).parents[1] / "containers/test_docker_by_helper.py"


def test_a_helper_container_wires_labs(machine_disk: Path, tmp_path: Path) -> None:
    test = f"{HELPER}::test_a_helper_wires_a_lab_and_takes_it_away"
    inside.run([test], machine_disk, tmp_path, {})
