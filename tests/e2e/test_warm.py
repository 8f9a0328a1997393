"""What runs most commands of these tests does with them what the console script does."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from e2e.users import User

COMMANDS = (
    ("inspect",),
    ("inspect", "--format", "json"),
    ("deploy",),
    ("deploy", "missing.yaml"),
    ("exec", "none/lb01", "true"),
    ("validate", "here.yaml"),
    ("render", "here.yaml", "-o", "there"),
    ("nonsense",),
    ("--help",),
)


def test_it_says_and_ends_as_the_console_script(warm_user: User) -> None:
    cold = replace(warm_user, warm=None)
    (warm_user.home / "here.yaml").write_text("name: x\nsegments: {lan: 10.0.0.0/24}\nnodes: {}\n")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: warm_user.tries(*one), COMMANDS))
    assert found == [cold.tries(*one) for one in COMMANDS]
    assert {one.code for one in found} == {0, 1, 2}


def test_nothing_of_one_command_is_seen_by_the_next(warm_user: User) -> None:
    narrow = replace(warm_user, settings={"COLUMNS": "40"})
    assert narrow.does("--help") != warm_user.does("--help")
    assert narrow.does("--help") == replace(narrow, warm=None).does("--help")


def test_what_does_not_end_in_time_is_killed(warm_user: User) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        warm_user.tries("inspect", deadline=0)
    assert warm_user.tries("inspect").code == 0
