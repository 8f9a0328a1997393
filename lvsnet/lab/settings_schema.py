"""keepalived's settings in the JSON Schema of lab files, and in words for its reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, JsonValue

from lvsnet.keepalived.keywords.model import (
    Argument,
    Block,
    Choice,
    Entries,
    Integer,
    Interface,
    Keyword,
    Shape,
    Time,
    Truth,
    Value,
)
from lvsnet.keepalived.keywords.values import NO, YES, wanted
from lvsnet.lab.settings import is_named
from lvsnet.lab.settings_model import Configured, keywords
from lvsnet.lab.settings_reading import current, step
from lvsnet.lab.units import PATTERN

_TEXT: JsonValue = {"type": ["string", "number"]}
_WORDS: JsonValue = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_ENTRY: JsonValue = {
    "anyOf": [_TEXT, {"type": "object", "minProperties": 1, "maxProperties": 1}],
}


def properties(of_model: type[BaseModel]) -> dict[str, JsonValue]:
    """The schema of each keyword that is a key of a model."""
    return {name: _described(one) for name, one in keywords(of_model).items()}


def entries(of_model: type[BaseModel]) -> dict[str, JsonValue]:
    """What an item of a list may be besides, where it may have options, by the list's key."""
    if not issubclass(of_model, Configured):
        return {}
    options: JsonValue = {"type": "object", "minProperties": 1, "maxProperties": 1}
    return dict.fromkeys(of_model.ENTRIES, options)


def definitions(of_models: Mapping[str, type[BaseModel]]) -> dict[str, JsonValue]:
    """The blocks that stand in settings of models, by the names that ``properties`` gives them."""
    found: dict[str, JsonValue] = {}
    for one in of_models.values():
        for keyword in keywords(one).values():
            found |= _definitions(keyword)
    return dict(sorted(found.items()))


def value(keyword: Keyword) -> str:
    """What can be written, in Markdown."""
    block = keyword.block
    if isinstance(block, Block):
        inner = f"`{block.name or keyword.name}`"
        if is_named(keyword):
            return f"mapping of names to {inner}"
        several = " or a list of them" if keyword.used == "all" else ""
        return f"mapping, {inner}{several}"
    if isinstance(block, Entries):
        return f"list of `{_spelt(block.shapes[0])}`"
    return " or ".join(_words(shape) for shape in keyword.shapes)


def blocks(of_model: type[BaseModel]) -> Iterator[Block]:
    """The blocks that stand in a model's settings, those within others too."""
    for keyword in keywords(of_model).values():
        if isinstance(keyword.block, Block):
            yield from _within(keyword.block)


def _within(block: Block) -> Iterator[Block]:
    yield block
    for name in current(block):
        inner = block.keywords[name].block
        if isinstance(inner, Block):
            yield from _within(inner)


def _definitions(keyword: Keyword) -> Iterator[tuple[str, JsonValue]]:
    if not isinstance(keyword.block, Block):
        return
    for block in _within(keyword.block):
        inner = {name: _described(block.keywords[name]) for name in current(block)}
        made: JsonValue = {
            "type": "object",
            "description": f"keepalived's {block.name}.",
            "properties": inner,
            "additionalProperties": False,
        }
        yield _name(block), made


def _name(block: Block) -> str:
    return f"keepalived.{block.name}"


def _described(keyword: Keyword) -> JsonValue:
    told = keyword.means or f"keepalived's {keyword.name}"
    default = f" By itself {keyword.default}." if keyword.default else ""
    return {**_schema(keyword), "description": f"{told}.{default}"}


def _schema(keyword: Keyword) -> dict[str, JsonValue]:
    block = keyword.block
    if isinstance(block, Block):
        one: JsonValue = {"$ref": f"#/$defs/{_name(block)}"}
        if is_named(keyword):
            return {"type": "object", "additionalProperties": one}
        if keyword.used == "all":
            return {"anyOf": [one, {"type": "array", "items": one}]}
        return {"anyOf": [one]}
    if isinstance(block, Entries):
        each: JsonValue = {"type": "array", "items": _ENTRY}
        return {"anyOf": [each, _TEXT, {"type": "object", "additionalProperties": each}]}
    single = _single(keyword)
    return {"anyOf": [*single, {"type": "object", "additionalProperties": {"anyOf": single}}]}


def _single(keyword: Keyword) -> list[JsonValue]:
    arguments, plain = keyword.arguments, len(keyword.shapes) == 1 and not keyword.options
    if not arguments and plain:
        return [{"type": "boolean"}]
    forms: list[JsonValue] = []
    if not arguments or arguments[0].optional:
        forms.append({"type": "boolean"})
    if len(arguments) == 1 and plain and not arguments[0].many:
        return [*forms, *(_of_value(one) for one in arguments[0].values)]
    return [*forms, _WORDS]


def _of_value(kind: Value) -> JsonValue:
    match kind:
        case Integer(low, high):
            return {"type": "integer", "minimum": low, "maximum": high}
        case Time():
            return {"type": "string", "pattern": PATTERN}
        case Truth():
            return {"enum": [*YES, *NO]}
        case Choice(words, False):
            return {"enum": list(words)} if not _numbers(words) else _TEXT
        case _:
            return _TEXT


def _numbers(words: tuple[str, ...]) -> bool:
    return any(word[0].isdigit() for word in words)


def _words(shape: Shape) -> str:
    if not shape.arguments and not shape.options:
        return "switch"
    if len(shape.arguments) == 1 and not shape.options and not shape.arguments[0].many:
        argument = shape.arguments[0]
        kinds = " or ".join(map(_wanted, argument.values))
        switch = all(isinstance(one, Truth) for one in argument.values)
        return "switch" if switch else f"switch or {kinds}" if argument.optional else kinds
    return f"`{_spelt(shape)}`"


def _wanted(kind: Value) -> str:
    match kind:
        case Time(low, high, _, unit):
            return f"duration, {low}{unit} to {high}{unit}, in steps of {step(kind)}"
        case Integer(low, high):
            return f"whole number, {low} to {high}"
        case Interface():
            return "name of a segment, or an interface"
        case Choice(words, _):
            return ", ".join(f"`{word}`" for word in words)
        case _:
            return wanted(kind)


def _spelt(shape: Shape) -> str:
    """A line as a manual shows it."""
    words = [_argument(one) for one in shape.arguments]
    for option in shape.options:
        if not option.instead:
            words.append(f"[{' '.join([option.name, *map(_argument, option.arguments)])}]")
    return " ".join(words)


def _argument(argument: Argument) -> str:
    kinds = "|".join(dict.fromkeys(map(_noun, argument.values)))
    shown = f"{kinds}..." if argument.many else kinds
    return f"[{shown}]" if argument.optional else shown


def _noun(kind: Value) -> str:
    if isinstance(kind, Choice):
        return "|".join(kind.words)
    if isinstance(kind, Interface):
        return "SEGMENT"
    if isinstance(kind, Time):
        return "DURATION"
    return type(kind).__name__.upper()
