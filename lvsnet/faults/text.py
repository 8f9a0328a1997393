"""Faults in the words of `lvsnet fault`: what is written here, `lvsnet.faults.grammar` reads.

The guest needs it as well, so this has nothing of the host's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lvsnet.faults.model import Fault, Netem

LIMIT = 1000
"""Packets that netem lets wait when nothing is said (tc-netem(8))."""
LIST = ",".join

_TIMES = (("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1))
RATES = (("Gbit", 10**9), ("Mbit", 10**6), ("kbit", 10**3), ("bit", 1))
"""Units of bits a second, the largest first (tc(8))."""


def duration(microseconds: int) -> str:
    """The longest unit that divides it: ``2s``, ``1500ms``."""
    if not microseconds:
        return "0s"
    return _in_units(microseconds, _TIMES)


def rate(bits: int) -> str:
    """Bits a second, as tc(8) writes them, powers of 1000: ``100Mbit``."""
    return _in_units(bits, RATES)


def netem_words(netem: Netem) -> str:
    """``delay=20ms loss=1%``, with ``in`` or ``both`` behind it unless it is ``out``."""
    words = [
        *_if_any("delay", netem.delay_us, duration(netem.delay_us)),
        *_if_any("jitter", netem.jitter_us, duration(netem.jitter_us)),
        *_if_any("loss", netem.loss, percent(netem.loss)),
        *_if_any("duplicate", netem.duplicate, percent(netem.duplicate)),
        *_if_any("corrupt", netem.corrupt, percent(netem.corrupt)),
        *_if_any("reorder", netem.reorder, percent(netem.reorder)),
        *_if_any("rate", netem.rate, rate(netem.rate)),
    ]
    if netem.limit != LIMIT:
        words.append(f"limit={netem.limit}")
    if netem.direction != "out":
        words.append(netem.direction)
    return " ".join(words)


def percent(value: float) -> str:
    """Plain digits, as many as it has: ``0.01%``, never with an exponent."""
    digits = f"{value:.9f}".rstrip("0").rstrip(".")
    return f"{digits}%"


def mended(fault: Fault) -> str:
    """The order that takes a fault back: ``thaw lb01`` of ``freeze lb01``."""
    from lvsnet.faults import model

    match fault:
        case model.PowerOff(node):
            return f"start {node}"
        case model.Frozen(node):
            return f"thaw {node}"
        case model.Killed(node, process):
            return f"revive {node} {process}"
        case model.LinkDown(node, interface):
            return f"link up {node}:{interface}"
        case model.Partition(nodes, others):
            if not nodes and not others:
                return "heal"
            return f"heal {LIST(nodes)} from {LIST(others)}"
        case model.Netem(node=node, interface=interface):
            return f"netem {node}:{interface} off"
        case model.Dropped(node=node, protocol=protocol, port=port):
            return f"pass {node} {protocol}{'' if port is None else f'/{port}'}"
        case model.BadService(node=node):
            return f"service mend {node}"


def shown(faults: Iterable[Fault]) -> str:
    """Several in one line, for messages."""
    return "; ".join(map(str, faults))


def plain(fault: Fault) -> dict[str, object]:
    """For programs: its words, how they are taken back, and what it is made of."""
    from lvsnet.faults.model import fault_to_json

    return {"fault": str(fault), "mended_by": mended(fault), **fault_to_json(fault)}


def _if_any(name: str, value: float, words: str) -> list[str]:
    return [f"{name}={words}"] if value else []


def _in_units(number: int, units: tuple[tuple[str, int], ...]) -> str:
    unit, size = next((unit, size) for unit, size in units if number % size == 0)
    return f"{number // size}{unit}"
