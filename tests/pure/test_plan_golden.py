"""Compiled labs, byte for byte: the plan, and the files of each machine as ``render`` writes them.

After a change that is meant, ``LVSNET_UPDATE_GOLDEN=1 pytest tests/pure/test_plan_golden.py``
writes the golden files anew; read their diff before you commit it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lvsnet.lab.load import load
from lvsnet.plan.codec import to_json
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.render import rendered
from lvsnet.resources import example_labs

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
EXAMPLES = [file for name, file in example_labs().items() if not name.startswith("vips-")]
"""Those with spread VIPs differ by priorities alone, which labs/spread.yaml has here, too."""
LABS = [*EXAMPLES, *sorted((HERE / "labs").glob("*.yaml"))]

labs = pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)


def compiled(lab: Path) -> dict[str, bytes]:
    plan = compile_lab(load(lab))
    document = json.dumps(json.loads(to_json(plan)), indent=2, ensure_ascii=False)
    files = {path: content for path, (content, _) in rendered(plan).items()}
    return {"plan.json": f"{document}\n".encode(), **files}


@labs
def test_the_lab_compiles_to_its_golden_files(lab: Path) -> None:
    golden = GOLDEN / lab.stem
    found = compiled(lab)
    if os.environ.get("LVSNET_UPDATE_GOLDEN") == "1":
        shutil.rmtree(golden, ignore_errors=True)
        for name, content in found.items():
            (golden / name).parent.mkdir(parents=True, exist_ok=True)
            (golden / name).write_bytes(content)
    kept = {
        path.relative_to(golden).as_posix(): path.read_bytes()
        for path in golden.rglob("*")
        if path.is_file()
    }
    assert sorted(found) == sorted(kept)
    for name, content in kept.items():
        assert found[name].decode() == content.decode(), name


def test_every_golden_directory_has_its_lab() -> None:
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted(lab.stem for lab in LABS)


_PROGRAM = """
import sys
from pathlib import Path
from lvsnet.lab.load import load
from lvsnet.plan.codec import to_json
from lvsnet.plan.compile import compile_lab
sys.stdout.write(to_json(compile_lab(load(Path(sys.argv[1])))))
"""


@pytest.mark.parametrize("lab", ["long-names", "escape-hatches"])
def test_another_process_compiles_to_the_same_bytes(lab: str) -> None:
    path = HERE / "labs" / f"{lab}.yaml"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM, path],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            timeout=60,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert outputs == {to_json(compile_lab(load(path))).encode()}
