"""Compiled lab files are kept, and one that is kept is as if it were compiled anew."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import lvsnet
from lvsnet import compiled, plan_cache
from lvsnet.compiled import Compiled
from lvsnet.errors import LabFileError
from lvsnet.lab.document import Document
from lvsnet.resources import example_labs

LAB = """\
name: one
segments: {lan: {subnet: 192.168.10.0/24}}
nodes:
  client:
    role: client
    interfaces: {lan: 192.168.10.10}
    files: {/etc/motd: {source: texts/motd}}
"""
PLAIN = """\
name: two
segments: {lan: {subnet: 192.168.10.0/24}}
nodes:
  client: {role: client, interfaces: {lan: 192.168.10.10}}
"""
UNWISE = (Path(__file__).parent / "lab_warnings/auth-pass-length.yaml").read_text()
TOPOLOGY = """\
name: three
topology:
  nodes:
    a: {kind: linux, image: debian}
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/motd").write_text("hello\n")
    return written(tmp_path / "one.yaml", LAB)


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called, nothing can be compiled."""

    def compile_document(_document: Document, path: Path) -> Compiled:
        raise AssertionError(path)

    return lambda: monkeypatch.setattr(compiled, "compile_document", compile_document)


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def entries(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache/lvsnet/plans").glob("*"))


def motd(path: Path) -> str:
    (node,) = plan_cache.compiled(path).plan.nodes
    return next(file.content for file in node.files if file.path == "/etc/motd")


@pytest.mark.parametrize("name", ["dr", "nat", "source-cron", "source-vrrp", "vips-4"])
def test_a_kept_plan_is_the_compiled_one(name: str, never: Callable[[], None]) -> None:
    path = example_labs()[name]
    fresh = compiled.compile_file(path)
    assert plan_cache.compiled(path) == fresh
    never()
    assert plan_cache.compiled(path) == fresh


def test_another_text_is_compiled(lab: Path) -> None:
    assert plan_cache.compiled(lab).plan.lab == "one"
    written(lab, LAB.replace("name: one", "name: another"))
    assert plan_cache.compiled(lab).plan.lab == "another"


def test_another_content_of_a_named_file_is_compiled(lab: Path) -> None:
    assert motd(lab) == "hello\n"
    (lab.parent / "texts/motd").write_text("howdy\n")
    assert motd(lab) == "howdy\n"


def test_a_named_file_that_is_gone_is_told(lab: Path) -> None:
    motd(lab)
    (lab.parent / "texts/motd").unlink()
    with pytest.raises(LabFileError, match="no such file"):
        plan_cache.compiled(lab)


def test_a_keepalived_conf_is_a_named_file(tmp_path: Path) -> None:
    conf = written(tmp_path / "own.conf", "global_defs {\n router_id a\n}\n")
    text = PLAIN.replace("role: client", "role: director, keepalived: own.conf")
    lab = written(tmp_path / "lab.yaml", text)
    plan_cache.compiled(lab)
    written(conf, "global_defs {\n router_id b\n}\n")
    assert plan_cache.compiled(lab) == compiled.compile_file(lab)


def test_a_file_that_changes_meanwhile_is_not_kept(
    lab: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compile_document = compiled.compile_document

    def slowly(document: Document, path: Path) -> Compiled:
        result = compile_document(document, path)
        (lab.parent / "texts/motd").write_text("meanwhile\n")
        return result

    monkeypatch.setattr(compiled, "compile_document", slowly)
    plan_cache.compiled(lab)
    assert not entries(tmp_path)


def test_warnings_are_kept(tmp_path: Path, never: Callable[[], None]) -> None:
    lab = written(tmp_path / "two.yaml", UNWISE)
    told = plan_cache.compiled(lab).warnings
    assert told
    never()
    assert plan_cache.compiled(lab).warnings == told


def test_warnings_have_the_path_as_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = written(tmp_path / "two.yaml", UNWISE)
    plan_cache.compiled(lab)
    monkeypatch.chdir(tmp_path)
    assert {one.file for one in plan_cache.compiled(Path("two.yaml")).warnings} == {"two.yaml"}


def test_the_same_text_elsewhere_names_other_files(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "beside").mkdir()
    written(tmp_path / "beside/one.yaml", LAB)
    monkeypatch.chdir(lab.parent)
    assert motd(Path("one.yaml")) == "hello\n"
    monkeypatch.chdir(tmp_path / "beside")
    with pytest.raises(LabFileError, match="no such file"):
        motd(Path("one.yaml"))


def test_a_wrong_file_is_not_kept(tmp_path: Path) -> None:
    lab = written(tmp_path / "lab.yaml", LAB + "  b: {role: none}\n")
    for _ in range(2):
        with pytest.raises(LabFileError):
            plan_cache.compiled(lab)
    assert not entries(tmp_path)


def test_a_topology_is_not_kept(tmp_path: Path) -> None:
    topology = written(tmp_path / "three.clab.yml", TOPOLOGY)
    assert plan_cache.compiled(topology) == compiled.compile_file(topology)
    assert not entries(tmp_path)


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"named": []}'])
def test_a_broken_entry_is_as_none(lab: Path, tmp_path: Path, broken: bytes) -> None:
    fresh = plan_cache.compiled(lab)
    (entry,) = entries(tmp_path)
    whole = entry.read_bytes()
    entry.write_bytes(broken)
    assert plan_cache.compiled(lab) == fresh
    assert entry.read_bytes() == whole


def test_another_version_of_the_package_has_its_own(
    lab: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan_cache.compiled(lab)
    monkeypatch.setattr(plan_cache, "_makers", lambda: "another")
    plan_cache.compiled(lab)
    assert len(entries(tmp_path)) == 2


def test_what_makes_plans_is_known_by_its_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "lvsnet/lab").mkdir(parents=True)
    module = written(tmp_path / "lvsnet/lab/model.py", "a = 1\n")
    monkeypatch.setattr(lvsnet, "__file__", str(tmp_path / "lvsnet/__init__.py"))
    makers = plan_cache._makers.__wrapped__
    before = makers()
    assert makers() == before
    written(module, "a = 2\n")
    os.utime(module, ns=(1, 1))
    assert makers() != before


def test_entries_are_for_their_user_only(lab: Path, tmp_path: Path) -> None:
    plan_cache.compiled(lab)
    (entry,) = entries(tmp_path)
    assert entry.stat().st_mode & 0o077 == entry.parent.stat().st_mode & 0o077 == 0


def test_the_oldest_entries_go(lab: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plan_cache, "MOST", 3)
    plan_cache.compiled(lab)
    (first,) = entries(tmp_path)
    for number in range(4):
        for entry in entries(tmp_path):
            os.utime(entry, ns=(number + (entry != first),) * 2)
        plan_cache.compiled(lab)  # the oldest one is used again
        written(tmp_path / "more.yaml", PLAIN.replace("two", f"more{number}"))
        plan_cache.compiled(tmp_path / "more.yaml")
        assert first in entries(tmp_path)
    assert len(entries(tmp_path)) == 3


@pytest.mark.parametrize("variable", ["nowhere", "file"])
def test_without_a_place_for_a_cache_it_is_compiled(
    lab: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    if variable == "nowhere":
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.delenv("HOME")
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", str(written(tmp_path / "file", "")))
    assert plan_cache.compiled(lab) == compiled.compile_file(lab)


def test_a_kept_plan_needs_no_models(lab: Path) -> None:
    plan_cache.compiled(lab)
    program = (
        "import sys; from pathlib import Path; from lvsnet import plan_cache\n"
        f"plan_cache.compiled(Path({str(lab)!r}))\n"
        "print({'pydantic', 'ruamel', 'lvsnet.lab.model'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
