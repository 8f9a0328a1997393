"""HTTP/1.1 of the traffic generator: what it sends, and what it makes of answers, in any pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.traffic import http, lines

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nnginx01\n"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;ext=1\r\nngi\r\n5\r\nnx01\n\r\n0\r\nTrailer: 1\r\n\r\n"
)
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\nnginx01\n"
HEADER = b"HTTP/1.1 200 OK\r\nX-Real-Server: nginx02\r\nContent-Length: 2\r\n\r\nab"


def answer(content: bytes) -> tuple[http.Answer, bytes]:
    """What is made of bytes that come at once, and those that it left."""
    found, rest = http.Answer(), bytearray(content)
    found.take(rest)
    return found, bytes(rest)


def test_a_request_is_as_curls() -> None:
    assert http.request("192.168.10.100", "/", 0, "lvsnet") == (
        b"GET / HTTP/1.1\r\nHost: 192.168.10.100\r\nUser-Agent: lvsnet\r\nAccept: */*\r\n\r\n"
    )


def test_an_upload_is_a_post_with_its_length() -> None:
    head, _, body = http.request("[fd00::1]:8080", "/up", 3, "lvsnet").partition(b"\r\n\r\n")
    assert head.startswith(b"POST /up HTTP/1.1\r\nHost: [fd00::1]:8080\r\n")
    assert b"\r\nContent-Length: 3\r\n" in head + b"\r\n"
    assert body == b"xxx"


@pytest.mark.parametrize(
    ("content", "server"), [(LENGTH, "nginx01"), (CHUNKED, "nginx01"), (HEADER, "nginx02")]
)
def test_an_answer_is_whole_when_its_body_is(content: bytes, server: str) -> None:
    found, rest = answer(content + b"HTTP/1.1")
    assert (found.done, found.server, found.received) == (True, server, len(content))
    assert rest == b"HTTP/1.1"
    assert not found.closes
    for length in range(len(content)):
        assert not answer(content[:length])[0].done


def test_an_answer_without_a_length_is_whole_at_the_end() -> None:
    found, _ = answer(UNTIL_CLOSE)
    assert not found.done
    found.end()
    assert (found.done, found.closes, found.server) == (True, True, "nginx01")


@pytest.mark.parametrize("content", [b"", LENGTH[:-1], CHUNKED[:-2], LENGTH[:20]])
def test_an_answer_that_is_cut_is_never_whole(content: bytes) -> None:
    found, _ = answer(content)
    found.end()
    assert not found.done


@given(
    st.sampled_from([LENGTH, CHUNKED, HEADER, b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH]),
    st.lists(st.integers(1, 30), min_size=1),
)
def test_how_it_is_cut_makes_no_difference(content: bytes, sizes: list[int]) -> None:
    found, rest = http.Answer(), bytearray()
    at, turn = 0, 0
    while at < len(content):
        rest += content[at : at + sizes[turn % len(sizes)]]
        at += sizes[turn % len(sizes)]
        turn += 1
        found.take(rest)
    assert found == answer(content)[0]
    assert found.done


@given(st.binary(max_size=300))
def test_anything_at_all_is_taken(content: bytes) -> None:
    for before in (b"", b"HTTP/1.1 200 OK\r\n", CHUNKED[:47]):
        found, _ = answer(before + content)
        found.end()
        assert found.received <= len(before + content)


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_some_answers_have_no_body(status: str) -> None:
    found, _ = answer(f"HTTP/1.1 {status}\r\nContent-Length: 8\r\n\r\n".encode())
    assert found.done


@pytest.mark.parametrize(
    ("head", "closes"),
    [
        ("HTTP/1.1 200 OK\r\nConnection: close", True),
        ("HTTP/1.1 200 OK\r\nConnection: Keep-Alive", False),
        ("HTTP/1.0 200 OK", True),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive", False),
        ("HTTP/1.1 200", False),
    ],
)
def test_whether_the_server_closes(head: str, closes: bool) -> None:
    found, _ = answer(f"{head}\r\nContent-Length: 0\r\n\r\n".encode())
    assert (found.done, found.closes) == (True, closes)


@pytest.mark.parametrize(
    "content",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"x" * (http.MOST_HEAD + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * (http.MOST_LINE + 1),
    ],
)
def test_what_is_no_answer_fails(content: bytes) -> None:
    found, _ = answer(content)
    assert (found.done, found.closes, found.failure) == (True, True, http.BAD)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"nginx01\r", "nginx01"),
        (b"web_1.lan:80", "web_1.lan:80"),
        (b"<html>", ""),
        (b"two words", ""),
        (b"", ""),
        ("nginx\u00e9".encode(), ""),
        (b"n" * 65, ""),
    ],
)
def test_a_server_is_named_by_a_short_word(line: bytes, name: str) -> None:
    assert http.name_in(line) == name


@pytest.mark.parametrize(
    ("line", "server", "number"),
    [
        (b"nginx01", "nginx01", None),
        (b"nginx01 17", "nginx01", 17),
        (b"lvsnet 17", "", 17),
        (b"some other words", "", None),
        (b"", "", None),
    ],
)
def test_who_answered_with_a_line(line: bytes, server: str, number: int | None) -> None:
    assert (lines.server_in(line), lines.number_in(line)) == (server, number)


def test_lines_come_one_after_the_other() -> None:
    content = bytearray(b"nginx01 1\nnginx02 2\nnginx")
    first, second, third = lines.Answer(), lines.Answer(), lines.Answer()
    for one in (first, second, third):
        one.take(content)
    assert [one.server for one in (first, second, third)] == ["nginx01", "nginx02", ""]
    assert [one.done for one in (first, second, third)] == [True, True, False]
    assert first.received == 10


def test_a_line_without_an_end_fails() -> None:
    found = lines.Answer()
    found.take(bytearray(b"x" * (lines.MOST_LINE + 1)))
    assert (found.done, found.failure) == (True, http.BAD)


@pytest.mark.parametrize("upload", [0, 1, 100])
def test_a_lines_upload_follows_its_number(upload: int) -> None:
    content = lines.request(17, upload)
    assert content.split() == [b"lvsnet", b"17", *([b"x" * upload] if upload else [])]
    assert content.endswith(b"\n")
