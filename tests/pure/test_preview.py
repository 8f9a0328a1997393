"""What a deployment would be, and what a running lab is beside a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lvsnet import deployment, preview
from lvsnet.control import labs
from lvsnet.control.choice import Wish
from lvsnet.engine.runtime import About, Record
from lvsnet.errors import LabFileError, LvsnetError
from lvsnet.plan.model import File, Plan
from lvsnet.progress import silent
from lvsnet.resources import example_labs

GUEST = Wish(kernel="guest")


@pytest.fixture(autouse=True)
def _nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labs, "PLACES", {})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "dr.yaml"
    path.write_text(example_labs()["dr"].read_text())
    return path


def planned(file: Path) -> Plan:
    return deployment.planned(file, GUEST, silent)


def record(file: Path, runtime: str) -> Record:
    """As the labels of containers have it: files without contents."""
    plan = planned(file)
    nodes = [
        replace(node, files=tuple(File(one.path, "", one.mode) for one in node.files))
        for node in plan.nodes
    ]
    about = About(str(file), runtime, "host 6.12", "", 0)
    return Record(about, replace(plan, nodes=tuple(nodes)))


def test_what_is_missing_is_said_and_not_fetched(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = preview.preview(file, GUEST, silent)
    assert (found.runtime, found.kernel, found.file) == ("crun", "guest", str(file))
    assert [words.partition(" first")[0] for words in found.before] == [
        "the guest kernel is downloaded",
        "the node file system is built",
    ]
    # What is compiled may be kept.
    assert [one.name for one in (tmp_path / "cache/lvsnet").iterdir()] == ["plans"]


def test_wishes_are_deploys(file: Path) -> None:
    found = preview.preview(file, Wish(kernel="guest", privileged=True, strict=True), silent)
    assert all(node.privileged for node in found.plan.nodes)
    assert found.plan.strict
    with pytest.raises(LvsnetError, match="--runtime docker runs on this machine's own kernel"):
        preview.preview(file, Wish("docker", "guest"), silent)


def test_a_file_with_errors_is_refused(file: Path) -> None:
    file.write_text("name: dr\n")
    with pytest.raises(LabFileError):
        preview.preview(file, GUEST, silent)


def test_another_labs_file_is_no_plan_of_this_one(file: Path) -> None:
    runs = record(file, "crun")
    file.write_text(file.read_text().replace("name: dr\n", "name: other\n"))
    with pytest.raises(LvsnetError, match=r"is the file of lab other, not of dr$"):
        preview.beside(runs, file, GUEST, silent)


def test_contents_that_containerlab_does_not_keep_are_the_files(file: Path) -> None:
    runs = record(file, "containerlab")
    assert preview.with_contents(runs).plan == replace(planned(file), strict=False)
    assert preview.with_contents(record(file, "docker")) == record(file, "docker")
    file.unlink()
    with pytest.raises(LvsnetError, match=r"containerlab, which does not keep .* no longer there"):
        preview.with_contents(runs)
