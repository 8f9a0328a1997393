"""What a lab in a guest is asked of its clock, and what is made of its supervisor's answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from clocks import HELD, START

from lvsnet.errors import LvsnetError, SilenceError
from lvsnet.guest import client, labs, places, wire
from lvsnet.guest.wire import Line, Type
from lvsnet.observe.conditions import Reached, from_json
from lvsnet.observe.grammar import parse

STATE = {
    "clock": "virtual",
    "mode": "held",
    "speed": 1.0,
    "now": HELD.now,
    "start": START,
    "seed": 7,
}
VIP = parse("vip 192.168.10.100 on lb02")
Request = Mapping[str, object]
Answer = Callable[[Request], list[object]]
"""Lines of JSON that an operation says, the last one how it is closed; none for no answer."""


class Supervisor:
    """Answers on a lab's socket as it is told to, one connection after the other."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        place = places.of("dr")
        place.home.mkdir(parents=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(place.socket))
        self.listener.listen()
        place.leads_to_socket.symlink_to(place.socket)
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def end(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                end, _ = self.listener.accept()
            except OSError:
                return
            with end:
                self._converse(end)

    def _converse(self, end: socket.socket) -> None:
        line = Line()
        while content := end.recv(65536):
            for frame in line.receive(content):
                if frame.type is Type.OPEN:
                    request = wire.json_of(frame)
                    self.requests.append(request)
                    self._say(line, frame.stream, self.answer(request))
            while line.wants_write:
                line.wrote(end.send(line.to_write()))

    def _say(self, line: Line, stream: int, answer: list[object]) -> None:
        if not answer:
            return
        *events, close = answer
        outlet = wire.Outlet(stream, wire.STDOUT)
        for event in events:
            line.send(outlet.data(json.dumps(event).encode() + b"\n"))
        assert isinstance(close, dict)
        line.send(wire.with_json(Type.CLOSE, stream, close))


@pytest.fixture
def supervised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Answer], Supervisor]]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made: list[Supervisor] = []

    def supervise(answer: Answer) -> Supervisor:
        made.append(Supervisor(answer))
        return made[-1]

    yield supervise
    for one in made:
        one.end()


Supervise = Callable[[Answer], Supervisor]


def test_the_state_is_asked_of_the_supervisor(supervised: Supervise) -> None:
    there = supervised(lambda _request: [STATE])
    assert labs.clock("dr") == HELD
    assert there.requests == [{"op": "clock"}]


def test_a_mode_and_an_advance(supervised: Supervise) -> None:
    there = supervised(lambda request: [{**STATE, "mode": request.get("mode", "held")}])
    assert labs.set_clock("dr", "paused", 1.0).mode == "paused"
    assert labs.advance("dr", 120 * 10**9) == HELD
    assert there.requests == [
        {"op": "clock", "mode": "paused", "speed": 1.0},
        {"op": "clock", "advance": 120 * 10**9},
    ]


def test_what_the_supervisor_refuses_is_told(supervised: Supervise) -> None:
    supervised(lambda _request: [{"error": "web on nginx01 has not slept for 10 s"}])
    with pytest.raises(LvsnetError, match=r"^web on nginx01 has not slept"):
        labs.advance("dr", 1)


def test_a_condition_is_sent_and_what_is_seen_is_told(supervised: Supervise) -> None:
    def answer(request: Request) -> list[object]:
        if request["op"] == "clock":
            return [STATE]
        result = {"met": False, "waited": 5.0, "seen": "192.168.10.100 is on lb01"}
        words = [{"progress": "wait: 192.168.10.100 is on lb01"}, {"progress": ""}]
        return [*words, {"result": result}, {"code": 0}]

    there = supervised(answer)
    said: list[str] = []
    reached = labs.until("dr", VIP, 5.0, said.append)
    assert reached == Reached(False, 5.0, "192.168.10.100 is on lb01")
    assert said == ["wait: 192.168.10.100 is on lb01"]
    asked = there.requests[-1]
    assert (asked["op"], asked["limit"]) == ("until", 5.0)
    assert from_json(asked["condition"]) == VIP


def test_a_clock_that_was_stopped_meanwhile_is_named(
    supervised: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def answer(request: Request) -> list[object]:
        if request["op"] == "until":
            return []
        asked.append(request)
        return [{**STATE, "mode": "paused"} if len(asked) > 1 else {**STATE, "speed": 1e3}]

    monkeypatch.setattr(client, "SILENCE", 0.2)
    monkeypatch.setattr("lvsnet.guest.labs.WORD", 0.2)
    supervised(answer)
    with pytest.raises(SilenceError, match=r"\nIts clock is paused: .*, at 0:01:23.456789$"):
        labs.until("dr", VIP, 60.0, print)
