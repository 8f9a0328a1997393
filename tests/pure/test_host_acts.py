"""What is done to a lab in the process that asks for it is asked and answered as elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest

from lvsnet.engine.runtime import Runtime
from lvsnet.host import acts

ASKED: list[object] = []


def noted(_lab: str, _runtime: object, request: Mapping[str, object], _report: object) -> object:
    ASKED.append(request)
    return {"found": ("a", ("b",)), 7: "eight"}


def test_both_ways_there_is_only_what_json_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "ACTS", {"note": f"{__name__}:noted"})
    runtime = cast(Runtime, None)  # nobody looks at it
    request = {"clients": ("client",), "none": None}
    answer = acts.perform_here("note", "dr", runtime, request, lambda _line: None)
    assert ASKED == [{"clients": ["client"], "none": None}]
    assert answer == {"found": ["a", ["b"]], "7": "eight"}
