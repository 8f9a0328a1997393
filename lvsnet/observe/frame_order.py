"""Frames that several sockets have heard, in the order in which they passed.

Where no time passes while the kernel works, as with a virtual clock, a packet's whole way has one
time stamp: then what was sent comes before what was received, and each node's own order is kept.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import groupby

from lvsnet.observe.capture_model import Frame

Queue = deque[Frame]


def merged(heard: Sequence[Sequence[Frame]]) -> list[Frame]:
    """All frames by their time; each list is what one socket has heard, in its order.

    Of equal times one that comes in waits for the same one that goes out elsewhere.
    """
    marked = [(frame, number) for number, frames in enumerate(heard) for frame in frames]
    marked.sort(key=lambda one: one[0].calendar)
    ordered: list[Frame] = []
    for _, group in groupby(marked, key=lambda one: one[0].calendar):
        queues: dict[int, Queue] = {}
        for frame, number in group:
            queues.setdefault(number, deque()).append(frame)
        ordered += queues.popitem()[1] if len(queues) == 1 else _by_cause(list(queues.values()))
    return ordered


def _by_cause(queues: list[Queue]) -> Iterator[Frame]:
    """First what came in and was sent; then what is sent, first by who has spoken last, as its
    answer; then what came from where nobody listens.
    """
    unsent = Counter(one.content for queue in queues for one in queue if one.outgoing)
    seen = frozenset(unsent)
    last = queues[0]
    while queues:
        arrived = [one for one in queues if _has_arrived(one[0], unsent)]
        sending = [one for one in queues if one[0].outgoing]
        answer = [one for one in sending if one is last]
        strange = [one for one in queues if one[0].content not in seen]
        last = (arrived or answer or sending or strange or queues)[0]
        frame = last.popleft()
        unsent[frame.content] -= frame.outgoing
        yield frame
        queues = [one for one in queues if one]


def _has_arrived(frame: Frame, unsent: Counter[bytes]) -> bool:
    """Whether it was received, and seen to be sent before."""
    return not frame.outgoing and unsent.get(frame.content, 1) <= 0
