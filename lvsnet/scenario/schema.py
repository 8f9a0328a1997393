"""Scenarios in the JSON Schema of the lab file: what editors complete and check as one types.

Sentences and orders are text there; only lvsnet itself reads them.
"""

from __future__ import annotations

import json

from pydantic import JsonValue

from lvsnet.lab.units import Duration
from lvsnet.lab.values import NAME
from lvsnet.scenario.loads import MOST_CONNECTIONS, MOST_REQUESTS, RATE, TIMEOUT
from lvsnet.scenario.model import LIMIT, STEP_LIMIT
from lvsnet.scenario.reading import ACTS
from lvsnet.traffic.model import STYLES

Schema = dict[str, JsonValue]

_TIME: Schema = {
    "type": "string",
    # As in a lab file; and what stands for a value of the matrix.
    "pattern": r"^[0-9]{1,15}(\.[0-9]{1,9})?(us|ms|s|m|h)$|\$\{",
}
_VALUE: Schema = {"type": "string", "pattern": r"\$\{"}
"""One that a matrix gives."""


def definitions() -> dict[str, JsonValue]:
    """By their names, for ``$defs``: Scenario, Step, Traffic and Run."""
    return {
        "Scenario": _object(
            "What is done to the lab, and what is expected then.", _SCENARIO, "steps"
        ),
        "Step": {
            **_object("One of what a scenario does, in its order.", _STEP),
            "oneOf": [{"required": [key]} for key in ACTS],
        },
        "Traffic": _object(
            "Requests that clients send; the next step begins at once.", _TRAFFIC, "to"
        ),
        "Run": _object("A command in a node, and what comes of it.", _RUN, "node", "run"),
    }


def by_name() -> Schema:
    """Of the key ``scenarios``."""
    return {
        "type": "object",
        "patternProperties": {NAME: {"$ref": "#/$defs/Scenario"}},
        "additionalProperties": False,
    }


def file_schema() -> Schema:
    """Of a file of scenarios beside the lab files that it names."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lvsnet scenarios",
        "type": "object",
        "properties": {
            "lab": {"description": "The lab file, or several.", **_some({"type": "string"})},
            "scenarios": {"description": "Name -> scenario.", **by_name()},
        },
        "required": ["scenarios"],
        "additionalProperties": False,
        "$defs": definitions(),
    }


def file_schema_text() -> str:
    """Give `file_schema` as a file: indented, with a line break at its end."""
    return json.dumps(file_schema(), indent=2, ensure_ascii=False) + "\n"


def _object(description: str, properties: dict[str, Schema], *needed: str) -> Schema:
    made: Schema = {
        "description": description,
        "type": "object",
        "properties": {key: dict(one) for key, one in properties.items()},
        "additionalProperties": False,
    }
    return {**made, "required": list[JsonValue](needed)} if needed else made


def _some(one: Schema) -> Schema:
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _or_value(one: Schema) -> Schema:
    return {"anyOf": [one, _VALUE]}


def _shown(seconds: float) -> str:
    return str(Duration(f"{seconds:g}s"))


_MATRIX: Schema = {
    "description": (
        "Key -> values, every combination of which is a variant; or a list of mappings of keys to "
        "values. A key is a field of services or VRRP instances, a path from the top of the lab "
        "file, lab, or a name that stands for its value as ${name}."
    ),
    "anyOf": [
        {"type": "object"},
        {"type": "array", "items": {"type": "object"}, "minItems": 1},
    ],
}
_SCENARIO: dict[str, Schema] = {
    "description": {"description": "What it shows.", "type": "string"},
    "limit": {
        "description": "Of the lab's time, for all of it.",
        "default": _shown(LIMIT),
        **_TIME,
    },
    "matrix": _MATRIX,
    "always": {
        "description": (
            "What is watched all the time: a condition, or no two holders [of VIP] [for more than "
            "TIME]."
        ),
        "type": "array",
        "items": {"type": "string"},
    },
    "steps": {
        "description": "What happens, one after the other.",
        "type": "array",
        "items": {"$ref": "#/$defs/Step"},
        "minItems": 1,
    },
}
_STEP: dict[str, Schema] = {
    "traffic": {"description": "Begin to send requests.", "$ref": "#/$defs/Traffic"},
    "finish": {
        "description": "Wait until this traffic is over, or end it: a name, a list, or all.",
        **_some({"type": "string"}),
    },
    "fault": {
        "description": "Break something or mend it, as `lvsnet fault` does: stop lb01.",
        "type": "string",
    },
    "wait": {"description": "Of the lab's time.", **_TIME},
    "expect": {
        "description": "What comes true: vip 192.168.10.100 on lb02 within 4s; outage <= 4s.",
        "type": "string",
    },
    "exec": {
        "description": "Run a command in a node: NODE: COMMAND, or with more to say of it.",
        "anyOf": [{"type": "string"}, {"$ref": "#/$defs/Run"}],
    },
    "pass": {"description": "Said when it has passed.", "type": ["string", "number"]},
    "fail": {"description": "Said when it has failed.", "type": ["string", "number"]},
    "limit": {
        "description": (
            f"How long it may take; {_shown(STEP_LIMIT)} beyond what it says itself unless given."
        ),
        **_TIME,
    },
}
_TRAFFIC: dict[str, Schema] = {
    "name": {"description": "For finish and of; traffic unless given.", "type": "string"},
    "from": {
        "description": "The client, or several; the lab's only one unless given.",
        **_some({"type": "string"}),
    },
    "to": {
        "description": "http://VIP[:PORT][/PATH], tcp://VIP:PORT or udp://VIP:PORT.",
        "type": "string",
    },
    "rate": {
        "description": "Requests a second of all clients together; 0: one after the other.",
        "default": RATE,
        "type": ["number", "string"],
    },
    "count": {
        "description": "Requests in all.",
        **_or_value({"type": "integer", "minimum": 1, "maximum": MOST_REQUESTS}),
    },
    "for": {"description": "How long requests are sent.", **_TIME},
    "connections": {
        "description": "Of each client, open or busy at once.",
        "default": 1,
        **_or_value({"type": "integer", "minimum": 1, "maximum": MOST_CONNECTIONS}),
    },
    "style": {
        "description": (
            "A connection for each request; as many requests on one as it lives; or connections "
            "that are held and carry a heartbeat."
        ),
        "default": STYLES[0],
        **_or_value({"enum": list[JsonValue](STYLES)}),
    },
    "timeout": {
        "description": "After which a request without an answer has failed.",
        "default": _shown(TIMEOUT),
        **_TIME,
    },
    "upload": {
        "description": "Size of a request's body: 10kB.",
        "type": ["string", "number"],
    },
    "sources": {
        "description": (
            "Addresses of the client, or prefixes of them, which connections have in turn."
        ),
        **_some({"type": "string"}),
    },
    "serve": {
        "description": (
            "Nodes that answer at the port of a tcp, udp or sctp target as long as the traffic "
            "lasts; NODE:udp/PORT for another port."
        ),
        **_some({"type": "string"}),
    },
}
_RUN: dict[str, Schema] = {
    "node": {"description": "Where.", "type": "string"},
    "run": {"description": "A command of the shell, sh(1).", "type": "string"},
    "code": {
        "description": "The exit code; any for any.",
        "default": 0,
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": 255},
            {"const": "any"},
            _VALUE,
        ],
    },
    "output": {
        "description": "A regular expression that is found somewhere in the output.",
        "type": ["string", "number"],
    },
    "within": {"description": "How long it is run again until it is so.", **_TIME},
}
