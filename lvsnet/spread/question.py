"""What `lvsnet plan vips` is asked, read from its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeVar

from lvsnet.spread import rates
from lvsnet.spread.model import Director, Site, Vip
from lvsnet.spread.planning import MOST_DIRECTORS, MOST_VIPS

T = TypeVar("T")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
"""Of a director or a VIP: a node's name or that of a VRRP instance, an IPv4 address, and whatever
else is plain."""
Method = Literal["dr", "nat"]


@dataclass(frozen=True)
class Question:
    """A site whose VIPs are still open, or those that it has."""

    directors: tuple[Director, ...]
    traffic: Fraction
    """Bits a second that load the directors' links, all VIPs together."""
    vips: tuple[Vip, ...]
    """Empty: as many as one likes, of equal load."""
    losses: int
    utilisation: Fraction
    method: Method
    note: str
    """What was counted as traffic, and what was not."""

    def site(self, count: int) -> Site:
        """The site with so many VIPs of equal load, or with those that it has."""
        equal = (Vip(f"vip{one + 1}", self.traffic / count) for one in range(count))
        return Site(self.directors, self.vips or tuple(equal), self.losses, self.utilisation)

    def like(self, directors: tuple[Director, ...]) -> Question:
        """The same question for other directors."""
        return replace(self, directors=directors)


class QuestionError(ValueError):
    """An option's value is wrong; ``option`` says whose."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


@dataclass(frozen=True)
class Words:
    """The options as they were written; empty: not given."""

    directors: str
    capacity: str
    traffic: str
    load: str
    answers: str
    losses: int
    utilisation: str
    method: Method


def asked(words: Words) -> Question:
    """The question that options ask.

    Raises:
        QuestionError: one of them is wrong, or two do not go together.
        TooMuchError: no plan can carry that traffic, however many VIPs.
    """
    directors = _directors(words.directors, words.capacity)
    if words.losses >= len(directors):
        raise QuestionError(
            "--losses",
            f"{words.losses} of {len(directors)} directors: one has to be left, so that it is "
            f"{len(directors) - 1} at most; or plan with {words.losses + 1} directors",
        )
    if words.losses < 1:
        raise QuestionError("--losses", f"{words.losses}: it is how many may be lost, 1 or more")
    part = _read("--utilisation", words.utilisation, rates.part)
    vips, traffic = _traffic(words)
    answers = _read("--answers", words.answers, rates.rate) if words.answers else Fraction(0)
    counted = answers if words.method == "nat" else Fraction(0)
    grown = tuple(Vip(one.name, one.load * (traffic + counted) / traffic) for one in vips)
    question = Question(
        directors, traffic + counted, grown, words.losses, part, words.method,
        _note(words.method, traffic, answers),
    )  # fmt: skip
    _carried(question, "--load" if vips else "--traffic")
    return question


class TooMuchError(QuestionError):
    """No plan can carry that traffic: the links that are left after the worst loss are too few."""


def _carried(question: Question, option: str) -> None:
    ordered = sorted(question.directors, key=lambda one: -one.capacity)
    left = ordered[question.losses :]
    most = sum((one.capacity for one in left), Fraction(0)) * question.utilisation
    if question.traffic <= most:
        return
    part = rates.percent(question.utilisation)
    alike = len({one.capacity for one in ordered}) == 1
    lost = " and ".join(one.name for one in ordered[: question.losses])
    capacity = rates.written(left[0].capacity)
    if alike:
        bound = f"({len(ordered)} - {question.losses}) x {part} of {capacity}"
        gone = f"any {question.losses} of {len(ordered)} directors"
        more = -(-question.traffic // (left[0].capacity * question.utilisation)) + question.losses
        link = question.traffic / len(left) / question.utilisation
        remedy = (
            f"It takes {more} such directors, or {len(ordered)} with links of "
            f"{rates.written(link)}; with just that no link stays below its limit"
        )
    else:
        bound = f"{part} of " + " + ".join(rates.written(one.capacity) for one in left)
        gone = lost
        remedy = (
            f"It takes all links {float(question.traffic / most):.3g} times as fast, or further "
            "directors; with just that no link stays below its limit"
        )
    raise TooMuchError(
        option,
        f"{rates.written(question.traffic)} is more than the {rates.written(most)} that can be "
        f"carried after the loss of {gone}, however many VIPs: {bound}. {remedy}.",
    )


def _directors(words: str, capacity: str) -> tuple[Director, ...]:
    by_name = "=" in capacity
    given = _pairs("--capacity", capacity, rates.rate) if by_name else {}
    if not words:
        if not by_name:
            raise QuestionError("--directors", "say how many, such as 3, or their names: lb01,lb02")
        names = list(given)
    elif re.fullmatch(r"[+-]?[0-9.]+", words):
        names = _numbered(words)
    else:
        names = _names("--directors", words.split(","))
    if len(names) < 2:
        raise QuestionError("--directors", "there must be two at least: one may be lost")
    if len(names) > MOST_DIRECTORS:
        raise QuestionError(
            "--directors",
            f"more than the {MOST_DIRECTORS} that can be planned for; divide them into groups, "
            "each with VIPs of its own",
        )
    if not by_name:
        every = _read("--capacity", capacity, rates.rate)
        return tuple(Director(name, every) for name in names)
    if missing := [name for name in names if name not in given]:
        raise QuestionError("--capacity", f"it has none for {', '.join(missing)}")
    if unknown := [name for name in given if name not in names]:
        raise QuestionError(
            "--capacity", f"{', '.join(unknown)}: the directors are {', '.join(names)}"
        )
    return tuple(Director(name, given[name]) for name in names)


def _numbered(words: str) -> list[str]:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", words):
        raise QuestionError("--directors", f"{words} is not a number of directors, such as 3")
    count = int(words)
    return [f"lb{one + 1:02}" for one in range(min(count, MOST_DIRECTORS + 1))]


def _traffic(words: Words) -> tuple[tuple[Vip, ...], Fraction]:
    """The VIPs, if they are given, and the traffic of all."""
    if words.load and words.traffic:
        raise QuestionError("--traffic", "--load says it already, VIP by VIP: leave one away")
    if words.load:
        loads = _pairs("--load", words.load, rates.rate, _vip_name)
        if len(loads) > MOST_VIPS:
            raise QuestionError("--load", f"{len(loads)} VIPs: VRRP has ids for {MOST_VIPS}")
        vips = tuple(Vip(name, load) for name, load in loads.items())
        return vips, sum(loads.values(), Fraction(0))
    if not words.traffic:
        raise QuestionError(
            "--traffic", "say how much comes, such as 1.5Gbit, or --load for each VIP"
        )
    return (), _read("--traffic", words.traffic, rates.rate)


def _note(method: Method, traffic: Fraction, answers: Fraction) -> str:
    if method == "dr":
        told = f", so that --answers {rates.written(answers)} loads none" if answers else ""
        return f"direct routing: answers go past the directors{told}"
    if answers:
        return (
            f"one-armed NAT: answers pass the directors, too: {rates.written(traffic)} of "
            f"requests and {rates.written(answers)} of answers"
        )
    return (
        "one-armed NAT: answers pass the directors, too; without --answers the traffic given is "
        "taken as that of both directions together"
    )


def _pairs(
    option: str,
    text: str,
    reader: Callable[[str], T],
    named: Callable[[str, str], str] | None = None,
) -> Mapping[str, T]:
    """NAME=VALUE,...; ``named`` reads a name, which is that of a director unless given."""
    found: dict[str, T] = {}
    for pair in text.split(","):
        name, equals, value = pair.partition("=")
        if not equals:
            raise QuestionError(option, f"{pair!r} is not NAME=RATE, such as lb01=10Gbit")
        name = (named or _name)(option, name)
        if name in found:
            raise QuestionError(option, f"{name} is there twice")
        found[name] = _read(option, value, reader, f"{name}: ")
    return found


def _names(option: str, words: list[str]) -> list[str]:
    found = [_name(option, word) for word in words]
    for name in found:
        if found.count(name) > 1:
            raise QuestionError(option, f"{name} is there twice")
    return found


def _name(option: str, word: str) -> str:
    name = word.strip()
    if not NAME.fullmatch(name):
        raise QuestionError(
            option, f"{name!r} is not a name: letters, digits, '-', '_' and '.', such as lb01"
        )
    return name


def _vip_name(option: str, word: str) -> str:
    """A VIP's name, which may be its address; of IPv6 as RFC 5952 shortens it."""
    if ":" not in word:
        return _name(option, word)
    from lvsnet.lab import ip_values

    try:
        return str(ip_values.address(word.strip()))
    except ValueError as error:
        raise QuestionError(option, str(error)) from error


def _read(option: str, text: str, reader: Callable[[str], T], before: str = "") -> T:
    try:
        return reader(text)
    except ValueError as error:
        raise QuestionError(option, f"{before}{error}") from error
