"""keepalived's settings of a lab file: from YAML values to words, by the tables of keywords.

See ``lvsnet.lab.settings`` for the forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lvsnet.keepalived.keywords.model import (
    Argument,
    Block,
    Command,
    Entries,
    Interface,
    Keyword,
    Name,
    Shape,
    Time,
    Truth,
    Value,
)
from lvsnet.keepalived.keywords.values import faults, fits, wanted
from lvsnet.lab.settings import Line, is_named
from lvsnet.lab.suggest import hint
from lvsnet.lab.units import Duration
from lvsnet.lab.values import instance, shown, text

_DURATION = re.compile(r"[0-9]+(\.[0-9]+)?(us|ms|s|m|h)")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_INTERFACE = "eth1"
_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}


@dataclass(frozen=True)
class Raw:
    """A value of a lab file that is to become a line of ``keyword``."""

    keyword: Keyword
    value: object
    entry: bool = False
    """Whether it is one of the block's entries."""


@dataclass(frozen=True)
class Misplaced:
    """What cannot be where it is."""

    message: str
    at_key: bool = False


Wrapped: TypeAlias = "Raw | Misplaced | list[Wrapped] | dict[str, Wrapped] | None"


class UnknownSettingError(ValueError):
    """A key of a block that keepalived does not know there."""


def wrapped(keyword: Keyword, value: object) -> Wrapped:
    """The parts of a setting's value, each with what it is to become."""
    match keyword.block:
        case Block():
            return _sections(keyword, keyword.block, value)
        case Entries():
            if isinstance(value, dict):
                return {str(node): _entries(keyword, one) for node, one in value.items()}
            return _entries(keyword, value)
        case None:
            if isinstance(value, dict):
                return {str(node): _values(keyword, one) for node, one in value.items()}
            return _values(keyword, value)


def line(raw: Raw | Misplaced) -> Line | None:
    """The line that a value becomes.

    Raises ValueError with what is wrong and what is wanted; UnknownSettingError when its key is.
    """
    if isinstance(raw, Misplaced):
        raise UnknownSettingError(raw.message) if raw.at_key else ValueError(raw.message)
    words = _words(raw)
    if words is None:
        return None
    keyword = raw.keyword
    if raw.entry and isinstance(keyword.block, Entries):
        keyword = Keyword(keyword.name, keyword.block.shapes)
    if words and keyword.shapes == (Shape(),):
        raise ValueError(f"expected true or false, not {shown(raw.value)}")
    shape, kinds = _shape(keyword, words)
    done = tuple(_timed(*each) for each in zip(words, kinds, strict=True))
    interfaces = [at for at, kind in enumerate(kinds) if _has(kind, Interface)]
    # A segment's name may be longer than an interface's.
    tried = (_INTERFACE if at in interfaces else word for at, word in enumerate(done))
    for fault in faults(Keyword(keyword.name, (shape,)), (keyword.name, *tried)):
        raise ValueError(fault.message)
    return Line(
        done,
        tuple(interfaces),
        tuple(
            (one.of, word)
            for word, kind in zip(done, kinds, strict=True)
            for one in kind
            if isinstance(one, Name)
        ),
    )


def _sections(keyword: Keyword, block: Block, value: object) -> Wrapped:
    if is_named(keyword):
        if not isinstance(value, dict):
            return Misplaced(f"expected a mapping of names to values, not {shown(value)}")
        return {str(name): _called(name) or _section(block, one) for name, one in value.items()}
    if isinstance(value, list) and keyword.used == "all":
        return [_section(block, one) for one in value]
    return _section(block, value)


def _called(name: object) -> Misplaced | None:
    """What is wrong with a name that a block gives itself."""
    try:
        instance(name)
    except ValueError as error:
        return Misplaced(str(error), at_key=True)
    return None


def _section(block: Block, value: object) -> Wrapped:
    if not isinstance(value, dict):
        return Misplaced(f"expected a mapping of keys to values, not {shown(value)}")
    found: dict[str, Wrapped] = {}
    for key, one in value.items():
        keyword = block.keywords.get(str(key))
        if keyword is None:
            unknown = f"unknown key {shown(key)}{hint(str(key), current(block))}"
            found[str(key)] = Misplaced(unknown, at_key=True)
        else:
            found[str(key)] = setting(keyword, one)
    return found


def setting(keyword: Keyword, value: object) -> Wrapped:
    """As ``wrapped``; a name that keepalived has given up is misplaced."""
    if keyword.deprecated:
        meant = f"write {keyword.instead}" if keyword.instead else "take it out"
        return Misplaced(f"{keyword.name} is given up, and keepalived warns of it; {meant}", True)
    return wrapped(keyword, value)


def current(block: Block) -> list[str]:
    """The keywords of a block that are not given up."""
    return [name for name, one in block.keywords.items() if not one.deprecated]


def _entries(keyword: Keyword, value: object) -> Wrapped:
    if isinstance(value, list):
        return [Raw(keyword, one, entry=True) for one in value]
    if isinstance(value, dict) or value is None or isinstance(value, bool):
        return Misplaced(f"expected a list, not {shown(value)}")
    return [Raw(keyword, value, entry=True)]


def _values(keyword: Keyword, value: object) -> Wrapped:
    if isinstance(value, list) and keyword.used == "all":
        return [Raw(keyword, one) for one in value]
    return Raw(keyword, value)


def _words(raw: Raw) -> list[str] | None:
    """The words of a value; None for a setting that is left out."""
    shape, value = raw.keyword.shapes[0], raw.value
    if isinstance(value, bool) and not raw.entry:
        switch = any(isinstance(kind, Truth) for one in shape.arguments for kind in one.values)
        if switch:
            return [str(value).lower()]
        return [] if value else None
    if value is None:
        raise ValueError(f"expected {wish(raw.keyword)}, not nothing")
    if isinstance(value, list) and not raw.entry:
        return [text(one) for one in value]
    if isinstance(value, dict) and raw.entry:
        return list(_options(value))
    written = text(value)
    return [written] if _is_whole(raw) else written.split()


def _options(value: Mapping[object, object]) -> Iterator[str]:
    """The words of ``192.168.10.100: {dev: lan}``."""
    if len(value) != 1:
        raise ValueError("expected one key, what the entry is of, with a mapping of its options")
    ((first, options),) = value.items()
    yield from str(first).split()
    if options is None:
        return
    if not isinstance(options, dict):
        raise ValueError(f"expected a mapping of options, not {shown(options)}")
    for name, one in options.items():
        if one is False:
            continue
        yield str(name)
        if one is not True:
            yield from (text(word) for word in (one if isinstance(one, list) else [one]))


def _is_whole(raw: Raw) -> bool:
    """Whether text is one word, spaces or not: what can have but one, and a command."""
    block = raw.keyword.block
    shapes = block.shapes if raw.entry and isinstance(block, Entries) else raw.keyword.shapes
    return all(
        not shape.options
        and shape.arguments
        and (
            (len(shape.arguments) == 1 and not shape.arguments[0].many)
            or any(isinstance(kind, Command) for kind in shape.arguments[0].values)
        )
        for shape in shapes
    )


def wish(keyword: Keyword) -> str:
    """What a setting of this keyword can be, in few words."""
    if isinstance(keyword.block, Block):
        return "a mapping of keys to values"
    if isinstance(keyword.block, Entries):
        return "a list"
    if not keyword.arguments:
        return "true or false"
    kinds = [one for argument in keyword.arguments[:1] for one in argument.values]
    return " or ".join(
        "a duration such as 2s" if isinstance(one, Time) else wanted(one) for one in kinds
    )


def _has(kinds: Sequence[Value], kind: type) -> bool:
    return any(isinstance(one, kind) for one in kinds)


def _shape(keyword: Keyword, words: Sequence[str]) -> tuple[Shape, list[tuple[Value, ...]]]:
    """Which of a keyword's shapes the words have, and what each word of them is."""
    found = [(shape, list(_kinds(shape, words))) for shape in keyword.shapes]
    fitting = [
        (shape, kinds)
        for shape, kinds in found
        if not faults(
            Keyword(keyword.name, (shape,)),
            (keyword.name, *_tried(words, kinds)),
        )
    ]
    return (fitting or found)[0]


def _tried(words: Sequence[str], kinds: Sequence[tuple[Value, ...]]) -> Iterator[str]:
    """The words with times as keepalived has them, as far as they are."""
    for word, kind in zip(words, kinds, strict=True):
        time = next((one for one in kind if isinstance(one, Time)), None)
        yield word if time is None or not _DURATION.fullmatch(word) else _number(word, time)


def _kinds(shape: Shape, words: Sequence[str]) -> Iterator[tuple[Value, ...]]:
    """What each word is that stands in this shape; nothing for one too many."""
    rest = list(words)
    yield from _taken(shape.arguments, shape, rest)
    while rest:
        option = shape.option(rest.pop(0))
        yield ()
        if option is not None:
            yield from _taken(option.arguments, shape, rest)


def _taken(
    arguments: Sequence[Argument], shape: Shape, rest: list[str]
) -> Iterator[tuple[Value, ...]]:
    for argument in arguments:
        first = True
        while rest and (first or argument.many):
            if (argument.optional or not first) and (
                shape.option(rest[0]) or not _may_be(argument, rest[0])
            ):
                break
            rest.pop(0)
            first = False
            yield argument.values


def _may_be(argument: Argument, word: str) -> bool:
    return any(
        fits(one, word) or (isinstance(one, Time) and _DURATION.fullmatch(word) is not None)
        for one in argument.values
    )


def _timed(word: str, kinds: Sequence[Value]) -> str:
    """A word as keepalived has it: a duration becomes a number.

    Raises ValueError when a time has no unit, or is none that keepalived can have.
    """
    time = next((one for one in kinds if isinstance(one, Time)), None)
    if time is None or any(fits(one, word) for one in kinds if not isinstance(one, Time)):
        return word
    if _NUMBER.fullmatch(word):
        raise ValueError(f"{word} needs a unit: us, ms, s, m or h, such as {word}{time.unit}")
    if not _DURATION.fullmatch(word):
        raise ValueError(f"{shown(word)} is not a duration such as 2s")
    number = _number(word, time)
    if not fits(time, number):
        whole = f", in steps of {step(time)}"
        raise ValueError(
            f"{word} is not from {time.low}{time.unit} to {time.high}{time.unit}{whole}"
        )
    return number


def _number(word: str, time: Time) -> str:
    """A duration in the unit of ``time``, with as many digits as it needs."""
    whole, rest = divmod(Duration(word).microseconds, _MICROSECONDS[time.unit])
    digits = len(str(_MICROSECONDS[time.unit])) - 1
    return f"{whole}.{rest:0{digits}}".rstrip("0").rstrip(".") if rest else str(whole)


def step(time: Time) -> str:
    return str(Duration(f"{_MICROSECONDS[time.unit] // 10**time.places}us"))
