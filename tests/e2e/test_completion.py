"""Command lines are completed in bash, zsh and fish: typed in a terminal, with the Tab key."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from e2e.terminals import Terminal, terminal
from e2e.users import LVSNET, User

TAB = b"\t"
HOME = b"\x01"
LAB = "tabs"


@dataclass(frozen=True)
class Shell:
    """How a shell is begun without anybody's settings, and told of lvsnet."""

    command: tuple[str, ...]
    setup: str


SHELLS = {
    "bash": Shell(
        ("bash", "--norc", "--noprofile", "-i"),
        "source <(lvsnet completion bash)",
    ),
    "zsh": Shell(
        ("zsh", "-f", "-i"),
        "bindkey -e; autoload -Uz compinit; compinit -D -u; source <(lvsnet completion zsh)",
    ),
    "fish": Shell(
        ("fish", "--no-config", "--interactive"),
        "lvsnet completion fish | source",
    ),
}


@dataclass(frozen=True)
class Desk:
    """Somebody in front of a shell."""

    terminal: Terminal

    def completes(self, typed: str) -> list[str]:
        """The words of the line after Tab, as the shell gives them to a program."""
        line = typed.encode() + TAB + b" end" + HOME + b"printf '<%s>' begun \r"
        self.terminal.types(line)
        shown = self.terminal.until("<begun>.*<end>")
        words: list[str] = re.findall("<([^<>]*)>", shown[shown.rindex("<begun>") :])
        return words[2:-1]

    def shows(self, typed: str, *words: str) -> None:
        """Fails unless Tab, twice, offers all of these."""
        self.terminal.types(typed.encode() + TAB + TAB)
        self.terminal.until("(?s)" + "".join(f"(?=.*{_coloured(word)})" for word in words))
        self.terminal.types(b"\x03\x03")


def _coloured(word: str) -> str:
    """A pattern for a word in which colours may change."""
    return r"(?:\x1b[^A-Za-z]*[A-Za-z])*".join(map(re.escape, word))


@contextmanager
def desk(name: str, user: User, settings: Mapping[str, str]) -> Iterator[Desk]:
    shell = SHELLS[name]
    program = shutil.which(shell.command[0])
    if program is None:
        pytest.skip(f"{name} is not installed; `make tools` does it")
    environment = {
        **user.environment,
        "PATH": f"{LVSNET.parent}:{user.environment['PATH']}",
        "HOME": str(user.home),
        "TERM": "xterm",
        **settings,
    }
    with terminal(
        program, *shell.command[1:], environment=environment, cwd=user.home, size=(50, 150)
    ) as one:
        one.types(f"{shell.setup}; echo set-$(echo up)\r".encode())
        one.until("set-up", within=30)
        yield Desk(one)


@pytest.fixture(scope="module")
def resident_with_lab(resident: User) -> User:
    resident.does("deploy", "--no-wait", resident.lab(LAB))
    for path in ("own.yaml", "own.txt", "sub/owner.yml"):
        (resident.home / path).parent.mkdir(exist_ok=True)
        (resident.home / path).write_text("")
    (resident.home / "out").mkdir()
    return resident


@pytest.fixture(params=SHELLS)
def sit(request: pytest.FixtureRequest, resident_with_lab: User) -> Iterator[Desk]:
    with desk(request.param, resident_with_lab, {}) as one:
        yield one


def test_commands_and_options(sit: Desk) -> None:
    assert sit.completes("lvsnet exe") == ["exec"]
    assert sit.completes("lvsnet image li") == ["image", "list"]
    assert sit.completes("lvsnet exec --la") == ["exec", "--lab"]
    assert sit.completes("lvsnet deploy --runtime cr") == ["deploy", "--runtime", "crun"]
    assert sit.completes("lvsnet deploy --runtime=cr") == ["deploy", "--runtime=crun"]
    assert sit.completes(f"{LVSNET} exe") == ["exec"]
    sit.shows("lvsnet de", "deploy", "destroy")


def test_labs_and_files(sit: Desk) -> None:
    assert sit.completes("lvsnet deploy own") == ["deploy", "own.yaml"]
    assert sit.completes("lvsnet deploy sub/ow") == ["deploy", "sub/owner.yml"]
    assert sit.completes("lvsnet validate source-vrrp-t") == ["validate", "source-vrrp-tracked"]
    assert sit.completes("lvsnet render dr -o ou")[-1].rstrip("/") == "out"
    assert sit.completes("lvsnet render dr --output=ou")[-1].rstrip("/") == "--output=out"
    assert sit.completes("lvsnet destroy tabs.") == ["destroy", "tabs.yaml"]
    assert sit.completes("lvsnet exec --lab=ta") == ["exec", "--lab=tabs"]
    sit.shows("lvsnet destroy tabs", LAB, f"{LAB}.yaml")


def test_nodes(sit: Desk) -> None:
    assert sit.completes("lvsnet exec cl") == ["exec", "client"]
    assert sit.completes(f"lvsnet exec {LAB}/cl") == ["exec", f"{LAB}/client"]
    assert sit.completes("lvsnet stop lb01 lb") == ["stop", "lb01", "lb02"]
    assert sit.completes(f"lvsnet logs --lab {LAB} nginx01") == ["logs", "--lab", LAB, "nginx01"]
    sit.shows("lvsnet exec nginx0", "nginx01", "nginx02")


def test_one_side_of_cp_is_a_node(sit: Desk) -> None:
    assert sit.completes("lvsnet cp own.t") == ["cp", "own.txt"]
    assert sit.completes("lvsnet cp own.txt cl") == ["cp", "own.txt", "client:"]
