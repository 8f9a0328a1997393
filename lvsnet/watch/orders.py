"""What keys do to a lab: for each the command of lvsnet that somebody could have typed instead."""

from __future__ import annotations

from dataclasses import dataclass

from lvsnet.control.clock import Clock, bad_speed, duration
from lvsnet.watch.layout import Machine
from lvsnet.watch.model import Lab

FASTER, SLOWER = 2.0, 0.5


@dataclass(frozen=True)
class Order:
    words: tuple[str, ...]
    """``stop lb01``"""
    about: str
    """What it is done to, a node or ``clock``: one thing at a time."""

    def __str__(self) -> str:
        return f"lvsnet {' '.join(self.words)}"


@dataclass(frozen=True)
class Refused:
    """Why a key does nothing."""

    why: str


@dataclass(frozen=True)
class Part:
    """What of a node can be broken by itself."""

    kind: str
    """``cable`` or ``daemon``."""
    name: str


CABLE, DAEMON = "cable", "daemon"


def parts(machine: Machine) -> tuple[Part, ...]:
    """In the order in which they are shown."""
    return (
        *(Part(CABLE, one.interface) for one in machine.cables),
        *(Part(DAEMON, one) for one in machine.daemons),
    )


def power(lab: Lab, machine: Machine) -> Order:
    """Stop a node that is on, start one that is off."""
    return Order(("start" if machine.name in lab.off else "stop", machine.name), machine.name)


def cable(lab: Lab, machine: Machine, chosen: Part | None) -> Order | Refused:
    """Pull the chosen cable, or the only one, or plug it in again."""
    name = _name(machine, CABLE, chosen)
    if not name:
        return Refused(_which(machine, CABLE, "cables"))
    if machine.name in lab.off:
        return Refused(f"{machine.name} is off: s starts it")
    way = "up" if lab.is_cut(machine.name, name) else "down"
    return Order(("fault", "link", way, f"{machine.name}:{name}"), machine.name)


def daemon(lab: Lab, machine: Machine, chosen: Part | None) -> Order | Refused:
    """Kill the chosen daemon, or the only one, or start it again."""
    name = _name(machine, DAEMON, chosen)
    if not name:
        return Refused(_which(machine, DAEMON, "daemons"))
    if machine.name in lab.off:
        return Refused(f"{machine.name} is off: s starts it")
    verb = "revive" if (machine.name, name) in lab.dead else "kill"
    return Order(("fault", verb, machine.name, name), machine.name)


def clear() -> Order:
    """Take all faults back."""
    return Order(("fault", "clear"), "faults")


def keys(lab: Lab, machine: Machine | None, chosen: Part | None) -> list[tuple[str, str]]:
    """The keys that make sense now, with what they do to a node, and what is chosen of it."""
    found: list[tuple[str, str]] = []
    if machine is not None:
        found.append(("s", "start" if machine.name in lab.off else "stop"))
        if machine.name not in lab.off:
            verb = "mend" if _is(cable(lab, machine, chosen), "up") else "cut"
            found.append(("c", _with(verb, CABLE, chosen)))
        if machine.name not in lab.off and machine.daemons:
            verb = "revive" if _is(daemon(lab, machine, chosen), "revive") else "kill"
            found.append(("d", _with(verb, DAEMON, chosen)))
    if lab.faults:
        found.append(("x", "clear"))
    if lab.clock is not None and lab.clock.kind == "virtual":
        found += [("1", "+1s"), ("0", "+10s"), ("a", "advance"), ("r", "run")]
        found += [("h", "hold"), ("p", "pause"), ("+-", "speed")]
    return [*found, ("↑↓", "node"), ("←→", "part"), ("?", "help"), ("q", "quit")]


def hold(clock: Clock | None) -> Order | Refused:
    return _of_clock(clock, "hold")


def pause(clock: Clock | None) -> Order | Refused:
    return _of_clock(clock, "pause")


def run(clock: Clock | None) -> Order | Refused:
    return _of_clock(clock, "run")


def pace(clock: Clock | None, factor: float) -> Order | Refused:
    """Let a clock run so many times as fast as it does; one that does not run, beside real time."""
    if clock is None or clock.kind != "virtual":
        return _of_clock(clock, "run")
    speed = clock.speed * factor if clock.mode == "running" else max(1.0, factor)
    if why := bad_speed(speed):
        return Refused(why)
    return _of_clock(clock, "run", "--speed", f"{speed:g}")


def advance(clock: Clock | None, by: str) -> Order | Refused:
    """Wind a clock forward by a duration as somebody writes it."""
    try:
        duration(by)
    except ValueError as error:
        return Refused(str(error))
    return _of_clock(clock, "advance", by)


def _of_clock(clock: Clock | None, *words: str) -> Order | Refused:
    if clock is None or clock.kind != "virtual":
        return Refused(
            "this lab runs on the real clock, which nobody can hold or wind; "
            "deploy it with --clock virtual"
        )
    return Order(("clock", *words), "clock")


def _is(order: Order | Refused, word: str) -> bool:
    return isinstance(order, Order) and word in order.words[:-1]


def _with(verb: str, kind: str, chosen: Part | None) -> str:
    return verb if chosen is None or chosen.kind != kind else f"{verb} {chosen.name}"


def _name(machine: Machine, kind: str, chosen: Part | None) -> str:
    """Of the part that is meant; empty if nobody can know."""
    if chosen is not None and chosen.kind == kind:
        return chosen.name
    names = [one.name for one in parts(machine) if one.kind == kind]
    return names[0] if len(names) == 1 else ""


def _which(machine: Machine, kind: str, several: str) -> str:
    names = [one.name for one in parts(machine) if one.kind == kind]
    if not names:
        return f"{machine.name} has no {several}"
    return f"{machine.name} has {several} {', '.join(names)}: choose one with ← and →"
