"""Which name a lab file is taken to give its lab before it is read."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

from lvsnet.deployment import guessed_memory, guessed_name
from lvsnet.resources import example_labs


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("name: dr\n", "dr"),
        ("# name: no\nname: web-2  # the second\nnodes: {}\n", "web-2"),
        ("nodes:\n  a: {name: inner}\n", ""),
        ("name: Wrong\n", ""),
        ("name: 'quoted'\n", ""),
        ("", ""),
    ],
)
def test_a_guess_is_a_name_or_nothing(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / "lab.yaml").write_text(text)
    assert guessed_name(tmp_path / "lab.yaml") == name


def test_what_is_no_file_has_no_name(tmp_path: Path) -> None:
    assert guessed_name(tmp_path) == ""
    assert guessed_name(tmp_path / "missing") == ""
    assert guessed_name(Path("/dev/zero")) == ""


def test_what_may_not_be_read_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading it whole says why, with exit code 2 as of all lab files."""
    (tmp_path / "lab.yaml").write_text("name: dr\n")
    refusal = PermissionError(13, "Permission denied")
    monkeypatch.setattr(Path, "open", Mock(side_effect=refusal))
    assert guessed_name(tmp_path / "lab.yaml") == ""


@pytest.mark.parametrize("lab", example_labs())
def test_the_guess_is_right_for_the_examples(lab: str) -> None:
    assert guessed_name(example_labs()[lab]) == lab


@pytest.mark.parametrize(
    ("text", "memory"),
    [
        ("name: dr\nmemory: 1G\n", "1G"),
        ("memory:   1024MiB # much\n", "1G"),
        ("name: dr\n", ""),
        ("nodes:\n  a: {memory: 1G}\n  memory: 1G\n", ""),
        ("memory: 1K\n", ""),
        ("memory: 512MB\n", ""),
        ("memory: '1G'\n", ""),
    ],
)
def test_a_guess_at_the_memory_is_what_a_plan_says_of_it(
    tmp_path: Path, text: str, memory: str
) -> None:
    (tmp_path / "lab.yaml").write_text(text)
    assert guessed_memory(tmp_path / "lab.yaml") == memory
