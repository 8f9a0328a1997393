"""Frames of several nodes in the order in which they passed; what is sent over the wire."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lvsnet.observe import frame_order
from lvsnet.observe.capture_model import Frame, packed, unpacked


def frame(place: int, content: bytes, *, out: bool, at: int = 7) -> Frame:
    return Frame(place, out, 4 if out else 0, len(content), 0, at, content)


CLIENT, DIRECTOR, SERVER = 0, 1, 2
ASKED, PASSED_ON, ANSWER = b"to the VIP", b"to the real server", b"to the client"


def test_a_request_at_one_time_takes_its_way_through_the_nodes() -> None:
    way = [
        frame(CLIENT, ASKED, out=True),
        frame(DIRECTOR, ASKED, out=False),
        frame(DIRECTOR, PASSED_ON, out=True),
        frame(SERVER, PASSED_ON, out=False),
        frame(SERVER, ANSWER, out=True),
        frame(CLIENT, ANSWER, out=False),
        frame(CLIENT, b"thanks", out=True),
    ]
    heard = [[one for one in way if one.place == node] for node in (SERVER, CLIENT, DIRECTOR)]
    assert frame_order.merged(heard) == way


def test_a_broadcast_comes_in_everywhere_before_it_is_answered() -> None:
    asked = frame(CLIENT, ASKED, out=True)
    heard = [frame(node, ASKED, out=False) for node in (DIRECTOR, SERVER)]
    answer = frame(DIRECTOR, ANSWER, out=True)
    found = frame_order.merged([[heard[0], answer], [asked], [heard[1]]])
    assert found == [asked, *heard, answer]


def test_what_passes_a_node_where_nobody_listens_comes_after_what_it_follows_from() -> None:
    asked = frame(CLIENT, ASKED, out=True)
    way = [
        frame(SERVER, PASSED_ON, out=False),
        frame(SERVER, ANSWER, out=True),
        frame(CLIENT, ANSWER, out=False),
    ]
    assert frame_order.merged([way[:2], [asked, way[2]]]) == [asked, *way]


def test_what_nobody_has_seen_leave_is_not_waited_for() -> None:
    found = frame_order.merged([[frame(DIRECTOR, ASKED, out=False)], []])
    assert [one.place for one in found] == [DIRECTOR]


frames = st.builds(
    Frame,
    st.integers(0, 3),
    st.booleans(),
    st.integers(0, 4),
    st.integers(0, 70000),
    st.integers(0, 5),
    st.integers(0, 4),
    st.sampled_from((ASKED, PASSED_ON, ANSWER)),
)


@given(st.lists(st.lists(frames, max_size=8), max_size=4))
def test_none_is_lost_and_time_and_each_nodes_order_are_kept(heard: list[list[Frame]]) -> None:
    heard = [sorted(few, key=lambda one: one.calendar) for few in heard]
    found = frame_order.merged(heard)
    assert [one.calendar for one in found] == sorted(one.calendar for few in heard for one in few)
    places = {id(one): at for at, one in enumerate(found)}
    assert len(places) == sum(map(len, heard)) == len(found)
    for few in heard:
        assert [places[id(one)] for one in few] == sorted(places[id(one)] for one in few)


@given(st.lists(frames, max_size=8))
def test_what_goes_over_the_wire_comes_out(some: list[Frame]) -> None:
    assert list(unpacked(packed(some))) == some
