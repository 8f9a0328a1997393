"""The JSON Schema says what the models do, and the published file is it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel, JsonValue

from lvsnet.lab import model, model_checks, model_marks, model_services, model_vrrp
from lvsnet.lab.checks.allow import names
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Loc, plain
from lvsnet.lab.kinds import keys
from lvsnet.lab.schema import models
from lvsnet.lab.settings_model import every_key
from lvsnet.lab.wording import fields
from lvsnet.lab_schema import schema as made_schema
from lvsnet.lab_schema import schema_text
from lvsnet.rules.of_labs import RULES

ROOT = Path(__file__).parents[2]
Schema = dict[str, JsonValue]


@cache
def schema() -> Schema:
    """Made once: nobody here changes it."""
    return made_schema()


def test_the_published_schema_is_the_models() -> None:
    """``lvsnet schema > docs/lab.schema.json`` writes it anew."""
    assert (ROOT / "docs" / "lab.schema.json").read_text() == schema_text()


def test_every_mapping_is_closed_and_every_field_described() -> None:
    made = schema()
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for definition in (made, *table(made["$defs"]).values()):
        assert table(definition)["additionalProperties"] is False
        assert table(definition)["description"]
        for name, field in table(table(definition)["properties"]).items():
            assert "description" in table(field), name


def test_patterns_compile() -> None:
    found = list(patterns(schema()))
    assert len(found) > 10
    for pattern in found:
        re.compile(pattern)


def test_durations_have_defaults_that_can_be_written() -> None:
    check = table(table(schema()["$defs"])["Check"])
    assert table(table(check["properties"])["interval"])["default"] == "2s"


SHORT_FORMS = {
    "segments": ("properties/segments/patternProperties/*", ["string", "array", "Segment"]),
    "sync groups": ("properties/vrrp_sync_group/patternProperties/*", ["array", "SyncGroup"]),
    "real servers": (
        "$defs/Service/properties/real_servers/items",
        ["string", "string", "RealServer"],
    ),
    "tracked links": (
        "$defs/VrrpInstance/properties/track_interface/items",
        ["string", "TrackInterface"],
    ),
    "tracked scripts": (
        "$defs/VrrpInstance/properties/track_script/items",
        ["string", "TrackScript"],
    ),
}


@pytest.mark.parametrize(("path", "kinds"), SHORT_FORMS.values(), ids=SHORT_FORMS)
def test_short_forms_are_in_it(path: str, kinds: list[str]) -> None:
    here: JsonValue = schema()
    for part in path.split("/"):
        here = next(iter(table(here).values())) if part == "*" else table(here)[part]
    forms = [table(form) for form in items(table(here)["anyOf"])]
    assert [str(form.get("type", form.get("$ref"))).split("/")[-1] for form in forms] == kinds


def test_editors_know_the_names_of_the_rules() -> None:
    allow = table(table(table(schema()["properties"])["allow"])["items"])
    assert items(allow["enum"]) == names()
    assert set(RULES) <= set(names())


FITTING = [
    *sorted((ROOT / "labs").glob("*.yaml")),
    *sorted((ROOT / "tests/pure/labs").glob("spread*.yaml")),
]


@pytest.mark.parametrize("path", FITTING, ids=lambda path: path.stem)
def test_the_example_labs_fit(path: Path) -> None:
    root = parse(path.read_text()).root
    assert root is not None
    assert not misfits(json.loads(json.dumps(plain(root))), schema(), table(schema()["$defs"]))


@pytest.mark.parametrize(
    "name",
    [
        "unknown-key",
        "enumerations",
        "port-range",
        "host-names",
        "wrong-shapes",
        "numbers",
        "unknown-method",
        "unknown-rule",
        "vrrp-values",
        "spread-keys",
        "spread-numbers",
        "spread-reserved",
        "spread-shape",
        "service-values",
        "sync-groups",
    ],
)
def test_wrong_labs_do_not_fit(name: str) -> None:
    root = parse((ROOT / "tests" / "pure" / "lab_errors" / f"{name}.yaml").read_text()).root
    assert root is not None
    assert misfits(json.loads(json.dumps(plain(root))), schema(), table(schema()["$defs"]))


def test_every_model_has_its_place_among_the_messages() -> None:
    places: dict[type[BaseModel], Loc] = {
        model.Lab: (),
        model.Segment: ("segments", "lan"),
        model.Node: ("nodes", "a"),
        model.File: ("nodes", "a", "files", "/x"),
        model.Route: ("nodes", "a", "routes", 0),
        model.GlobalDefs: ("global_defs",),
        model_vrrp.VrrpInstance: ("vrrp", "VI_1"),
        model_vrrp.Spread: ("vrrp", "spread"),
        model_vrrp.Authentication: ("vrrp", "VI_1", "authentication"),
        model_vrrp.TrackScript: ("vrrp", "VI_1", "track_script", 0),
        model_vrrp.TrackInterface: ("vrrp", "VI_1", "track_interface", 0),
        model_vrrp.VrrpScript: ("vrrp_script", "chk"),
        model_vrrp.SyncGroup: ("vrrp_sync_group", "SITE"),
        model_services.Timeouts: ("timeouts",),
        model_services.SyncDaemon: ("sync_daemon",),
        model_services.Service: ("services", "web"),
        model_marks.Mark: ("services", "web", "marks", 0),
        model_marks.VirtualServers: ("services", "web", "virtual_server_group", 0),
        model_services.RealServer: ("services", "web", "real_servers", 0),
        model_services.Tunnel: ("services", "web", "real_servers", 0, "tunnel"),
        model_services.SorryServer: ("services", "web", "sorry_server"),
        model_checks.Check: ("services", "web", "check"),
    }
    assert set(places) == set(models().values())
    for one, loc in places.items():
        assert fields(loc) == every_key(one)
        assert set(keys(one)) <= set(fields(loc))
    assert fields(("nodes", "a", "keepalived")) == list(model.File.model_fields)


def table(value: JsonValue) -> Schema:
    assert isinstance(value, dict)
    return value


def items(value: JsonValue) -> list[JsonValue]:
    assert isinstance(value, list)
    return value


def patterns(value: JsonValue) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from patterns(one)
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "patternProperties":
                yield from table(one)
            if key == "pattern":
                yield str(one)
            else:
                yield from patterns(one)


TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def misfits(value: JsonValue, by: JsonValue, definitions: Schema) -> bool:
    """Whether ``value`` breaks the schema ``by``: the few keywords that the lab's schema uses."""
    rules = table(by)
    if "$ref" in rules:
        return misfits(value, definitions[str(rules["$ref"]).rpartition("/")[2]], definitions)
    for choice in ("anyOf", "oneOf"):
        if choice in rules and all(
            misfits(value, one, definitions) for one in items(rules[choice])
        ):
            return True
    if "type" in rules:
        kinds = rules["type"] if isinstance(rules["type"], list) else [rules["type"]]
        if not any(isinstance(value, TYPES[str(kind)]) for kind in kinds):
            return True
    if "const" in rules and value != rules["const"]:
        return True
    if "enum" in rules and value not in items(rules["enum"]):
        return True
    if isinstance(value, str):
        return "pattern" in rules and re.search(str(rules["pattern"]), value) is None
    if isinstance(value, int):
        low, high = rules.get("minimum", value), rules.get("maximum", value)
        assert isinstance(low, int | float)
        assert isinstance(high, int | float)
        return not low <= value <= high
    if isinstance(value, list):
        inner = rules.get("items", {})
        return any(misfits(one, inner, definitions) for one in value)
    if isinstance(value, dict):
        return mapping_misfits(value, rules, definitions)
    return False


def mapping_misfits(value: Schema, rules: Schema, definitions: Schema) -> bool:
    named = table(rules.get("properties", {}))
    fitting = table(rules.get("patternProperties", {}))
    if not all(key in value for key in items(rules.get("required", []))):
        return True
    for key, one in value.items():
        by = [named[key]] if key in named else []
        by += [schema for pattern, schema in fitting.items() if re.search(pattern, key)]
        if not by and rules.get("additionalProperties") is False:
            return True
        if any(misfits(one, each, definitions) for each in by):
            return True
    return False
