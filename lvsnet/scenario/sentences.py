"""The text of an expectation, and of what is always watched.

    sentence    = expectation [("within" | "for") span]
    expectation = condition
                | TIME COMPARISON span ["of" LOAD]
                | NUMBER COMPARISON number ["by" SERVER] ["of" LOAD]
                | "spread" ("even" | SERVER ":" WEIGHT {SERVER ":" WEIGHT})
                  "within" PERCENT ["of" LOAD]
                | "state" STATE COMPARISON number "on" NODE [service]
                | link {"and" link} "over" DURATION
    link        = "link" NODE ":" IFACE ("in" | "out")
                  (RATE "within" PERCENT | COMPARISON RATE | "drops" COMPARISON number)
    watched     = condition
                | "no" "two" "holders" ["of" VIP] ["for" "more" "than" span]
    span        = (DURATION | "takeover") {"+" (DURATION | "takeover")}
    TIME        = "outage" | "p50" | "p90" | "p99" | "longest"
    NUMBER      = "outages" | "lost" | "requests" | "answered"

A condition and its service are those of `lvsnet.observe.grammar`; ``by`` follows ``answered``
alone. ``takeover`` is a time of the lab's (`lvsnet.scenario.bounds`), which is put in later. A
``within`` or ``for`` with a time at the very end belongs to the sentence, also behind a command;
behind ``over``, with which links are measured (`lvsnet.scenario.link_sentences`), there is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lvsnet.errors import LvsnetError
from lvsnet.observe import grammar as conditions
from lvsnet.observe.conditions import COUNTERS, Condition, ConditionError, Connections
from lvsnet.observe.table_model import STATES
from lvsnet.scenario import link_sentences
from lvsnet.scenario.model import (
    Even,
    Expect,
    Expectation,
    Holds,
    Measured,
    Single,
    States,
    Stays,
)
from lvsnet.scenario.sentence_reader import (
    NAME,
    Reader,
    SentenceError,
    Span,
    Word,
    either,
    meant,
    read_address,
    read_comparison,
    read_load,
    read_name,
    read_percent,
    read_span,
    read_whole,
)

TIME = r"(?:takeover|[0-9]+(?:\.[0-9]+)?[a-z]*)"
TAIL = re.compile(rf"(?<=\s)(within|for)\s+({TIME}(?:\s*\+\s*{TIME})*)\s*")
"""What ends a sentence, whatever it is about."""
MOST = 10**9
MOST_WEIGHT = 65535
TIMES = ("outage", "p50", "p90", "p99", "longest")
NUMBERS = ("outages", "lost", "requests", "answered")
HANDOVER = 0.1
"""Seconds that two may hold an address unless a scenario says: a master that is preempted gives it
up when it hears the other's advertisement (RFC 3768, 6.4.3), so the two overlap, by microseconds on
a link without delay."""


@dataclass(frozen=True)
class Sentence:
    """An expectation as it was written."""

    expectation: Expectation
    """Where it is a measure of time, its number is `limit` without takeovers."""
    within: Span | None = None
    stays: Span | None = None
    """One of these two at most."""
    limit: Span | None = None
    """What a measure of time is compared with."""

    @property
    def needs_takeover(self) -> bool:
        spans = (self.within, self.stays, self.limit)
        return any(one is not None and one.takeovers for one in spans)


@dataclass(frozen=True)
class Watched:
    """What is always to be so, as it was written."""

    watch: Single | Holds
    """With a grace of 0."""
    grace: Span


def parse(text: str) -> Sentence:
    """An expectation from its text.

    Raises:
        SentenceError: it is none of this grammar's.
        ConditionError: it is no condition.
    """
    if Reader(text).peek().text == link_sentences.LINK:
        return Sentence(link_sentences.read(text))
    body, tail = _split(text)
    first = Reader(body).peek()
    if first.text in MEASURES:
        reader = Reader(body)
        reader.take()
        sentence = MEASURES[first.text](reader, first.text)
        reader.end()
    elif first.text in FIRST_OF_CONDITIONS:
        sentence = Sentence(Holds(_condition(body) if tail is None else conditions.parse(body)))
    elif first.text == "no":
        raise Reader(text).wrong(first, "an expectation: 'no two holders' belongs in 'always'")
    else:
        words = (*conditions.TERMS, *COUNTERS, link_sentences.LINK, *MEASURES)
        raise Reader(text).wrong(first, f"{either(words)}{meant(first.text, words)}")
    if tail is None:
        return sentence
    word, span = tail
    if word == "within":
        return replace(sentence, within=span)
    if span.seconds == 0 and not span.takeovers:
        raise SentenceError(f"{text}: 'for' needs a time above 0")
    return replace(sentence, stays=span)


def parse_watched(text: str) -> Watched:
    """What is always watched, from its text.

    Raises:
        SentenceError: it is none of this grammar's.
        ConditionError: it is no condition.
    """
    reader = Reader(text)
    first = reader.take()
    if first.text == "no":
        reader.need("two", "holders")
        address = read_address(reader) if reader.skips("of") else ""
        grace = Span(HANDOVER)
        if reader.skips("for"):
            reader.need("more", "than")
            grace = read_span(reader)
        reader.end()
        return Watched(Single(address), grace)
    if first.text in (*MEASURES, link_sentences.LINK):
        raise reader.wrong(first, "a condition, or 'no two holders': a measure is for 'expect'")
    if first.text not in FIRST_OF_CONDITIONS:
        words = ("no two holders", *conditions.TERMS, *COUNTERS)
        raise reader.wrong(first, f"{either(words)}{meant(first.text, words)}")
    _, tail = _split(text)
    if tail is not None:
        word = tail[0]
        last = Word(word, text.rindex(word))
        raise reader.wrong(last, "the end: what is always watched has neither 'within' nor 'for'")
    return Watched(Holds(conditions.parse(text)), Span(0.0))


def act(sentence: Sentence, takeover: float) -> Expect | Stays:
    """What a sentence asks for where a takeover is over after so many seconds."""
    expectation = sentence.expectation
    if sentence.limit is not None and isinstance(expectation, Measured):
        number = _exact(sentence.limit.with_takeover(takeover))
        expectation = replace(expectation, number=number)
    if sentence.stays is not None:
        return Stays(expectation, _exact(sentence.stays.with_takeover(takeover)))
    within = sentence.within or Span(0.0)
    return Expect(expectation, _exact(within.with_takeover(takeover)))


def watch(watched: Watched, takeover: float) -> Single | Holds:
    """What is watched where a takeover is over after so many seconds."""
    if isinstance(watched.watch, Single):
        return replace(watched.watch, grace=_exact(watched.grace.with_takeover(takeover)))
    return watched.watch


def _condition(text: str) -> Condition:
    """A condition without a time behind it, where one could be."""
    try:
        return conditions.parse(text)
    except ConditionError as error:
        said = str(error).replace("'and' or the end", "'and', 'within', 'for' or the end", 1)
        raise ConditionError(said) from None


def first_line(error: LvsnetError) -> str:
    """What is wrong, without the sentence and the mark below it."""
    return str(error).partition("\n")[0]


def _exact(seconds: float) -> float:
    """To a nanosecond, so that a sum of decimal fractions reads as it was written."""
    return round(seconds, 9)


def _split(text: str) -> tuple[str, tuple[str, Span] | None]:
    """A sentence without the time at its end, and that."""
    match = _tail(text)
    if match is None or _is_of_spread(text, match.start()):
        _refuse_bad_time(text)
        return text, None
    reader = Reader(text, match.start(2))
    span = read_span(reader)
    body = text[: match.start()]
    before = _tail(body)
    if before is not None and not _is_of_spread(body, before.start()) and not _has_command(text):
        last = Word(match[1], match.start())
        raise reader.wrong(last, f"the end behind '{before[0].strip()}': one time will do")
    return body, (match[1], span)


def _tail(text: str) -> re.Match[str] | None:
    found = list(TAIL.finditer(text))
    return found[-1] if found and found[-1].end() == len(text) else None


def _is_of_spread(text: str, at: int) -> bool:
    """Whether the ``within`` there is that of a spread, which wants a percentage."""
    return Reader(text).peek().text == "spread" and not re.search(r"\swithin\s", text[:at])


def _refuse_bad_time(text: str) -> None:
    """Raise for a ``within`` that ends the sentence with no time, but for that of a spread."""
    if _has_command(text) or Reader(text).peek().text == "spread":
        return
    places = [match.end() for match in re.finditer(r"(?<!\S)within(?!\S)", text)]
    if places:
        reader = Reader(text, places[-1])
        read_span(reader)
        reader.end()


def _has_command(text: str) -> bool:
    return re.search(r"(?<!\S)exec(?!\S)", text) is not None


def _time(reader: Reader, what: str) -> Sentence:
    comparison = read_comparison(reader)
    limit = read_span(reader)
    return Sentence(Measured(what, comparison, limit.seconds, read_load(reader)), limit=limit)


def _number(reader: Reader, what: str) -> Sentence:
    comparison = read_comparison(reader)
    number = float(read_whole(reader, MOST))
    server = ""
    if reader.peek().text == "by":
        word = reader.take()
        if what != "answered":
            raise reader.wrong(word, "'of' or the end: only 'answered' is told by real servers")
        server = read_name(reader, "a real server")
    return Sentence(Measured(what, comparison, number, read_load(reader), server))


def _spread(reader: Reader, _what: str) -> Sentence:
    weights: dict[str, int] = {}
    if not reader.skips("even"):
        while reader.peek().text not in ("within", ""):
            word = reader.take()
            name, colon, _ = word.text.rpartition(":")
            if not colon or not NAME.fullmatch(name):
                raise reader.wrong(word, "'even', or real servers with weights: nginx01:2")
            if name in weights:
                raise reader.wrong(word, "each real server once")
            weights[name] = read_whole(Reader(reader.text, word.at + len(name) + 1), MOST_WEIGHT)
        if not weights:
            raise reader.wrong(reader.peek(), "'even', or real servers with weights: nginx01:2")
        if not any(weights.values()):
            raise reader.wrong(reader.peek(), "a weight above 0 before this")
    reader.need("within")
    within = read_percent(reader)
    return Sentence(Even(within, tuple(weights.items()), read_load(reader)))


def _state(reader: Reader, _what: str) -> Sentence:
    word = reader.take()
    if word.text not in STATES:
        near = meant(word.text, STATES)
        example = near or "; ipvsadm -Lnc shows them"
        raise reader.wrong(word, f"a connection's state, such as 'ESTABLISHED'{example}")
    comparison = read_comparison(reader)
    number = read_whole(reader, MOST)
    # The rest reads as that of a counter of connections.
    shift = len("active == 0 ")
    rest = reader.peek()
    try:
        term = conditions.parse(f"active == 0 {reader.text[rest.at :]}").terms
    except LvsnetError as error:
        raise _moved(reader, error, rest.at - shift) from None
    first = term[0]
    if len(term) > 1 or not isinstance(first, Connections) or first.server is not None:
        raise reader.wrong(rest, "'on' and a director, and perhaps 'for' and a service")
    reader.at = len(reader.text)
    return Sentence(States(word.text, comparison, number, first.director, first.service))


def _moved(reader: Reader, error: LvsnetError, by: int) -> SentenceError:
    """The error of a part of the sentence, at its place in the whole."""
    message = first_line(error)
    match = re.fullmatch(r"(.*), at character (\d+) of the condition", message)
    where = match or re.fullmatch(r"(.*), (at the end) of the condition", message)
    if where is None:
        return SentenceError(message)
    at = len(reader.text.rstrip()) if match is None else int(match[2]) - 1 + by
    place = "at the end" if match is None else f"at character {at + 1}"
    shown = re.sub(r"\s", " ", reader.text)
    return SentenceError(f"{where[1]}, {place} of the sentence\n  {shown}\n  {' ' * at}^")


MEASURES: Mapping[str, Callable[[Reader, str], Sentence]] = {
    **dict.fromkeys(TIMES, _time),
    **dict.fromkeys(NUMBERS, _number),
    "spread": _spread,
    "state": _state,
}
"""First word -> what reads the rest."""
FIRST_OF_CONDITIONS = frozenset((*conditions.TERMS, *COUNTERS))
