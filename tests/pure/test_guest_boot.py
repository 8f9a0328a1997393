"""What a guest is started with: its command line, its processor, its hostfs root."""

from __future__ import annotations

import ast
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import lvsnet
from lvsnet.errors import LvsnetError
from lvsnet.guest import boot


@pytest.fixture
def machine(tmp_path: Path) -> boot.Machine:
    cache = tmp_path / "cache"
    (cache / "modules/kernel").mkdir(parents=True)
    (cache / "kernel").mkdir()
    for name in ("kernel/linux", "kernel/libc.so.6", "busybox", "image"):
        (cache / name).write_text(name)
    for name in ("b.ko", "a.ko", "c.ko"):
        (cache / "modules/kernel" / name).write_text(name)
    return boot.Machine(
        kernel=str(cache / "kernel/linux"),
        parameters=("pty.legacy_count=0",),
        busybox=str(cache / "busybox"),
        image=str(cache / "image"),
        release="7.2.7",
        module_tree=str(cache / "modules"),
        early_modules=("kernel/c.ko", "kernel/a.ko"),
        memory="512M",
        window=3072,
    )


def test_the_command_line(machine: boot.Machine) -> None:
    command = boot.command(machine)
    assert command[0] == "kernel/linux"
    assert {"mem=512M", "ssl0=fd:10,fd:11", "panic=-1", "noreboot"} <= {*command}
    # It feeds the random pool, so it says nothing of where the lab lies.
    assert str(Path(machine.kernel).parents[1]) not in " ".join(command)
    assert {"hostfs=/proc/self/cwd", "uml_dir=../uml/"} <= {*command}
    assert command[-1] == "pty.legacy_count=0"


@pytest.mark.parametrize(
    ("allowed", "chosen"),
    [([0], [0, 0, 0, 0]), ([0, 1], [0, 1, 0, 1]), ([6, 2, 4], [2, 4, 6, 2])],
)
def test_guests_take_turns_on_the_processors_that_are_allowed(
    allowed: list[int], chosen: list[int]
) -> None:
    assert [boot.processors(allowed, labs) for labs in range(4)] == [{one} for one in chosen]


def test_the_root_has_what_the_guest_needs(machine: boot.Machine, tmp_path: Path) -> None:
    root = tmp_path / "root"
    boot.lay_out(machine, root)
    assert (root / "init").stat().st_mode & 0o111
    assert (root / "node.squashfs").read_text() == "image"
    assert (root / "bin/busybox").read_text() == "busybox"
    # The kernel's path in its command line, and its C library beside it.
    assert (root / boot.command(machine)[0]).read_text() == "kernel/linux"
    assert (root / "kernel/libc.so.6").read_text() == "kernel/libc.so.6"
    # In the order in which they are to be loaded.
    names = [path.name for path in sorted((root / "early").iterdir())]
    assert names == ["000-c.ko", "001-a.ko"]
    modules = root / "lib/modules/7.2.7/kernel"
    assert sorted(path.name for path in modules.iterdir()) == ["a.ko", "b.ko", "c.ko"]


def test_a_file_on_another_file_system_is_copied(
    machine: boot.Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(_source: Path, _target: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", link)
    boot.lay_out(machine, tmp_path / "root")
    assert (tmp_path / "root/node.squashfs").read_text() == "image"


def test_a_cache_that_was_taken_away_is_an_error(machine: boot.Machine, tmp_path: Path) -> None:
    Path(machine.image).unlink()
    with pytest.raises(FileNotFoundError):
        boot.lay_out(machine, tmp_path / "root")


def test_a_compiled_agent_is_laid_out_without_its_sources(
    machine: boot.Machine, tmp_path: Path
) -> None:
    (tmp_path / "cache/code").write_bytes(b"compiled")
    boot.lay_out(replace(machine, code=str(tmp_path / "cache/code")), tmp_path / "root")
    agent = tmp_path / "root/agent"
    assert sorted(path.name for path in agent.rglob("*")) == ["carried.py", "code"]
    assert (agent / "code").read_bytes() == b"compiled"
    # What is in the cache is out of every guest's reach.
    assert (agent / "code").stat().st_nlink == 1


def imported(file: Path) -> set[str]:
    """The modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_the_agents_part_of_lvsnet_imports_nothing_that_is_not_in_the_guest(
    machine: boot.Machine, tmp_path: Path
) -> None:
    boot.lay_out(machine, tmp_path / "root")
    agent = tmp_path / "root/agent"
    package = Path(lvsnet.__file__).parent.parent
    lacking = set()
    for file in agent.rglob("*.py"):
        for name in imported(file):
            top = name.split(".")[0]
            assert top in sys.stdlib_module_names or top == "lvsnet", (file, name)
            path = Path(*name.split("."))
            for candidate in (path.with_suffix(".py"), path / "__init__.py"):
                if (package / candidate).exists() and not (agent / candidate).exists():
                    lacking.add(name)
    assert lacking == set()


def test_a_machine_goes_to_its_supervisor_and_back(machine: boot.Machine) -> None:
    lists = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(machine).items()
    }
    assert boot.machine({"machine": lists}) == machine
    with pytest.raises(LvsnetError, match="memory missing"):
        boot.machine({"machine": {name: lists[name] for name in lists if name != "memory"}})
