"""Frames that several sockets have heard, in the order in which they passed.

Where no time passes while the kernel works, as with a virtual clock, a packet's whole way has one
time stamp: then what was sent comes before what was received, and each node's own order is kept.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
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


def _by_cause(queues: list[Queue]) -> Iterable[Frame]:
    """First what was received and is known to be sent; then what nobody waits before sending."""
    unsent = Counter(one.content for queue in queues for one in queue if one.outgoing)
    while queues:
        queue = next(
            (one for ready in (_has_come, _is_sent) for one in queues if ready(one[0], unsent)),
            queues[0],
        )
        frame = queue.popleft()
        unsent[frame.content] -= frame.outgoing
        yield frame
        queues = [one for one in queues if one]


def _has_come(frame: Frame, unsent: Counter[bytes]) -> bool:
    return not frame.outgoing and unsent[frame.content] <= 0


def _is_sent(frame: Frame, _unsent: Counter[bytes]) -> bool:
    return frame.outgoing
