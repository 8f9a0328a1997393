"""What Docker's engine answers is understood however its bytes come in pieces."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.docker import http
from lvsnet.docker.http import Answer, Frames, ProtocolError

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
UPGRADED = (
    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
)


def cut(content: bytes, cuts: Sequence[int]) -> list[bytes]:
    """``content`` in pieces, cut at these places."""
    places = sorted({0, len(content), *(place % (len(content) + 1) for place in cuts)})
    return [content[a:b] for a, b in pairwise(places)]


def body_of(answer: Answer, pieces: Sequence[bytes]) -> bytes:
    return b"".join([answer.receive(piece) for piece in pieces])


CUTS = st.lists(st.integers(0, 10_000), max_size=20)


@settings(deadline=None)
@given(st.binary(max_size=300), CUTS)
def test_a_body_of_known_length(body: bytes, cuts: list[int]) -> None:
    answer = Answer()
    whole = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    assert body_of(answer, cut(whole, cuts)) == body
    assert answer.head is not None
    assert answer.head.status == 200
    assert answer.complete


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=100)), CUTS)
def test_a_body_in_chunks(chunks: list[bytes], cuts: list[int]) -> None:
    answer = Answer()
    coded = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    whole = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + coded + b"0\r\n\r\n"
    assert body_of(answer, cut(whole, cuts)) == b"".join(chunks)
    assert answer.complete


@settings(deadline=None)
@given(st.binary(max_size=300), CUTS)
def test_a_raw_stream_lasts_until_the_connection_ends(body: bytes, cuts: list[int]) -> None:
    answer = Answer()
    assert body_of(answer, cut(UPGRADED + body, cuts)) == body
    assert not answer.complete
    answer.end()
    assert answer.complete


@pytest.mark.parametrize(
    "received",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        HEAD + b"Content-Length: 10\r\n\r\n123456789",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
    ],
)
def test_an_answer_that_is_broken_off_is_no_answer(received: bytes) -> None:
    answer = Answer()
    answer.receive(received)
    with pytest.raises(ProtocolError, match="ended before"):
        answer.end()


@pytest.mark.parametrize(
    "received",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nno\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        HEAD + b"nothing\r\n\r\n",
        b"x" * (http.MOST_HEAD + 1),
    ],
)
def test_what_is_no_http_is_refused(received: bytes) -> None:
    with pytest.raises(ProtocolError):
        Answer().receive(received)


@settings(deadline=None)
@given(st.binary(max_size=200), CUTS)
def test_any_bytes_are_understood_or_refused(content: bytes, cuts: list[int]) -> None:
    answer = Answer()
    try:
        body_of(answer, cut(content, cuts))
        answer.end()
    except ProtocolError:
        return
    assert answer.head is not None


FRAMES = st.lists(st.tuples(st.sampled_from([http.STDOUT, http.STDERR]), st.binary(max_size=100)))


@settings(deadline=None)
@given(FRAMES, CUTS)
def test_frames_are_told_apart(sent: list[tuple[int, bytes]], cuts: list[int]) -> None:
    whole = b"".join(http.HEADER.pack(channel, len(text)) + text for channel, text in sent)
    frames = Frames()
    pieces = [piece for content in cut(whole, cuts) for piece in frames.receive(content)]
    assert all(piece for _, piece in pieces)
    for wanted in (http.STDOUT, http.STDERR):
        assert b"".join(text for channel, text in pieces if channel == wanted) == b"".join(
            text for channel, text in sent if channel == wanted
        )


def test_what_has_come_of_a_frame_is_passed_on_at_once() -> None:
    frames = Frames()
    assert frames.receive(http.HEADER.pack(1, 5) + b"ab") == [(1, b"ab")]
    assert frames.receive(b"c") == [(1, b"c")]
    assert frames.receive(b"de" + http.HEADER.pack(2, 1) + b"f") == [(1, b"de"), (2, b"f")]


def test_a_frame_of_no_known_stream_is_refused() -> None:
    with pytest.raises(ProtocolError, match="stream 72"):
        Frames().receive(b"HTTP/1.1 200 OK\r\n\r\n")


def test_a_request_has_its_length() -> None:
    body = json.dumps({"a": "ü"}).encode()
    lines = http.request("POST", "/exec/1/start", body, upgrade="tcp").split(b"\r\n")
    assert lines[0] == b"POST /exec/1/start HTTP/1.1"
    assert {b"Upgrade: tcp", b"Content-Length: %d" % len(body)} <= set(lines)
    assert lines[-1] == body
