# mypy: disable-error-code="explicit-any"
# The methods that pydantic gives a model are annotated with Any.
"""Models that take keepalived's settings besides their own keys; see ``lvsnet.lab.settings``."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BaseModel, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError, core_schema

from lvsnet.keepalived.keywords.model import Block, Keyword
from lvsnet.lab.kinds import Strict
from lvsnet.lab.kinds import keys as own_keys
from lvsnet.lab.settings import Line, Settings, Tree
from lvsnet.lab.settings_reading import (
    Misplaced,
    Raw,
    UnknownSettingError,
    Wrapped,
    current,
    line,
    setting,
)

if TYPE_CHECKING:
    from pydantic_core.core_schema import CoreSchema

_ANY_ADDRESS = "192.0.2.1"
_KEY = "\0settings"
UNKNOWN = "unknown_setting"
"""The type of pydantic's error about a key that is no keyword of its block."""


def _form(value: object) -> str:
    if isinstance(value, dict):
        return "\0mapping"
    return "\0list" if isinstance(value, list) else "\0line"


def _line(raw: Raw | Misplaced | None) -> Line | None:
    if raw is None:
        return None
    try:
        return line(raw)
    except UnknownSettingError as error:
        # No format: what a user wrote may have braces.
        raise PydanticCustomError(UNKNOWN, "{reason}", {"reason": str(error)}) from None


def schema(made: Callable[[Mapping[str, Tree]], Settings]) -> CoreSchema:
    """pydantic's schema of all settings in a place, of which ``made`` then makes one value."""
    inner = core_schema.definition_reference_schema("\0setting")
    forms: dict[Hashable, CoreSchema] = {
        "\0line": core_schema.no_info_plain_validator_function(_line),
        "\0list": core_schema.list_schema(inner),
        "\0mapping": core_schema.dict_schema(None, inner),
    }
    # The name that pydantic gives a form stands in the place of an error, and leads nowhere.
    one = core_schema.tagged_union_schema(forms, _form, ref="\0setting")
    every = core_schema.no_info_after_validator_function(made, core_schema.dict_schema(None, inner))
    return core_schema.definitions_schema(every, [one])


class Configured(Strict):
    """A model whose further keys are keywords of a block of keepalived.conf."""

    BLOCK: ClassVar[Block]
    ELSEWHERE: ClassVar[Mapping[str, str]] = {}
    """Keywords that a lab file says in another way -> what to do, the end of a sentence; empty for
    what is no key at all."""
    ENTRIES: ClassVar[Mapping[str, Keyword]] = {}
    """Lists of the model whose items may have options: an item as a mapping of one key to them."""

    # With a NUL in its alias, so that it is no key of any lab file.
    settings: Annotated[Settings, WithJsonSchema({})] = Field(
        default_factory=Settings, alias="\0settings", exclude=True
    )

    @classmethod
    def blocks(cls, _values: Mapping[str, object] | None = None) -> tuple[Block, ...]:
        """The blocks whose keywords are keys; of a mapping with these values, or of all."""
        return (cls.BLOCK,)

    @model_validator(mode="before")
    @classmethod
    def _take_settings(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        own: dict[str, object] = {}
        settings: dict[str, Wrapped] = {}
        keywords = {
            name: one for block in cls.blocks(values) for name, one in block.keywords.items()
        }
        for key, value in values.items():
            if key in cls.ENTRIES and isinstance(value, list):
                own[key], options = _apart(cls.ENTRIES[key], value)
                if any(options):
                    settings[key] = options
            elif key in own_keys(cls) or not cls.ELSEWHERE.get(key, key):
                own[key] = value
            elif key in keywords:
                settings[key] = (
                    Misplaced(f"{key} is not written here: {cls.ELSEWHERE[key]}", True)
                    if key in cls.ELSEWHERE
                    else setting(keywords[key], value)
                )
            elif others := [one.name for one in cls.blocks() if key in one.keywords]:
                here = cls.blocks(values)[0].name
                wrong = f"{key} is of {' and '.join(others)}, not of {here}"
                settings[key] = Misplaced(wrong, at_key=True)
            else:
                own[key] = value
        return {**own, _KEY: settings} if settings else own


def keywords(of_model: type[BaseModel]) -> dict[str, Keyword]:
    """The keywords that are keys of a model."""
    if not issubclass(of_model, Configured):
        return {}
    taken = {*own_keys(of_model), *of_model.ELSEWHERE}
    return {
        name: block.keywords[name]
        for block in of_model.blocks()
        for name in current(block)
        if name not in taken
    }


def every_key(of_model: type[BaseModel]) -> list[str]:
    """All keys of a model: its own, and keepalived's keywords."""
    return [*own_keys(of_model), *keywords(of_model)]


def _apart(keyword: Keyword, items: Sequence[object]) -> tuple[list[object], list[Wrapped]]:
    """Items of a list without their options, and these, each in the item's place."""
    own: list[object] = []
    options: list[Wrapped] = []
    for one in items:
        if isinstance(one, dict) and len(one) == 1:
            ((item, given),) = one.items()
            own.append(item)
            # What the item is itself is judged by its own kind.
            options.append(Raw(keyword, {_ANY_ADDRESS: given}, entry=True))
        else:
            own.append(one)
            options.append(None)
    return own, options
