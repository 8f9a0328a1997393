"""What the clients of a lab owe its guest, while the lab's clock waits for them.

How fast a client reads, and when its input comes, is the host's business: if the guest saw it, no
run would be like another. So the clock of a lab in virtual time does not go on before the clients
have taken what the guest said, and given what they have announced; and what they grant goes to the
guest in one piece. For those that follow something nobody waits, as they may be a pager: what they
will take is granted to the guest ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lvsnet.guest import wire
from lvsnet.guest.wire import Frame, Type

AHEAD = 4 * 1024 * 1024
"""Bytes that the guest may say to a client that nobody waits for before that has taken any."""


class Input(StrEnum):
    """What a client says of the input of its request, or in a message later (key ``input``)."""

    whole = "whole"
    """It comes as fast as it is taken, and ends: the clock waits for it."""
    soon = "soon"
    """It may come from a pipe, which may be silent for ever: then the client says `live`. Only it
    can tell a silent pipe from a client for which a busy machine has no time."""
    live = "live"
    """It comes when it comes."""


class Need(StrEnum):
    """What a request needs of the clock while it is served."""

    time = "time"
    pace = "pace"
    nothing = "nothing"


@dataclass
class Account:
    """What is open between one client's request and the guest."""

    need: Need
    input: Input
    taken: dict[int, int] = field(default_factory=dict)
    """Channel -> bytes that are granted to the guest, which is not yet told."""
    untaken: dict[int, int] = field(default_factory=dict)
    """Channel -> bytes that the client has been given and not taken."""
    ahead: dict[int, int] = field(default_factory=dict)
    """Channel -> bytes of these that were granted to the guest all the same."""
    held: bytearray = field(default_factory=bytearray)
    """Input that has not gone on to the guest."""
    given: int = 0
    """Bytes of input that the guest has not granted again."""
    ended: bool = False
    """Whether the input has ended."""
    end_told: bool = False
    """Whether the guest has been told so."""

    def from_client(self, frame: Frame) -> Frame | None:
        """Take note of a client's frame; it, if it is to go on to the guest now.

        Raises:
            ProtocolError: it is none.
        """
        if frame.type is Type.MESSAGE and "input" in (message := wire.json_of(frame)):
            self.input = _input(message["input"])
            return None
        if self.need is Need.nothing and frame.type is Type.MESSAGE:
            self.need = Need.time  # it is told to end, and that takes some
        if self.need is Need.pace:
            return frame
        if frame.type is Type.CREDIT:
            channel, count = wire.grant_of(frame)
            paid = min(count, self.ahead.get(channel, 0))
            self.ahead[channel] = self.ahead.get(channel, 0) - paid
            self.taken[channel] = self.taken.get(channel, 0) + count - paid
            # Of what came before a signal nothing is reckoned any more.
            self.untaken[channel] = max(0, self.untaken.get(channel, 0) - count)
            return None
        if frame.type is Type.DATA:
            content = wire.channel_of(frame)[1]
            self.held += content
            self.given += len(content)
            return None
        if frame.type is Type.EOF:
            self.ended = True
            return None
        if frame.type is Type.MESSAGE:
            # A signal, such as that of Ctrl-C: nobody waits for a client that has lost patience.
            self.input = Input.live
            self.untaken.clear()
        return frame

    def from_guest(self, frame: Frame) -> None:
        """Take note of a frame that goes on to the client."""
        if frame.type is Type.DATA:
            channel, content = wire.channel_of(frame)
            self.untaken[channel] = self.untaken.get(channel, 0) + len(content)
            if self.need is Need.nothing and sum(self.ahead.values()) + len(content) <= AHEAD:
                # When it takes that is its own business, and the guest is not to see it.
                self.ahead[channel] = self.ahead.get(channel, 0) + len(content)
                self.taken[channel] = self.taken.get(channel, 0) + len(content)
        elif frame.type is Type.CREDIT:
            self.given -= wire.grant_of(frame)[1]

    def owes(self) -> bool:
        """Whether the clock waits for the client."""
        if self.need is Need.pace:
            return False
        if self.need is Need.time and any(self.untaken.values()):
            return True
        return not (self.ended or self.given >= wire.CREDIT or self.input is Input.live)

    def to_guest(self, stream: int) -> list[Frame]:
        """What the client has granted and given, for the guest; once.

        How the client has cut its input is forgotten: that is a matter of its haste.
        """
        frames = [wire.credit(stream, *one) for one in self.taken.items() if one[1]]
        self.taken.clear()
        for start in range(0, len(self.held), wire.CHUNK):
            piece = bytes(self.held[start : start + wire.CHUNK])
            frames.append(wire.data(stream, wire.STDIN, piece))
        self.held.clear()
        if self.ended and not self.end_told:
            frames.append(wire.eof(stream, wire.STDIN))
            self.end_told = True
        return frames


def account(request: Mapping[str, object]) -> Account:
    """The account of a request that begins.

    Raises:
        ProtocolError: it says of its input what means nothing.
    """
    operation = request.get("op")
    if operation in ("shell", "relay"):
        need = Need.pace
    elif operation in ("log", "act") and request.get("follow"):
        need = Need.nothing
    else:
        need = Need.time
    # A pipe's `input` is a file, which is there.
    said = Input.whole if operation == "pipe" else request.get("input")
    return Account(need, Input.live if said is None else _input(said))


def _input(said: object) -> Input:
    if said not in list(Input):
        raise wire.ProtocolError(f"input {said!r} of a request is none of {', '.join(Input)}")
    return Input(str(said))
