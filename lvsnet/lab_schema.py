"""The JSON Schema of whole lab files: of labs, of their scenarios, and of what they allow."""

from __future__ import annotations

import json

from pydantic import JsonValue

from lvsnet.lab import schema as labs
from lvsnet.lab.checks.allow import names
from lvsnet.scenario import schema as scenarios


def schema() -> dict[str, JsonValue]:
    """Give the JSON Schema (draft 2020-12) of a lab file, short forms included."""
    made = labs.schema()
    properties, definitions = made["properties"], made["$defs"]
    if not isinstance(properties, dict) or not isinstance(definitions, dict):
        raise TypeError("the properties and definitions of a lab file are mappings")
    written, allow = properties["scenarios"], properties["allow"]
    if not isinstance(written, dict) or not isinstance(allow, dict):
        raise TypeError("scenarios and allow have schemas of their own")
    written |= scenarios.by_name()
    allow["items"] = {"type": "string", "enum": [*names()]}
    definitions |= scenarios.definitions()
    return made


def schema_text() -> str:
    """Give ``schema()`` as a file: indented, with a line break at its end."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
