"""How wide text is at most, in pixels, where nobody knows which font it will be shown in."""

from __future__ import annotations

_NARROW = frozenset("iljtfrI.,:;'|!()[]/ -")
_WIDE = frozenset("mwMW@%")


def sans(text: str, size: float) -> float:
    """As DejaVu Sans Bold has it, the widest of the usual ones."""
    return size * sum(_em(one) for one in text)


def mono(text: str, size: float) -> float:
    """Every character of such a font is as wide as DejaVu Sans Mono's or narrower."""
    return size * 0.603 * len(text)


def cut(text: str, most: int) -> str:
    """No more than so many characters, with an ellipsis in the place of the others."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.46
    if character in _WIDE:
        return 1.06
    return 0.78 if character.isupper() else 0.72
