"""A wrong lab file is told line by line, and nothing is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.users import User

LABS = Path(__file__).parents[1] / "pure/lab_errors"


@pytest.fixture(scope="module")
def reader(warm_resident: User) -> User:
    return warm_resident


@pytest.mark.parametrize(
    "name", ["empty", "binary", "bomb", "duplicate-address", "host-names", "unknown-key"]
)
@pytest.mark.parametrize("command", ["deploy", "validate"])
def test_each_error_is_a_line_with_its_place(reader: User, command: str, name: str) -> None:
    done = reader.tries(command, str(LABS / f"{name}.yaml"))
    assert (done.code, done.out) == (2, b"")
    expected = (LABS / f"{name}.txt").read_text()
    lines = [line.replace(str(LABS) + "/", "") for line in done.err.splitlines()]
    assert lines == expected.splitlines()
    assert reader.left() == []


@pytest.mark.parametrize("given", ["no-such-lab", "no/such/file.yaml", "/"])
def test_what_is_no_file_is_one_line(reader: User, given: str) -> None:
    done = reader.tries("deploy", given)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "Traceback" not in done.err
    assert reader.left() == []


@pytest.mark.parametrize(
    "arguments",
    [["deploy"], ["deploy", "--timeout", "soon", "dr"], ["destroy", "--all", "dr"], ["no-such"]],
)
def test_wrong_usage_has_exit_code_2(reader: User, arguments: list[str]) -> None:
    done = reader.tries(*arguments)
    assert done.code == 2
    assert "Traceback" not in done.err
    assert reader.left() == []
