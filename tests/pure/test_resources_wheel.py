"""An installed wheel works without the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lvsnet import resources
from lvsnet.errors import LvsnetError
from lvsnet.image.recipe import recipe

CHECKOUT = Path(__file__).resolve().parents[2]
LOOK = """
import json
from lvsnet import resources
from lvsnet.image.recipe import recipe
labs = {name: str(file) for name, file in resources.example_labs().items()}
print(json.dumps([resources.__file__, labs, recipe().key]))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with what the wheel puts into site-packages."""
    directory = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(directory)]
    done = subprocess.run(
        build, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = directory.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory / "site")
    return directory / "site"


def test_the_wheel_carries_labs_and_recipes(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=tmp_path, env={"PYTHONPATH": str(installed)},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    module, labs, key = json.loads(done.stdout)
    assert Path(module).is_relative_to(installed)
    assert labs.keys() == resources.example_labs().keys()
    assert all(Path(lab).is_relative_to(installed) for lab in labs.values())
    assert Path(labs["dr"]).read_bytes() == (CHECKOUT / "labs" / "dr.yaml").read_bytes()
    assert key == recipe().key


def test_the_wheel_has_the_other_files_that_are_no_python(installed: Path) -> None:
    for name in ("py.typed", "guest/init"):
        assert (installed / "lvsnet" / name).is_file()


def test_a_broken_installation_is_told() -> None:
    with pytest.raises(LvsnetError, match="lacks its nothing/"):
        resources.directory("nothing")
