"""Each wrong lab file of lab_errors/ gives exactly the messages beside it.

After a change of messages, ``LVSNET_REWRITE=1 pytest tests/pure/test_lab_errors.py`` writes them
anew, to be read in the diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from lvsnet.errors import LabFileError
from lvsnet.lab.load import load

FOLDER = Path(__file__).parent / "lab_errors"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_messages(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    with pytest.raises(LabFileError) as raised:
        load(Path(f"{name}.yaml"))
    expected = Path(f"{name}.txt")
    if os.environ.get("LVSNET_REWRITE"):
        expected.write_text(f"{raised.value}\n")
    assert f"{raised.value}\n" == expected.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_no_jargon_of_the_libraries(name: str) -> None:
    messages = (FOLDER / f"{name}.txt").read_text()
    assert not re.search(r"Input should|valid dictionary|NoneType|Value error|\x00", messages)


def test_every_case_has_a_file() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == NAMES
