"""Text as Ruby and systemd read it, whatever is in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Value = str | int | bool | Sequence["Value"] | Mapping[str, "Value"]

_KEY = re.compile(r"[a-z_][a-z0-9_]*")


def ruby(value: Value) -> str:
    """A Ruby literal, on one line, in plain ASCII; mappings have symbols as keys.

    All but printable ASCII is written by its code point, and ``#`` is escaped, since it may begin
    an interpolation (Ruby's documentation, doc/syntax/literals.rdoc).
    """
    if isinstance(value, str):
        return '"' + "".join(map(_ruby_character, value)) + '"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        pairs = (f"{_ruby_key(key)}: {ruby(inner)}" for key, inner in value.items())
        return "{ " + ", ".join(pairs) + " }"
    return "[" + ", ".join(map(ruby, value)) + "]"


def systemd(text: str) -> str:
    """A quoted word of a unit file, for a setting that expands ``%`` but not ``$``.

    As systemd.syntax(7) has it in QUOTING, and systemd.exec(5) for Environment.
    """
    return '"' + "".join(map(_systemd_character, text)) + '"'


def _ruby_key(key: str) -> str:
    return key if _KEY.fullmatch(key) else ruby(key)


def _ruby_character(character: str) -> str:
    if character in '"\\#':
        return f"\\{character}"
    return character if " " <= character <= "~" else f"\\u{{{ord(character):x}}}"


def _systemd_character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character == "%":
        return "%%"
    # Beyond ASCII it takes UTF-8 as it is.
    return f"\\x{ord(character):02x}" if character < " " or character == "\x7f" else character
