"""The agent's modules in one file: packed, kept, laid out and imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lvsnet
from lvsnet.errors import LvsnetError
from lvsnet.guest import agent_code, boot, carried
from lvsnet.progress import silent

PROGRAM = """
import sys
from lvsnet.guest import carried
del sys.modules["lvsnet"], sys.modules["lvsnet.guest"]
sys.path.clear()
carried.find_modules({here!r})
from some.below import module
import some.below
print(module.VALUE, module.__package__, some.below.__path__, module.fails.__code__.co_filename)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    below = tmp_path / "some/below"
    below.mkdir(parents=True)
    (tmp_path / "some/__init__.py").write_text("")
    (below / "__init__.py").write_text("from .other import HALF\n")
    (below / "other.py").write_text("HALF = 21\n")
    (below / "module.py").write_text(
        "from some.below import HALF\nVALUE = 2 * HALF\n\ndef fails():\n    raise ValueError\n"
    )
    return tmp_path / "some"


def imported(here: Path) -> str:
    program = PROGRAM.format(here=str(here))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_packed_modules_are_imported(package: Path, tmp_path: Path) -> None:
    here = tmp_path / "agent"
    here.mkdir()
    (here / carried.CODE).write_bytes(carried.packed(package))
    assert imported(here) == "42 some.below [] some/below/module.py\n"


def test_without_them_the_sources_are_imported(package: Path) -> None:
    assert imported(package.parent).startswith("42 some.below ")


def test_what_is_not_packed_is_not_found() -> None:
    found = carried.Carried({"some": (True, b"")})
    assert found.find_spec("json") is None
    assert found.find_spec("some.below") is None
    spec = found.find_spec("some")
    assert spec is not None
    assert spec.submodule_search_locations == []


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the package, as far as it runs in the guest."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    directory = tmp_path / "lvsnet"
    (directory / "guest").mkdir(parents=True)
    (directory / "guest/agent.py").write_text("A = 1\n")
    monkeypatch.setattr(lvsnet, "__file__", str(directory / "__init__.py"))
    monkeypatch.setattr(boot, "AGENT", ("guest/agent.py",))
    return directory


def kept(content: bytes, image: str = "image") -> Path:
    return agent_code.ensure(image, lambda: content, silent)


@pytest.mark.usefixtures("sources")
def test_they_are_compiled_once() -> None:
    assert kept(b"first").read_bytes() == b"first"
    assert kept(b"second").read_bytes() == b"first"


@pytest.mark.usefixtures("sources")
def test_another_image_may_have_another_python() -> None:
    kept(b"first")
    assert kept(b"second", "another").read_bytes() == b"second"


def test_a_change_is_seen_whatever_the_file_s_age(sources: Path) -> None:
    module = sources / "guest/agent.py"
    before = module.stat()
    kept(b"first")
    module.write_text("A = 2\n")
    os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert kept(b"second").read_bytes() == b"second"


@pytest.mark.usefixtures("sources")
def test_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_code, "MOST", 2)
    for number, image in enumerate(("first", "second", "third")):
        directory = kept(b"", image).parent
        os.utime(directory, ns=(number, number))
    assert kept(b"new", "third").read_bytes() == b""
    assert len(list((tmp_path / "cache/lvsnet/agent").glob("*/code"))) == 2


@pytest.mark.usefixtures("sources")
def test_what_fails_is_not_kept() -> None:
    def fails() -> bytes:
        raise LvsnetError("no guest")

    with pytest.raises(LvsnetError, match="no guest"):
        agent_code.ensure("image", fails, silent)
    assert kept(b"then").read_bytes() == b"then"
