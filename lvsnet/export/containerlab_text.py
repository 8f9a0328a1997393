"""YAML that containerlab reads as it was meant.

It goes through three readers: Go's text/template, a substitution of ``$VARIABLE`` (hellt/envsubst),
and yaml.v2, which reads YAML 1.1: ``no`` is false, and ``22:22`` may be a number. So any text that
could be taken for something else is in double quotes, and ``{{`` and ``$`` are escaped at the end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

Value = str | bool | int | Sequence["Value"] | Mapping[str, "Value"]

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_/ .+=-]*[A-Za-z0-9_/]|[A-Za-z]")
_WORDS = frozenset("y yes n no true false on off null".split())
"""Booleans and null of YAML 1.1, in any case."""


def written(value: Mapping[str, Value]) -> str:
    """The text of a topology file; keys are in the order of ``value``."""
    yaml = YAML()
    yaml.width = 1_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump({_quoted(key): _quoted_deep(inner) for key, inner in value.items()}, stream)
    return stream.getvalue().replace("$", "$$").replace("{{", '{{"{{"}}')


def _quoted_deep(value: Value) -> object:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return {_quoted(key): _quoted_deep(inner) for key, inner in value.items()}
    return [_quoted_deep(inner) for inner in value] if isinstance(value, Sequence) else value


def _quoted(text: str) -> object:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return DoubleQuotedScalarString(text)
