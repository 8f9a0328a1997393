"""A Plan as JSON: how it travels to the agent, and what a lab's identity is made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, TypeVar, get_args, get_origin, get_type_hints

from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.plan.model import Plan

Record = TypeVar("Record")


def to_json(plan: Plan) -> str:
    """One line of JSON; equal plans give equal text.

    Fields that have their default are left out: what one lab in a hundred needs does not make all
    plans longer, nor another one's identity.
    """
    return json.dumps(encode(plan), ensure_ascii=False, separators=(",", ":"))


def encode(value: object) -> object:
    """What ``decode`` takes, of a dataclass of strings, numbers, None and tuples of such."""
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    kind: type = type(value)
    if not is_dataclass(kind):
        return value
    return {
        name: encode(item)
        for name, default in _defaults(kind)
        if (item := getattr(value, name)) != default
    }


def from_json(text: str) -> Plan:
    """The plan that ``to_json`` wrote.

    Raises LvsnetError for anything else, with the place of what is wrong: both ends of the wire
    have to be the same version of lvsnet.
    """
    from lvsnet.plan.model import Plan

    try:
        value: object = json.loads(text)
    except ValueError as error:
        raise LvsnetError(f"plan: not JSON: {error}") from error
    return decode(Plan, value, "plan")


def decode(kind: type[Record], value: object, where: str) -> Record:
    """``value``, as JSON gives it, as a dataclass of strings, numbers, None and tuples of such.

    A field that has a default may be missing, as in what an older version wrote. Raises
    LvsnetError with the place, below ``where``, of what is wrong.
    """
    record = _decoded(kind, value, where)
    if not isinstance(record, kind):
        raise TypeError(record)
    return record


def digest(plan: Plan) -> str:
    """64 hexadecimal digits; equal for equal plans only (SHA-256 of the JSON)."""
    from hashlib import sha256  # 0.02 s in a guest, where nobody asks for a digest

    return sha256(to_json(plan).encode()).hexdigest()


def _decoded(kind: object, value: object, where: str) -> object:
    """``value`` as ``kind``: a dataclass, a tuple, str, int or bool, or one of these or None."""
    if isinstance(kind, UnionType):
        if value is None:
            return None
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    if isinstance(kind, type) and is_dataclass(kind):
        return _record(kind, value, where)
    if get_origin(kind) is tuple:
        return _sequence(get_args(kind), value, where)
    # bool is a subclass of int, but true is no port.
    if type(value) is not kind:
        wanted = getattr(kind, "__name__", str(kind))
        raise _wrong(where, f"expected {wanted}, not {type(value).__name__}")
    return value


def _record(kind: type, value: object, where: str) -> object:
    if not isinstance(value, Mapping):
        raise _wrong(where, f"expected {kind.__name__}, not {type(value).__name__}")
    hints, needed = _shape(kind)
    if missing := [name for name in needed if name not in value]:
        raise _wrong(where, f"{', '.join(missing)} missing")
    if unknown := [str(name) for name in value if name not in hints]:
        raise _wrong(where, f"unknown {', '.join(unknown)}")
    decoded = {
        name: _decoded(hint, value[name], f"{where}.{name}")
        for name, hint in hints.items()
        if name in value
    }
    result: object = kind(**decoded)
    return result


@cache
def _shape(kind: type) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """A dataclass's fields with their types, and the names of those without a default.

    To find out the types takes six times as long as to decode a plan by them.
    """
    hints = get_type_hints(kind)
    found = fields(kind)
    needed = tuple(field.name for field in found if field.default is MISSING)
    return {field.name: hints[field.name] for field in found}, needed


@cache
def _defaults(kind: type) -> tuple[tuple[str, object], ...]:
    """A dataclass's fields with their defaults, MISSING where there is none."""
    return tuple((field.name, field.default) for field in fields(kind))


def _sequence(kinds: tuple[object, ...], value: object, where: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise _wrong(where, f"expected a list, not {type(value).__name__}")
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(kinds) != len(value):
        raise _wrong(where, f"expected {len(kinds)} values, not {len(value)}")
    return tuple(
        _decoded(kind, item, f"{where}[{index}]")
        for index, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _wrong(where: str, what: str) -> LvsnetError:
    return LvsnetError(f"{where}: {what}; it was not written by this version of lvsnet")
