"""The JSON Schema of lab files, but for what scenarios and the linter's rules add to it."""

from __future__ import annotations

import ast
import inspect

from pydantic import BaseModel, JsonValue

from lvsnet.lab import model, settings_schema
from lvsnet.lab.kinds import Strict, keys
from lvsnet.lab.model_vrrp import Spread
from lvsnet.lab.units import Duration
from lvsnet.lab.values import SPREAD

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, JsonValue]:
    """Give the JSON Schema (draft 2020-12) of a lab file, short forms included.

    Of ``scenarios`` it says nothing, of ``allow`` only that it has texts: ``lvsnet.lab_schema``
    knows more.
    """
    made = model.Lab.model_json_schema(mode="validation")
    spread = Spread.model_json_schema(mode="validation")
    made["$defs"] = {**made["$defs"], **spread.pop("$defs"), Spread.__name__: spread}
    made["properties"]["vrrp"] = _with_spread(made["properties"]["vrrp"])
    for definition in (made, *made["$defs"].values()):
        _describe(definition)
        _close_names(definition)
    blocks = settings_schema.definitions(models())
    definitions = {**made.pop("$defs"), **blocks}
    made["title"] = "lvsnet lab file"
    return {"$schema": _DIALECT, **made, "$defs": definitions}


def models() -> dict[str, type[Strict]]:
    """The models of a lab file by their names; not those that only others are made of."""
    found = {}
    waiting = [Strict]
    while waiting:
        one = waiting.pop(0)
        further = one.__subclasses__()
        waiting += further
        if not further:
            found[one.__name__] = one
    return found


def _with_spread(vrrp: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """``vrrp`` has instances by their names, of which one stands for a spread."""
    instances = vrrp["patternProperties"]
    if not isinstance(instances, dict):
        raise TypeError("the instances of vrrp are a mapping")
    ((pattern, instance),) = instances.items()
    others = f"^(?!{SPREAD}$){pattern.removeprefix('^')}"
    return {
        **vrrp,
        "properties": {SPREAD: {"$ref": f"#/$defs/{Spread.__name__}"}},
        "patternProperties": {others: instance},
    }


def _describe(definition: dict[str, JsonValue]) -> None:
    """Add what pydantic leaves out of a model, and take out titles that repeat the keys."""
    described = models()[str(definition["title"])]
    written = _field_docstrings(described)
    properties = definition["properties"]
    if not isinstance(properties, dict):
        raise TypeError("the properties of a model are a mapping")
    properties = definition["properties"] = {name: properties[name] for name in keys(described)}
    for name, of_field in properties.items():
        if isinstance(of_field, dict):
            of_field.pop("title", None)
            if name in written:
                of_field["description"] = written[name].replace("``", "`")
            default = described.model_fields[name].default
            if isinstance(default, Duration):
                of_field["default"] = str(default)
    for key, options in settings_schema.entries(described).items():
        if isinstance(listed := properties[key], dict):
            listed["items"] = {"anyOf": [listed["items"], options]}
    definition["properties"] = {**properties, **settings_schema.properties(described)}
    definition["description"] = str(definition["description"]).replace("``", "`")


def _close_names(definition: dict[str, JsonValue]) -> None:
    """Refuse other names where pydantic only says what fitting names lead to."""
    for value in list(definition.values()):
        inner = value if isinstance(value, list) else [value]
        for one in inner:
            if isinstance(one, dict):
                _close_names(one)
    if "patternProperties" in definition:
        definition["additionalProperties"] = False


def _field_docstrings(of_model: type[BaseModel]) -> dict[str, str]:
    """Read the string literals that stand below the fields in the source of a model, and of those
    that it is made of."""
    (tree,) = ast.parse(inspect.getsource(of_model)).body
    if not isinstance(tree, ast.ClassDef):
        raise TypeError(f"{of_model} is no class")
    above = [one for one in of_model.__bases__ if issubclass(one, Strict) and one is not Strict]
    found = {name: text for one in above for name, text in _field_docstrings(one).items()}
    for before, after in zip(tree.body, tree.body[1:], strict=False):
        match before, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
    return found
