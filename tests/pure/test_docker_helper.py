"""The helper container: what it is given, what it is, and what it says."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.docker import carried, direct, helper, http, inside
from lvsnet.engine.runtime import About, Record
from lvsnet.errors import LvsnetError
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.progress import Report, silent
from lvsnet.resources import example_labs


def frame(channel: int, text: str) -> bytes:
    return http.HEADER.pack(channel, len(text.encode())) + text.encode()


def heard(*frames: bytes) -> tuple[helper.Conversation, list[str]]:
    reported: list[str] = []
    conversation = helper.Conversation(reported.append)
    for one in frames:
        conversation.receive(one)
    return conversation, reported


@settings(deadline=None)
@given(st.lists(st.integers(0, 200), max_size=10))
def test_progress_and_result_come_in_lines(cuts: list[int]) -> None:
    lines = [{"progress": "create ü"}, {"progress": "wire"}, {"result": {"nodes": []}}]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    whole = frame(http.STDOUT, text)
    places = sorted({0, len(whole), *(cut % len(whole) for cut in cuts)})
    pieces = [whole[a:b] for a, b in zip(places, places[1:], strict=False)]  # noqa: RUF007
    conversation, reported = heard(*pieces)
    assert reported == ["create ü", "wire"]
    assert conversation.result() == {"nodes": []}


def test_what_failed_is_told_in_its_words() -> None:
    conversation, _ = heard(frame(http.STDOUT, '{"error": "web: start nginx: no"}\n'))
    with pytest.raises(LvsnetError, match=r"^web: start nginx: no$"):
        conversation.result()


def test_a_helper_that_dies_is_quoted() -> None:
    conversation, _ = heard(frame(http.STDERR, "Traceback:\nNo module\n"), frame(1, "half a li"))
    with pytest.raises(LvsnetError, match=r"(?s)ended without a result; it said last:.*No module"):
        conversation.result()


def test_a_result_of_nothing_is_one() -> None:
    conversation, _ = heard(frame(http.STDOUT, '{"result": null}\n'))
    assert conversation.result() is None


def test_it_is_privileged_has_no_network_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///some/docker.sock")
    body = helper.container("lvsnet/base:x")
    host = body["HostConfig"]
    assert isinstance(host, dict)
    assert (host["Privileged"], host["PidMode"], host["NetworkMode"]) == (True, "host", "none")
    assert host["AutoRemove"] is True
    environment = body["Env"]
    assert isinstance(environment, list)
    assert "DOCKER_HOST=unix:///some/docker.sock" in environment


def test_it_carries_all_that_its_program_imports(tmp_path: Path) -> None:
    content = carried.archive("/helper", b'{"op": "none"}')
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert not [name for name in archive.getnames() if name.endswith((".so", ".pyc"))]
        archive.extractall(tmp_path)  # without a filter, which Debian 12's Python has not got
    assert json.loads((tmp_path / "helper/request.json").read_text()) == {"op": "none"}
    code = (
        "import sys; import lvsnet.docker.inside; from lvsnet.image.context import name_of;"
        "print(name_of('base'));"
        "print(*{m.__file__ for m in sys.modules.values() if 'site-packages' in "
        "str(getattr(m, '__file__', ''))})"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, timeout=60, check=True,
        env={"PYTHONPATH": str(tmp_path / "helper"), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    from lvsnet.image.context import name_of

    assert done.stdout.split() == [name_of("base")]


def test_a_request_that_is_none_is_no_operation() -> None:
    with pytest.raises(ValueError, match="no operation"):
        inside.perform({"op": "stop", "lab": "dr"})


def test_a_lab_is_changed_as_by_root(monkeypatch: pytest.MonkeyPatch) -> None:
    record = Record(About("", "docker", "", "", 0), compile_lab(load(example_labs()["dr"])))
    asked: list[object] = []

    def have_done(request: Mapping[str, object], _report: Report) -> object:
        return inside.perform(json.loads(json.dumps(request)))

    monkeypatch.setattr(helper, "_have_done", have_done)
    monkeypatch.setattr(direct, "reconfigure", lambda *given: asked.extend(given[:2]))
    helper.reconfigure(record, 3.5, silent)
    assert asked == [record, 3.5]
