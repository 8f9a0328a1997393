"""What pages of one file have in common: they load nothing, and run their own script alone.

What comes from a lab travels as JSON in a script element that is data (HTML, 4.12.1); the page's
policy (CSP 3) has the hashes of the script and the style that are lvsnet's.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources.abc import Traversable


def asset(file: Traversable) -> str:
    """As it is hashed and shown: a browser takes every end of a line as a line feed."""
    text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
    if "</s" in text.lower():
        raise ValueError(f"{file.name} would end the element that it stands in")
    return text


def policy(script: str, style: str, *more: str) -> str:
    """For a page that has this script and this style, as they stand in their elements.

    ``more`` are further directives: all else is refused.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            *more,
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def data(value: object) -> str:
    """JSON in ASCII, with no ``<``: nothing in it ends the element that it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
