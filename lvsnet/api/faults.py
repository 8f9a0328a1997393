"""Faults of a running lab, for programs in Python: ``lab.fault.link_down("lb01:eth1")``.

Each method is an order of `lvsnet fault`, and is done when it returns. What breaks something is a
context manager, too, which mends it again:

    with lab.fault.stop("lb01"):
        ...
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from lvsnet.api.clock import Span, nanoseconds
from lvsnet.control import faults
from lvsnet.errors import LvsnetError
from lvsnet.faults import checking, grammar, model, text
from lvsnet.faults.model import Fault
from lvsnet.progress import silent

if TYPE_CHECKING:
    from lvsnet.api.history import History
    from lvsnet.control.place import Place

Nodes = str | Sequence[str]
"""One node, or several."""


@dataclass(frozen=True)
class Applied:
    """A fault that was put, and is mended when the ``with`` ends, if it is on then."""

    faults: Faults
    fault: Fault

    def mend(self) -> None:
        """Take it back.

        Raises:
            LvsnetError: it is not on any more.
        """
        self.faults.order(model.Mend(self.fault))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if any(model.same_place(one, self.fault) for one in self.faults.standing):
            self.mend()


@dataclass(frozen=True)
class Faults:
    """The faults of a lab. Where one is said, ``NODE:IFACE`` takes a segment's name as well."""

    lab: str
    place: Place
    history: History

    def __call__(self, order: str) -> None:
        """Do what an order says, as `lvsnet fault` and a scenario take it: ``link up lb01:eth1``.

        Raises:
            FaultError: it is none, or names what the lab does not have.
        """
        self.order(grammar.parse(order))

    @property
    def standing(self) -> tuple[Fault, ...]:
        """Those that are on: nodes without power first, then as they were put."""
        return tuple(faults.standing(self.place, self.lab))

    def clear(self, node: str = "") -> None:
        """Take all back, or those that a node has a part in."""
        self(f"clear {node}")

    def stop(self, node: str) -> Applied:
        """Power loss."""
        return self._put(f"stop {node}")

    def start(self, node: str) -> None:
        """Boot a node that was stopped."""
        self(f"start {node}")

    def freeze(self, node: str) -> Applied:
        """Let no process of a node run any further; its kernel and links go on."""
        return self._put(f"freeze {node}")

    def thaw(self, node: str) -> None:
        self(f"thaw {node}")

    def kill(self, node: str, process: str) -> Applied:
        """SIGKILL to all processes of that name; only a daemon can be revived."""
        return self._put(f"kill {node} {process}")

    def revive(self, node: str, process: str) -> None:
        """Start a daemon again that was killed."""
        self(f"revive {node} {process}")

    def link_down(self, interface: str) -> Applied:
        """Pull a cable out: ``lb01:eth1``."""
        return self._put(f"link down {interface}")

    def link_up(self, interface: str) -> None:
        self(f"link up {interface}")

    def partition(self, nodes: Nodes, others: Nodes) -> Applied:
        """Let no frame pass between any of some nodes and any of others."""
        return self._put(f"partition {_list(nodes)} from {_list(others)}")

    def heal(self, nodes: Nodes = (), others: Nodes = ()) -> None:
        """Take that partition back; without nodes, all of them."""
        if not nodes and not others:
            self("heal")
        else:
            self(f"heal {_list(nodes)} from {_list(others)}")

    def netem(
        self,
        interface: str,
        *,
        delay: Span = 0,
        jitter: Span = 0,
        loss: float | str = 0,
        duplicate: float | str = 0,
        corrupt: float | str = 0,
        reorder: float | str = 0,
        rate: int | str = 0,
        limit: int = 0,
        direction: str = "out",
    ) -> Applied:
        """Make a cable slow, long or bad (tc-netem(8)).

        Times in seconds or as ``"20ms"``, parts in per cent or as ``"1%"``, ``rate`` in bits a
        second or as ``"100Mbit"``, ``limit`` in packets; ``direction``: ``out`` of the node,
        ``in``, or ``both``.
        """
        given = {
            "delay": _time(delay),
            "jitter": _time(jitter),
            "loss": _part(loss),
            "duplicate": _part(duplicate),
            "corrupt": _part(corrupt),
            "reorder": _part(reorder),
            "rate": f"{rate}bit" if rate and isinstance(rate, int) else rate,
            "limit": limit,
        }
        words = [f"{name}={value}" for name, value in given.items() if value]
        return self._put(" ".join(("netem", interface, *words, direction)))

    def netem_off(self, interface: str) -> None:
        self(f"netem {interface} off")

    def drop(self, node: str, protocol: str, direction: str = "both") -> Applied:
        """Lose a protocol's packets on a node's cables: ``vrrp``, ``icmp``, ``arp``, ``tcp/80``."""
        return self._put(f"drop {node} {protocol} {direction}")

    def pass_(self, node: str, protocol: str) -> None:
        """Take a `drop` back."""
        self(f"pass {node} {protocol}")

    def service_fail(self, node: str) -> Applied:
        """Have a real server's nginx answer 500."""
        return self._put(f"service fail {node}")

    def service_slow(self, node: str, by: Span = "2s") -> Applied:
        """Have a real server's nginx answer so much later."""
        return self._put(f"service slow {node} {_time(by)}")

    def service_flap(self, node: str, period: Span = "5s") -> Applied:
        """Have a real server's nginx go away and come back, each after so much time."""
        return self._put(f"service flap {node} {_time(period)}")

    def service_mend(self, node: str) -> None:
        self(f"service mend {node}")

    def order(self, order: model.Order) -> None:
        """Do what an order says that is data already."""
        self.history.note(f"fault {order}")
        faults.give(self.place, self.lab, order, silent)

    def _put(self, words: str) -> Applied:
        order = checking.resolved(grammar.parse(words), self.place.record(self.lab).plan)
        if not isinstance(order, model.Put):
            raise LvsnetError(f"{order} breaks nothing")
        self.order(order)
        return Applied(self, order.fault)


def _list(nodes: Nodes) -> str:
    return nodes if isinstance(nodes, str) else ",".join(nodes)


def _time(span: Span) -> str:
    """As an order has it; empty for 0."""
    if not isinstance(span, str):
        return text.duration(round(nanoseconds(span) / 1000)) if span else ""
    return span


def _part(part: float | str) -> str:
    if isinstance(part, str):
        return part
    return text.percent(part) if part else ""
