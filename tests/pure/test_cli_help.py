"""What ``lvsnet --help`` lists, and what a command that is called imports."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from commands import lvsnet

import lvsnet as package
from lvsnet.cli import COMMANDS, SECTIONS
from lvsnet.resources import example_labs, head_sentence

ROOT = Path(__file__).parents[2]
SLOW = ("pydantic", "ruamel", "pyroute2", "docker", "textual", "rich", "asyncio", "fast_sugiyama")
"""What takes longer to import than a command that does not need it should take."""
IMPORTED = f"""
import os, sys
from lvsnet import cli
for name in cli.COMMANDS:
    if os.fork() == 0:
        cli._app(name, (name,))
        print(name, *(one for one in {SLOW} if one in sys.modules), flush=True)
        os._exit(0)
    os.wait()
"""


def test_every_command_is_listed_under_a_heading() -> None:
    done = lvsnet("--help")
    assert done.returncode == 0
    listed: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        if heading := re.fullmatch(r"(\S.*):", line):
            listed[heading[1]] = []
        elif command := re.match(r"  ([a-z]+)  +\S", line):
            listed[next(reversed(listed))].append(command[1])
    del listed["Options"]
    assert listed == {heading: list(section) for heading, section in SECTIONS.items()}
    assert sum(map(len, listed.values())) == len(COMMANDS)


def test_no_line_of_the_list_is_cut() -> None:
    assert "..." not in re.sub(r"\[ARGS\]\.\.\.", "", lvsnet("--help").stdout)


def test_the_version_is_that_of_the_package() -> None:
    done = lvsnet("--version")
    assert (done.returncode, done.stdout) == (0, f"lvsnet {package.__version__}\n")
    assert f'\nversion = "{package.__version__}"\n' in (ROOT / "pyproject.toml").read_text()


def test_no_command_imports_what_is_slow_before_it_knows_what_is_asked() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split("\n")[:-1] == list(COMMANDS)


@pytest.mark.parametrize("name", example_labs())
def test_each_example_says_what_it_shows(name: str) -> None:
    shows = head_sentence(example_labs()[name])
    assert 20 < len(shows) < 220
    assert "schema" not in shows


def test_the_list_of_examples_has_what_each_shows() -> None:
    done = lvsnet("labs")
    assert done.returncode == 0
    began = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert began == list(example_labs())
    (dr,) = [line for line in done.stdout.splitlines() if line.startswith("dr ")]
    assert "Direct routing: two directors" in dr
    examples = json.loads(lvsnet("labs", "--format", "json").stdout)["examples"]
    assert {one["name"]: Path(one["file"]) for one in examples} == example_labs()
    assert all(one["shows"] for one in examples)
