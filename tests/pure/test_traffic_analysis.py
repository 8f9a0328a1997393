"""What is made of requests: counts, spread, percentiles, and outages that mean what they say."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from lvsnet.traffic.analysis import outages, percentile, summary
from lvsnet.traffic.model import Outage, Request, Share, Summary

MS = 1_000_000
REQUESTS = st.lists(
    st.builds(
        Request,
        at=st.integers(0, 60),
        took=st.integers(0, 20),
        client=st.sampled_from(["client", "other"]),
        server=st.sampled_from(["nginx01", "nginx02"]),
        failure=st.sampled_from(["", "", "timeout", "refused"]),
    ),
    max_size=40,
)


def sent(at: int, took: int = 1, failure: str = "", server: str = "nginx01") -> Request:
    """In milliseconds."""
    return Request(at * MS, took * MS, "client", "" if failure else server, failure)


def lost(at: int, took: int = 500) -> Request:
    return sent(at, took, "timeout")


def test_of_nothing() -> None:
    assert summary([]) == Summary(0, 0, 0, (), (), (), 0, 0, 0, 0, 0, 0)


def test_a_takeover() -> None:
    before = [sent(at, server="nginx02" if at % 100 else "nginx01") for at in range(0, 1000, 50)]
    cut = [lost(at) for at in range(1000, 4600, 50)]
    after = [sent(at) for at in range(4600, 5000, 50)]
    found = summary([*after, *cut, *before])
    assert (found.requests, found.answered, found.lost) == (100, 28, 72)
    assert found.failures == (("timeout", 72),)
    assert found.spread == (Share("nginx01", 18), Share("nginx02", 10))
    assert found.outages == (Outage(951 * MS, 4601 * MS, 72, over=True),)
    assert found.outage == 3.65
    assert (found.p50, found.longest, found.begun, found.ended) == (MS, MS, 0, 5050 * MS)


def test_no_answer_at_all() -> None:
    assert outages([lost(100), lost(50)]) == (Outage(50 * MS, 600 * MS, 2, over=False),)


def test_no_answer_any_more() -> None:
    found = outages([sent(0), sent(50), lost(100), lost(150)])
    assert found == (Outage(51 * MS, 650 * MS, 2, over=False),)


def test_no_answer_at_first() -> None:
    assert outages([lost(0), sent(50)]) == (Outage(0, 51 * MS, 1, over=True),)


def test_a_late_answer_is_one() -> None:
    """To what was sent before the others failed: somebody got an answer."""
    found = outages([sent(0, 400), lost(50), lost(100), sent(900)])
    assert found == (Outage(400 * MS, 901 * MS, 2, over=True),)


def test_an_answer_that_is_overtaken_does_not_end_an_outage() -> None:
    found = outages([sent(0), lost(50), sent(100, 450), lost(150), sent(200, 2)])
    assert found == (Outage(MS, 202 * MS, 2, over=True),)


def test_one_answer_parts_two_outages() -> None:
    found = outages([lost(0), sent(50), lost(100), sent(150)])
    assert [(one.start // MS, one.end // MS) for one in found] == [(0, 51), (51, 151)]


def test_reasons_by_how_many() -> None:
    failures = ["refused", "status 500", "refused", "reset"]
    found = summary([sent(at, failure=failure) for at, failure in enumerate(failures)])
    assert found.failures == (("refused", 2), ("reset", 1), ("status 500", 1))


@given(REQUESTS)
def test_every_request_is_counted_once(requests: list[Request]) -> None:
    found = summary(requests)
    assert found.answered + found.lost == found.requests == len(requests)
    assert sum(count for _, count in found.failures) == found.lost
    assert sum(share.answers for share in found.spread) == found.answered
    assert sum(one.lost for one in found.outages) == found.lost


@given(REQUESTS)
def test_in_an_outage_no_answer_comes(requests: list[Request]) -> None:
    for one in outages(requests):
        came = [request.over for request in requests if request.answered]
        assert not [over for over in came if one.start < over < one.end]
        assert one.start <= one.end
        assert one.lost > 0


@given(REQUESTS)
def test_outages_follow_each_other(requests: list[Request]) -> None:
    found = outages(requests)
    for before, after in pairwise(found):
        assert before.end <= after.start
        assert before.over


@given(REQUESTS)
def test_an_outage_that_is_over_ends_with_an_answer(requests: list[Request]) -> None:
    came = {request.over for request in requests if request.answered}
    assert all(one.end in came for one in outages(requests) if one.over)


@given(REQUESTS, st.randoms(use_true_random=False))
def test_in_any_order(requests: list[Request], random: Random) -> None:
    other = [replace(one) for one in requests]
    random.shuffle(other)
    assert summary(other) == summary(requests)


@given(st.lists(st.integers(0, 1000), min_size=1).map(sorted), st.integers(1, 100))
def test_percentiles_are_by_nearest_rank(ordered: list[int], per_cent: int) -> None:
    """The value at rank ceil(p / 100 * n), from 1."""
    found = percentile(ordered, per_cent)
    assert found == ordered[math.ceil(per_cent * len(ordered) / 100) - 1]
    assert sum(one <= found for one in ordered) * 100 >= per_cent * len(ordered)
    assert sum(one < found for one in ordered) * 100 < per_cent * len(ordered)
