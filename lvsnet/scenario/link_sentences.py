"""The text of an expectation of links: what they carry, all in the same time.

    links = link {"and" link} "over" DURATION
    link  = "link" NODE ":" IFACE ("in" | "out")
            (RATE "within" PERCENT | COMPARISON RATE | "drops" COMPARISON number)

IFACE is an interface's name, or that of its segment; RATE is as `lvsnet.faults.values` has it.
"""

from __future__ import annotations

import re

from lvsnet.faults import values
from lvsnet.faults.grammar import INTERFACE
from lvsnet.observe.conditions import COMPARISONS
from lvsnet.scenario.model import Carried, Links
from lvsnet.scenario.sentence_reader import (
    NAME,
    TAKEOVER,
    Reader,
    Word,
    either,
    read_comparison,
    read_percent,
    read_span,
    read_whole,
)

LINK = "link"
DIRECTIONS = ("in", "out")
MOST_DROPS = 2**32 - 1
"""A qdisc counts with 32 bits (struct gnet_stats_queue)."""
SHORTEST, LONGEST = 0.01, 86_400.0
"""Seconds: shorter than that a mean is that of a packet or two."""


def read(text: str) -> Links:
    """An expectation of links from its text.

    Raises:
        SentenceError: it is none of this grammar's.
    """
    reader = Reader(text)
    links = [_link(reader)]
    while reader.skips("and"):
        links.append(_link(reader))
    word = reader.take()
    if word.text != "over":
        raise reader.wrong(word, "'and' or 'over', with the time in which it is measured")
    seconds = _seconds(reader)
    word = reader.peek()
    if word.text in ("within", "for"):
        why = "the end: what links carry is measured once, in the time behind 'over'"
        raise reader.wrong(word, why)
    reader.end()
    return Links(tuple(links), seconds)


def _link(reader: Reader) -> Carried:
    reader.need(LINK)
    node, interface = _place(reader)
    word = reader.take()
    if word.text not in DIRECTIONS:
        raise reader.wrong(word, f"{either(DIRECTIONS)}, as {node} sees it")
    direction, first = word.text, reader.peek()
    if reader.skips("drops"):
        comparison = read_comparison(reader)
        number = read_whole(reader, MOST_DROPS)
        return Carried(node, interface, direction, "drops", comparison, number)
    if first.text in COMPARISONS:
        comparison = read_comparison(reader)
        return Carried(node, interface, direction, "rate", comparison, _rate(reader))
    if not re.match("[0-9]", first.text):
        raise reader.wrong(first, "a rate, a comparison with one, or 'drops'")
    number = _rate(reader)
    reader.need("within")
    return Carried(node, interface, direction, "rate", "", number, read_percent(reader))


def _place(reader: Reader) -> tuple[str, str]:
    word = reader.take()
    node, colon, interface = word.text.partition(":")
    if not NAME.fullmatch(node):
        raise reader.wrong(word, "a node and its interface, such as lb01:eth1")
    if not colon or not INTERFACE.fullmatch(interface):
        at = Word(interface, word.at + len(node) + len(colon))
        raise reader.wrong(at, f"an interface behind the node, such as {node}:eth1")
    return node, interface


def _rate(reader: Reader) -> int:
    word = reader.take()
    try:
        return values.rate(word.text)
    except ValueError as error:
        raise reader.wrong(word, str(error)) from None


def _seconds(reader: Reader) -> float:
    first = reader.peek()
    span = read_span(reader)
    if span.takeovers:
        raise reader.wrong(first, f"a time such as 4s, without '{TAKEOVER}'")
    if not SHORTEST <= span.seconds <= LONGEST:
        raise reader.wrong(first, "a time from 10ms to 24h")
    return round(span.seconds, 9)
