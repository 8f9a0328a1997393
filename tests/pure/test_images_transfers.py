"""Long requests to an engine: what it says, how it fails, and that none is left open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from lvsnet.docker import building, transfers
from lvsnet.docker.images import image_for
from lvsnet.docker.transfers import AbsentError, Message, TransferError, messages
from lvsnet.image.context import ROLES, name_of
from lvsnet.image.recipe import IMAGE_OF
from lvsnet.plan.model import Node


@dataclass
class Answer:
    status_code: int = 200
    lines: tuple[bytes | OSError, ...] = ()
    open: bool = True

    @property
    def text(self) -> str:
        return b"".join(line for line in self.lines if isinstance(line, bytes)).decode()

    def iter_lines(self) -> Iterator[bytes]:
        for line in self.lines:
            if isinstance(line, OSError):
                raise line
            yield line

    def close(self) -> None:
        self.open = False


@dataclass
class Engine:
    answer: Answer
    base_url: str = "http+docker://localhost"
    api_version: str = "1.41"
    asked: list[str] = field(default_factory=list)

    def post(
        self,
        url: str,
        data: bytes | Iterable[bytes] | None = None,
        *,
        params: transfers.Parameters,
        headers: Mapping[str, str],
        stream: bool,
        timeout: tuple[float, float],
    ) -> Answer:
        assert (data, dict(params), dict(headers), stream, timeout[1]) == (None, {}, {}, True, 5.0)
        self.asked.append(url)
        return self.answer


def said(answer: Answer) -> list[Message]:
    engine = Engine(answer)
    with messages(engine, "/build", {}, 5.0) as lines:
        found = list(lines)
    assert engine.asked == ["http+docker://localhost/v1.41/build"]
    return found


def test_messages_come_in_order_and_the_request_is_closed() -> None:
    answer = Answer(lines=(b'{"stream":"a"}', b"", b'{"status":"b"}'))
    assert said(answer) == [{"stream": "a"}, {"status": "b"}]
    assert not answer.open


def test_it_is_closed_when_its_reader_is_interrupted() -> None:
    answer = Answer(lines=(b'{"stream":"a"}',) * 2)
    with pytest.raises(KeyboardInterrupt), messages(Engine(answer), "/build", {}, 5.0):
        raise KeyboardInterrupt
    assert not answer.open


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (Answer(404, (b'{"message":"pull access denied for x"}',)), AbsentError, "pull access"),
        (Answer(lines=(b'{"error":"manifest for x not found"}',)), AbsentError, "manifest for x"),
        (Answer(500, (b'{"message":"dial tcp: not found"}',)), TransferError, "dial tcp"),
        (Answer(502, (b"<html>",)), TransferError, "<html>"),
        (Answer(lines=(b'{"error":"no space left"}',)), TransferError, "no space left"),
        (Answer(lines=(b"{}", OSError("timed out"))), TransferError, "nothing for 5 s.*timed out"),
    ],
)
def test_failures_are_told_in_the_engines_words(
    answer: Answer, kind: type[TransferError], text: str
) -> None:
    with pytest.raises(TransferError, match=text) as caught:
        said(answer)
    assert type(caught.value) is kind
    assert not answer.open


def test_nothing_goes_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "DEADLINE_S", -1.0)
    with pytest.raises(TransferError, match="not done after"):
        said(Answer(lines=(b"{}",)))


def test_an_error_of_its_readers_own_passes() -> None:
    answer = Answer(lines=(b"{}",))
    with pytest.raises(BrokenPipeError), messages(Engine(answer), "/build", {}, 5.0):
        raise BrokenPipeError


def test_a_builds_lines_are_whole_and_only_its_steps_own() -> None:
    pieces = ["Step 1\n ---> ab12\n", "E: ", "no such ", "package\n", "\n", "5%\r10%\r", "all\r\n",
              "Removing intermediate container 1\n"]  # fmt: skip
    said: list[Message] = [{"stream": piece} for piece in pieces]
    assert list(building._lines([*said, {"aux": {}}])) == [
        "Step 1", "E: no such package", "all",
    ]  # fmt: skip


def node(role: str, image: str = "") -> Node:
    return Node("n", role, (), (), (), (), (), (), (), (), (), False, image)


def test_each_role_has_an_image_and_a_users_goes_first() -> None:
    assert set(IMAGE_OF) == {"client", "director", "host", "realserver", "router"}
    assert set(IMAGE_OF.values()) == set(ROLES[1:])
    assert image_for(node("router")) == name_of("client")
    assert image_for(node("director")) == name_of("director")
    assert image_for(node("director", "mine:1")) == "mine:1"
