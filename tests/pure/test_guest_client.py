"""What a client makes of an operation's output, and of a lab that is not there."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.errors import LvsnetError
from lvsnet.guest import client, places
from lvsnet.guest.children import exit_code

OUTPUT = b'{"progress": "create lb01"}\n{"progress": "wire"}\n{"result": {"nodes": []}}\n'


@given(st.lists(st.integers(0, len(OUTPUT))))
def test_an_operations_output_is_taken_line_by_line_however_it_comes(cuts: list[int]) -> None:
    said: list[str] = []
    answer: dict[str, object] = {}
    output = bytearray()
    edges = sorted({0, *cuts, len(OUTPUT)})
    for start, end in pairwise(edges):
        output += OUTPUT[start:end]
        answer |= client._events(output, said.append)
    assert said == ["create lb01", "wire"]
    assert answer == {"result": {"nodes": []}}
    assert output == b""


def test_half_a_line_is_left_for_later() -> None:
    output = bytearray(b'{"error": "n')
    assert client._events(output, print) == {}
    assert output == b'{"error": "n'


@pytest.mark.parametrize(
    ("close", "answer", "stderr", "message"),
    [
        ({"error": "the lab was destroyed"}, {}, b"", "the lab was destroyed"),
        ({"code": 1}, {"error": "lb01: wire"}, b"noise", "lb01: wire"),
        ({"code": 137}, {}, b"Killed\n", r"the guest's agent failed \(code 137\):\nKilled"),
    ],
)
def test_a_failed_operation_is_told(
    close: dict[str, object], answer: dict[str, object], stderr: bytes, message: str
) -> None:
    with pytest.raises(LvsnetError, match=f"^{message}$"):
        client._result(close, answer, stderr)


def test_an_operations_result() -> None:
    assert client._result({"code": 0}, {"result": {"nodes": []}}, b"") == {"nodes": []}


@pytest.mark.parametrize(
    ("status", "code"), [(0, 0), (7 << 8, 7), (127 << 8, 127), (9, 137), (15, 143), (11 | 128, 139)]
)
def test_exit_codes_are_a_shells(status: int, code: int) -> None:
    assert exit_code(status) == code


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.usefixtures("runtime")
def test_a_lab_that_does_not_run_is_told_with_those_that_do() -> None:
    with (
        pytest.raises(LvsnetError, match="lab dr does not run; none does; `lvsnet deploy LAB`"),
        client.connected("dr"),
    ):
        pass
    lock = places.take(places.of("other"))
    with (
        pytest.raises(LvsnetError, match="lab dr does not run; there is other"),
        client.connected("dr"),
    ):
        pass
    with (
        pytest.raises(LvsnetError, match=r"^lab other is just being deployed or destroyed$"),
        client.connected("other"),
    ):
        pass
    assert lock is not None
    os.close(lock)
