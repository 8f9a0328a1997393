"""Records of requests: written piece by piece, read while they grow, and out of a lab as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.errors import LvsnetError
from lvsnet.traffic import records
from lvsnet.traffic.model import Request

NUMBER = st.integers(0, 2**32 - 1)
TIME = st.integers(0, 2**62)
WORD = st.text("abc01é", max_size=8)
REQUEST = st.builds(
    Request, TIME, TIME, st.just("client"), WORD, WORD, NUMBER, st.integers(0, 65535), NUMBER, TIME
)


def one(at: int, server: str = "nginx01", failure: str = "") -> Request:
    return Request(at, 5, "client", server, failure, 1, 40000, 70, 240)


def content_of(*requests: Request) -> bytes:
    writer = records.Writer()
    for number, request in enumerate(requests):
        writer.add(number, request)
    return bytes(writer.pending)


@given(st.lists(REQUEST, max_size=8), st.integers(1, 60))
def test_what_is_written_is_read_in_whatever_pieces(
    tmp_path_factory: pytest.TempPathFactory, requests: list[Request], size: int
) -> None:
    path = tmp_path_factory.mktemp("records") / "0"
    content = content_of(*requests) + records.END
    reader = records.Reader(path, "client")
    with path.open("wb", buffering=0) as file:
        for at in range(0, len(content), size):
            assert not reader.ended
            file.write(content[at : at + size])
            reader.read_on()
    assert reader.requests == requests
    assert reader.numbers == list(range(len(requests)))
    assert reader.ended


def test_a_name_is_written_once() -> None:
    once, twice = content_of(one(1)), content_of(one(1), one(2))
    assert len(twice) - len(once) == len(content_of(one(1, ""))) < 50


def test_the_frontier_waits_for_the_one_that_is_missing(tmp_path: Path) -> None:
    writer = records.Writer()
    reader = records.Reader(tmp_path / "0", "client")
    for number, frontier in ((1, 0), (3, 0), (0, 2), (2, 4)):
        writer.add(number, one(number))
        reader.path.write_bytes(writer.pending)
        reader.read_on()
        assert reader.frontier == frontier


def test_what_is_no_record_is_said(tmp_path: Path) -> None:
    reader = records.Reader(tmp_path / "0", "client")
    with pytest.raises(LvsnetError, match="client's traffic are gone"):
        reader.read_on()
    reader.path.write_bytes(content_of(one(1)) + b"?")
    with pytest.raises(LvsnetError, match="byte 53 begins no record"):
        reader.read_on()


@given(st.lists(REQUEST, max_size=8))
def test_json_gives_the_same_requests(requests: list[Request]) -> None:
    assert list(records.unpacked(json.loads(json.dumps(records.packed(requests))))) == requests


@pytest.mark.parametrize(
    "value",
    [None, {}, {"names": [], "requests": [[]]}, {"names": [], "requests": [[0] * 9]}],
)
def test_other_json_is_refused(value: object) -> None:
    with pytest.raises(LvsnetError, match="not written by this version"):
        records.unpacked(value)


def test_requests_are_sorted_by_when_they_were_sent() -> None:
    requests = [one(3), one(1), one(2, "nginx02"), one(2)]
    assert [(a.at, a.server) for a in records.sorted_by_time(requests)] == [
        (1, "nginx01"),
        (2, "nginx02"),
        (2, "nginx01"),
        (3, "nginx01"),
    ]
