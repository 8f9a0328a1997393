"""Which guest kernel a lab gets, and what a user is told who wants another one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lvsnet import cache
from lvsnet.cli.kernel import app
from lvsnet.errors import LvsnetError
from lvsnet.guest.kernels import built, choice, debian, listing, model, packed, wheel
from lvsnet.guest.kernels.model import Kernel, Source

ABOUT = packed.About(
    packed.FORMAT, f"{model.TESTED}.9-lvsnet", "linux-source-7.2 7.2.9-1", "busybox-static 1:1.38"
)


def lay(directory: Path, about: packed.About = ABOUT) -> Path:
    """The files of a kernel that was built."""
    for name in (packed.BINARY, packed.BUSYBOX, f"{packed.MODULES}/modules.builtin"):
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    packed.write_about(directory, about)
    return directory


@pytest.fixture(autouse=True)
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither is there any kernel, nor was any chosen."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "SYSTEM", tmp_path / "system")
    monkeypatch.delenv(choice.VARIABLE, raising=False)
    monkeypatch.setattr(debian, "find", lambda: None)
    yield
    sys.path_importer_cache.clear()


@pytest.fixture
def of_debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    at = tmp_path / "debian"
    kernel = Kernel(
        at / "kernel/linux.uml", at, at, "7.2.7", "user-mode-linux 7.2um1", (), "", False, "debian"
    )
    monkeypatch.setattr(debian, "find", lambda: kernel)
    return kernel


@pytest.fixture
def in_cache() -> Path:
    return lay(cache.entry(built.KIND, built.key()))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel, as pip lays it out."""
    site = tmp_path / "site"
    directory = lay(site / wheel.MODULE)
    (directory / "__init__.py").write_text("raise AssertionError('it was imported')\n")
    monkeypatch.syspath_prepend(str(site))
    return directory


def source() -> Source | None:
    found = choice.find()
    return found.source if found is not None else None


def test_without_any_there_is_none() -> None:
    assert choice.find() is None
    assert listing.listed() == []


@pytest.mark.usefixtures("of_debian", "in_cache", "installed")
def test_the_wheel_comes_first() -> None:
    assert source() == "wheel"
    assert [one.name for one in listing.listed()] == ["wheel", "built", "debian"]
    assert [one.name for one in listing.listed() if one.in_use] == ["wheel"]
    assert [one.virtual_time for one in listing.listed()] == [True, True, False]


@pytest.mark.usefixtures("of_debian", "in_cache")
def test_the_built_one_comes_before_debians() -> None:
    assert source() == "built"
    found = choice.find()
    assert found is not None
    assert found.virtual_time
    assert found.version == ABOUT.version
    assert found.note == ""


@pytest.mark.usefixtures("of_debian")
def test_debians_comes_last() -> None:
    assert source() == "debian"


def test_the_cache_of_the_system_serves_as_well() -> None:
    lay(cache.SYSTEM / built.KIND / built.key())
    assert source() == "built"


@pytest.mark.usefixtures("of_debian", "in_cache", "installed")
def test_a_choice_holds_until_it_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    choice.use("debian")
    assert source() == "debian"
    monkeypatch.setenv(choice.VARIABLE, "built")
    assert source() == "built"
    monkeypatch.setenv(choice.VARIABLE, "auto")
    assert source() == "wheel"
    monkeypatch.delenv(choice.VARIABLE)
    choice.use(None)
    assert source() == "wheel"


@pytest.mark.parametrize(
    ("name", "way_out"), [("built", "lvsnet kernel build"), ("wheel", "with pip")]
)
@pytest.mark.usefixtures("of_debian")
def test_one_that_is_not_there_is_neither_chosen_nor_replaced(
    name: Source, way_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LvsnetError, match=way_out):
        choice.use(name)
    assert source() == "debian"
    monkeypatch.setenv(choice.VARIABLE, name)
    with pytest.raises(LvsnetError, match=f"{choice.VARIABLE} asks for it.*{way_out}"):
        choice.find()


def test_a_word_that_means_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(choice.VARIABLE, "mine")
    with pytest.raises(LvsnetError, match="'mine', which is none of auto, wheel, built, debian"):
        choice.find()
    with pytest.raises(LvsnetError, match=choice.VARIABLE):
        listing.listed()


@pytest.mark.usefixtures("of_debian")
def test_one_of_another_version_of_lvsnet_is_remarked_and_not_used() -> None:
    lay(cache.entry(built.KIND, "0123456789abcdef"))
    found = choice.find()
    assert found is not None
    assert found.source == "debian"
    assert "`lvsnet kernel build` builds it anew" in found.note
    states = [(one.name, one.state, one.in_use) for one in listing.listed()]
    assert states == [("built", "outdated", False), ("debian", "ready", True)]


def test_another_series_than_the_tested_one_is_remarked() -> None:
    assert "7.3.1" in model.note("7.3.1-lvsnet")
    assert model.note(f"{model.TESTED}.1-lvsnet") == ""
    assert model.note(f"{model.TESTED}0.1") != ""


def test_a_damaged_one_is_told_and_listed(in_cache: Path) -> None:
    (in_cache / packed.BINARY).unlink()
    with pytest.raises(LvsnetError, match=r"is damaged \(there is no kernel/linux\)\..*kernel rm"):
        choice.find()
    (one,) = listing.listed()
    assert (one.state, one.in_use) == ("damaged", False)
    assert "kernel/linux" in one.problem


def test_one_without_its_description_is_damaged(installed: Path) -> None:
    (installed / packed.ABOUT).write_text("{}")
    with pytest.raises(LvsnetError, match=r"is damaged .*pip uninstall lvsnet-kernel"):
        choice.find()


def test_one_of_a_later_lvsnet_is_refused(installed: Path) -> None:
    facts = json.loads((installed / packed.ABOUT).read_text())
    (installed / packed.ABOUT).write_text(json.dumps({**facts, "format": packed.FORMAT + 1}))
    with pytest.raises(LvsnetError, match="made for another version of lvsnet"):
        choice.find()


def test_a_mere_directory_of_that_name_is_no_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site" / wheel.MODULE).mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert choice.find() is None


@pytest.mark.usefixtures("of_debian", "in_cache")
def test_removing_takes_those_that_were_built_and_the_choice_of_them() -> None:
    old = lay(cache.entry(built.KIND, "0123456789abcdef"))
    run = CliRunner().invoke
    assert run(app, ["use", "built"]).stdout.startswith(f"labs get Linux {ABOUT.version} (")
    assert run(app, ["rm", "--outdated"]).stdout.split() == [str(old)]
    assert source() == "built"
    said = run(app, ["rm", "--format", "json"])
    assert json.loads(said.stdout) == {"removed": [str(cache.entry(built.KIND, built.key()))]}
    assert "kernel use auto" in said.stderr
    assert source() == "debian"
    assert "nothing to remove" in run(app, ["rm"]).stderr


def test_what_is_the_systems_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = lay(cache.SYSTEM / built.KIND / built.key())
    monkeypatch.setattr(built, "may_remove", lambda _: False)
    said = CliRunner().invoke(app, ["rm"])
    assert said.stderr == f"{directory} stays: it is root's\n"
    assert source() == "built"


@pytest.mark.usefixtures("of_debian", "in_cache")
def test_what_is_listed() -> None:
    run = CliRunner().invoke
    said = json.loads(run(app, ["list", "--format", "json"]).stdout)
    assert (said["chosen"], said["by"]) == ("auto", "")
    first, second = said["kernels"]
    assert first == {
        "name": "built",
        "version": ABOUT.version,
        "package": ABOUT.package,
        "directory": str(cache.entry(built.KIND, built.key())),
        "virtual_time": True,
        "state": "ready",
        "in_use": True,
        "problem": "",
    }
    assert (second["name"], second["virtual_time"], second["in_use"]) == ("debian", False, False)
    choice.use("debian")
    said = json.loads(run(app, ["list", "--format", "json"]).stdout)
    assert (said["chosen"], said["by"]) == ("debian", "lvsnet kernel use")
    (line,) = (one for one in run(app, ["list"]).stdout.splitlines() if one.startswith("built"))
    assert line.split()[:2] == ["built", ABOUT.version]


def test_a_wrong_name_is_wrong_usage() -> None:
    said = CliRunner().invoke(app, ["use", "mine"])
    assert said.exit_code == 2
    assert "none of auto, wheel, built, debian" in said.stderr
