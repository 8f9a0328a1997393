"""What mmdebstrap is told, and what the user is told when it fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lvsnet import apt, debian
from lvsnet.errors import LvsnetError
from lvsnet.progress import silent

TREE = debian.Tree(
    title="thing",
    log="thing",
    suite="trixie",
    variant="minbase",
    packages=("a", "b"),
    excludes=("/usr/share/doc/*",),
    hooks=("true",),
)


@pytest.fixture(autouse=True)
def as_root_with_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv(apt.MIRROR_VARIABLE, "http://mirror.example/debian")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(apt, "settings", lambda: ('Acquire::Check-Date "false"',))


def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program in mmdebstrap's place."""
    program = tmp_path / "bin" / "mmdebstrap"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(apt, "PATH", f"{program.parent}:{apt.PATH}")


def test_the_command_line_says_all_that_the_tree_is() -> None:
    assert debian.command(TREE, Path("/t.tar")) == [
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        "--format=tar",
        "--include=a,b",
        "--dpkgopt=force-unsafe-io",
        '--aptopt=Acquire::Check-Date "false"',
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--customize-hook=true",
        "trixie",
        "/t.tar",
        "http://mirror.example/debian",
    ]


def test_phases_are_told_once_with_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
        echo 'I: running apt-get update...' >&2
        echo 'dpkg: noise' >&2
        echo 'I: running --customize-hook in shell: 1' >&2
        echo 'I: running --customize-hook in shell: 2' >&2
        sleep 0.5"""
    pretend(tmp_path, monkeypatch, script)
    said: list[str] = []
    debian.write_tar(TREE, tmp_path / "t", said.append)
    assert said == ["thing: reading the package lists (0 s)", "thing: finishing (0 s)"]


def test_a_failure_shows_the_end_of_the_log_and_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(tmp_path, monkeypatch, "seq 100 >&2; echo 'E: no such package' >&2; exit 25")
    with pytest.raises(LvsnetError) as caught:
        debian.write_tar(TREE, tmp_path / "t", silent)
    message = str(caught.value)
    log = tmp_path / "cache/lvsnet/logs/thing.log"
    assert "could not build the thing: exit code 25" in message
    assert "  100\n  E: no such package\n" in message
    assert "\n  50\n" not in message
    assert str(log) in message
    assert len(log.read_text().splitlines()) == 101


def test_it_does_not_outlive_its_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "pid"
    pretend(tmp_path, monkeypatch, f"echo $$ > {mark}; exec sleep 60")
    with pytest.raises(LvsnetError, match="took more than 1 s"):
        debian.write_tar(TREE, tmp_path / "t", silent, deadline_s=0.6)
    assert not Path(f"/proc/{mark.read_text().strip()}").exists()


def test_an_interrupt_ends_it_and_lets_it_clean_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "temporary"
    script = f"""
        trap 'rmdir {made}; exit 1' INT
        mkdir {made}
        echo 'I: extracting archives...' >&2
        while :; do sleep 0.05; done"""
    pretend(tmp_path, monkeypatch, script)

    def interrupt(_line: str) -> None:
        assert made.is_dir()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        debian.write_tar(TREE, tmp_path / "t", interrupt)
    assert not made.exists()


def test_an_ordinary_user_without_subordinate_ids_is_told_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4294000000)
    with pytest.raises(LvsnetError, match="4294000000 has no subordinate ids") as caught:
        debian.mode()
    assert str(caught.value).endswith("run:\n  sudo lvsnet setup --system")


@pytest.mark.parametrize("installed", [True, False])
def test_subordinate_ids_alone_do_not_do(monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4294000000)
    monkeypatch.setattr(debian, "_has_range", lambda _file, _names: True)
    monkeypatch.setattr("shutil.which", lambda *_of, **_how: "/bin/true" if installed else None)
    monkeypatch.setattr(debian, "_runs_after", lambda _namespace: False)
    reason = "does not allow user namespaces" if installed else "newuidmap .* is not installed"
    with pytest.raises(LvsnetError, match=f"(?s){reason}.*sudo lvsnet setup --system$"):
        debian.mode()
