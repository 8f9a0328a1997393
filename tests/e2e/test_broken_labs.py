"""labs/broken: each fault is seen where it is, and is not seen where it is mended.

That every scenario can fail, `make swapped` shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from e2e.users import SEED, User
from lvsnet.resources import directory

BROKEN = directory("labs") / "broken"
PAIRS = sorted(path.name for path in BROKEN.iterdir() if path.is_dir())
DEADLINE = 1200.0
"""Seconds: all of them take 120 on one idle processor."""


@pytest.fixture(scope="module")
def results(resident: User) -> Mapping[str, object]:
    """``01-no-arp-ignore/broken.yaml`` -> what came of its scenario, as `lvsnet test` has it."""
    # Tests are spread over the processors; a lab that is tested needs one.
    arguments = ("test", str(BROKEN), "-j", "1", "--seed", str(SEED), "--format", "json")
    done = resident.tries(*arguments, deadline=DEADLINE)
    found = json.loads(done.text)["scenarios"]
    return {"/".join(Path(one["file"]).parts[-2:]): one for one in found}


@pytest.mark.parametrize("pair", PAIRS)
def test_the_fault_shows_and_the_right_one_works(results: Mapping[str, object], pair: str) -> None:
    for file in ("broken.yaml", "right.yaml"):
        one = results[f"{pair}/{file}"]
        assert isinstance(one, dict)
        assert one["result"] == "passed", one
