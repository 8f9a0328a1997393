"""What a client owes: the clock waits for that, and for nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.guest import dues, wire
from lvsnet.guest.dues import Account, Input, Need
from lvsnet.guest.wire import Frame, Type

STREAM = 7
CREDIT = Type.CREDIT
counts = st.lists(
    st.tuples(st.sampled_from([wire.STDOUT, wire.STDERR]), st.integers(1, 999)), max_size=12
)


def ended(**request: object) -> Account:
    """The account of a request whose input has ended, as the guest knows."""
    one = dues.account({"op": "exec", **request})
    one.from_client(wire.eof(STREAM, wire.STDIN))
    assert one.to_guest(STREAM) == [wire.eof(STREAM, wire.STDIN)]
    return one


def output(channel: int, count: int) -> Frame:
    return wire.data(STREAM, channel, bytes(count))


@pytest.mark.parametrize(
    ("request_", "need"),
    [
        ({"op": "exec"}, Need.time),
        ({"op": "apply"}, Need.time),
        ({"op": "until"}, Need.time),
        ({"op": "shell"}, Need.pace),
        ({"op": "relay"}, Need.pace),
        ({"op": "log", "follow": True}, Need.nothing),
        ({"op": "log", "follow": False}, Need.time),
        ({"op": "log"}, Need.time),
        ({}, Need.time),
    ],
)
def test_what_a_request_needs_of_the_clock(request_: dict[str, object], need: Need) -> None:
    assert dues.account(request_).need is need


@pytest.mark.parametrize(
    ("said", "owes"), [("whole", True), ("soon", True), ("live", False), (None, False)]
)
def test_whether_the_clock_waits_for_input(said: str | None, owes: bool) -> None:
    one = dues.account({"op": "exec", "input": said})
    assert one.owes() == owes
    one.from_client(wire.eof(STREAM, wire.STDIN))
    assert not one.owes()


@pytest.mark.parametrize("need", [{"op": "exec"}, {"op": "log", "follow": True}])
def test_a_client_whose_pipe_is_silent_is_not_waited_for(need: dict[str, object]) -> None:
    one = dues.account({**need, "input": "soon"})
    before = one.need
    silent = wire.with_json(Type.MESSAGE, STREAM, {"input": "live"})
    assert one.from_client(silent) is None
    assert not one.owes()
    assert one.need is before
    one.from_guest(output(wire.STDOUT, 5))
    assert one.owes() == (before is Need.time)


def test_what_a_client_says_of_its_input_later_is_one_of_the_same_words() -> None:
    one = dues.account({"op": "exec", "input": "soon"})
    with pytest.raises(wire.ProtocolError, match="input 'late' of a request is none of whole"):
        one.from_client(wire.with_json(Type.MESSAGE, STREAM, {"input": "late"}))


def test_a_pipes_input_is_a_file_and_nothing_that_the_clock_waits_for_after_its_end() -> None:
    one = dues.account({"op": "pipe", "input": "0123abcd", "output": "4567"})
    assert one.input is Input.whole


@pytest.mark.parametrize("said", ["", "all", "WHOLE"])
def test_an_input_that_is_not_known_is_the_clients_mistake(said: str) -> None:
    with pytest.raises(wire.ProtocolError, match="input"):
        dues.account({"op": "exec", "input": said})


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, wire.CHUNK), max_size=20))
def test_who_has_given_all_that_the_guest_can_take_owes_no_more_before_that_is_taken(
    sizes: list[int],
) -> None:
    one = dues.account({"op": "exec", "input": "whole"})
    given_ = 0
    for size in sizes:
        one.from_client(wire.data(STREAM, wire.STDIN, bytes(size)))
        given_ += size
        assert one.owes() == (given_ < wire.CREDIT)
    if given_ >= wire.CREDIT:
        one.from_guest(wire.credit(STREAM, wire.STDIN, given_ - wire.CREDIT + 1))
        assert one.owes()


@settings(max_examples=40, deadline=None)
@given(counts, st.data())
def test_the_clock_waits_until_all_output_is_taken_and_the_guest_is_told_once(
    frames: list[tuple[int, int]], data: st.DataObject
) -> None:
    one = ended(input="whole")
    for channel, count in frames:
        one.from_guest(output(channel, count))
    granted = dict.fromkeys((wire.STDOUT, wire.STDERR), 0)
    for channel, count in frames:
        assert one.owes()
        part = data.draw(st.integers(0, count))
        for piece in (part, count - part):
            frame = wire.credit(STREAM, channel, piece)
            assert one.from_client(frame) is None
        granted[channel] += count
    assert not one.owes()
    told = dict(wire.grant_of(frame) for frame in one.to_guest(STREAM) if frame.type is CREDIT)
    assert told == {channel: count for channel, count in granted.items() if count}
    assert one.to_guest(STREAM) == []


@settings(max_examples=40, deadline=None)
@given(counts)
def test_what_is_granted_does_not_depend_on_when_the_client_took_it(
    frames: list[tuple[int, int]],
) -> None:
    at_once, late = ended(), ended()
    for channel, count in frames:
        at_once.from_guest(output(channel, count))
        at_once.from_client(wire.credit(STREAM, channel, count))
        late.from_guest(output(channel, count))
    for channel, count in frames:
        late.from_client(wire.credit(STREAM, channel, count))
    assert at_once.to_guest(STREAM) == late.to_guest(STREAM)


@settings(max_examples=40, deadline=None)
@given(counts, st.data())
def test_who_follows_is_granted_all_once_whenever_he_takes_it(
    frames: list[tuple[int, int]], data: st.DataObject
) -> None:
    one = dues.account({"op": "log", "follow": True})
    granted = dict.fromkeys((wire.STDOUT, wire.STDERR), 0)
    for channel, count in frames:
        one.from_guest(output(channel, count))
        if data.draw(st.booleans()):
            assert one.from_client(wire.credit(STREAM, channel, count)) is None
        assert not one.owes()
        for frame in one.to_guest(STREAM):
            said, grant = wire.grant_of(frame)
            granted[said] += grant
    assert granted == {
        channel: sum(size for where, size in frames if where == channel) for channel in granted
    }


def test_who_follows_and_takes_nothing_is_told_no_more_at_last() -> None:
    one = dues.account({"op": "log", "follow": True})
    for _ in range(dues.AHEAD // wire.CHUNK):
        one.from_guest(output(wire.STDOUT, wire.CHUNK))
    (frame,) = one.to_guest(STREAM)
    assert wire.grant_of(frame) == (wire.STDOUT, dues.AHEAD)
    one.from_guest(output(wire.STDOUT, 500))
    assert one.to_guest(STREAM) == []
    for _ in range(dues.AHEAD // wire.CHUNK):
        one.from_client(wire.credit(STREAM, wire.STDOUT, wire.CHUNK))
    one.from_client(wire.credit(STREAM, wire.STDOUT, 500))
    (frame,) = one.to_guest(STREAM)
    assert wire.grant_of(frame) == (wire.STDOUT, 500)


@pytest.mark.parametrize("operation", ["shell", "relay"])
def test_who_lives_in_real_time_owes_nothing_and_grants_as_he_goes(operation: str) -> None:
    one = dues.account({"op": operation})
    one.from_guest(output(wire.STDOUT, 5))
    assert not one.owes()
    frame = wire.credit(STREAM, wire.STDOUT, 5)
    assert one.from_client(frame) is frame
    assert one.to_guest(STREAM) == []


def test_a_client_that_sends_a_signal_is_not_waited_for() -> None:
    one = dues.account({"op": "exec", "input": "whole"})
    one.from_guest(output(wire.STDOUT, 500))
    assert one.owes()
    signal = wire.with_json(Type.MESSAGE, STREAM, {"signal": 2})
    assert one.from_client(signal) is signal
    assert not one.owes()


def test_a_signal_to_who_follows_a_log_needs_time_to_take_effect() -> None:
    one = dues.account({"op": "log", "follow": True})
    one.from_guest(output(wire.STDOUT, 5))
    signal = wire.with_json(Type.MESSAGE, STREAM, {"signal": 2})
    assert one.from_client(signal) is signal
    assert one.need is Need.time
    one.from_client(wire.credit(STREAM, wire.STDOUT, 5))
    assert not one.owes()


def test_what_a_client_takes_after_its_signal_does_not_stop_the_clock() -> None:
    one = ended()
    one.from_guest(output(wire.STDOUT, 500))
    one.from_client(wire.with_json(Type.MESSAGE, STREAM, {"signal": 2}))
    one.from_client(wire.credit(STREAM, wire.STDOUT, 500))
    assert not one.owes()
    assert [wire.grant_of(frame) for frame in one.to_guest(STREAM)] == [(wire.STDOUT, 500)]
    one.from_guest(output(wire.STDOUT, 3))
    assert one.owes()
    one.from_client(wire.credit(STREAM, wire.STDOUT, 3))
    assert not one.owes()


@pytest.mark.parametrize("kind", [Type.MESSAGE, Type.CLOSE])
def test_a_signal_and_a_farewell_go_on_to_the_guest_at_once(kind: Type) -> None:
    frame = Frame(kind, STREAM, b"{}")
    assert dues.account({"op": "exec"}).from_client(frame) is frame


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400), st.lists(st.integers(1, 60), max_size=20), st.booleans())
def test_the_guest_does_not_see_how_a_client_cuts_its_input(
    content: bytes, sizes: list[int], ends: bool
) -> None:
    one, rest = dues.account({"op": "exec", "input": "whole"}), content * 100
    while rest:
        size = sizes.pop() * 700 if sizes else len(rest)
        assert one.from_client(wire.data(STREAM, wire.STDIN, rest[:size])) is None
        rest = rest[size:]
    if ends:
        assert one.from_client(wire.eof(STREAM, wire.STDIN)) is None
    frames = one.to_guest(STREAM)
    data = [wire.channel_of(frame)[1] for frame in frames if frame.type is Type.DATA]
    assert b"".join(data) == content * 100
    assert [len(piece) for piece in data[:-1]] == [wire.CHUNK] * (len(data) - 1)
    assert (wire.eof(STREAM, wire.STDIN) in frames[-1:]) == ends
    assert one.to_guest(STREAM) == []


def test_an_input_kind_is_one_of_three() -> None:
    assert sorted(Input) == ["live", "soon", "whole"]
