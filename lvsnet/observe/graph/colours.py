"""What a picture's parts look like, by light and by dark.

Colours are written out in rules of CSS for classes, without variables, which programs that make
PNG of SVG do not know. Requests are blue, what is in a tunnel violet and answers orange: the
colour-blind can tell these apart.
"""

from __future__ import annotations

from collections.abc import Mapping

NAME = "lvsnet-graph"
"""The class that all rules are bound to, so that they change nothing of a page around them."""

_SHAPES = {
    ".box": "stroke-width:1.25",
    ".bar": "stroke-width:1",
    ".link": "fill:none;stroke-width:2.5",
    ".halo": "fill:none;stroke-width:7",
    ".cut": "stroke-dasharray:5 4",
    ".off .box": "stroke-dasharray:5 4",
    ".off text": "opacity:.55",
    ".off .head": "opacity:.55",
    ".flow": "fill:none;stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round",
    ".casing": "fill:none;stroke-width:7.5;stroke-linejoin:round",
    ".tunnel.flow": "stroke-dasharray:7 3",
    ".badge text": "font-weight:700;font-size:10.5px;text-anchor:middle",
    ".strong": "font-weight:600",
    ".mono": "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace",
    "text": "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif",
}

_LIGHT = {
    ".paper": "fill:#ffffff",
    "text": "fill:#1f2933",
    ".muted": "fill:#66727f",
    ".box": "fill:#ffffff;stroke:#9aa7b4",
    ".bar": "fill:#eef2f6;stroke:#c3cdd8",
    ".link": "stroke:#a9b5c1",
    ".dot": "fill:#8794a1",
    ".halo": "stroke:#ffffff",
    ".cut": "stroke:#c62828",
    ".cross": "stroke:#c62828;stroke-width:2.5",
    ".head": "fill:#e7ebf0",
    ".director .head": "fill:#cfe3d6",
    ".realserver .head": "fill:#dbe3f3",
    ".client .head": "fill:#f3e8d2",
    ".router .head": "fill:#e6dcef",
    ".held": "fill:#1b7a45",
    ".held-text": "fill:#ffffff",
    ".backup": "fill:none;stroke:#a3b3a9",
    ".bad": "fill:#b3261e",
    ".bad-pill": "fill:#fbe4e2",
    ".request": "stroke:#1d62c4",
    ".tunnel": "stroke:#8a3fc0",
    ".answer": "stroke:#c25a00",
    ".request-fill": "fill:#1d62c4",
    ".tunnel-fill": "fill:#8a3fc0",
    ".answer-fill": "fill:#c25a00",
    ".casing": "stroke:#eef2f6",
    ".badge text": "fill:#ffffff",
}

_DARK = {
    ".paper": "fill:#14181d",
    "text": "fill:#e4e9ee",
    ".muted": "fill:#97a3b0",
    ".box": "fill:#1d232a;stroke:#556270",
    ".bar": "fill:#262e37;stroke:#3d4854",
    ".link": "stroke:#5c6976",
    ".dot": "fill:#8492a0",
    ".halo": "stroke:#14181d",
    ".cut": "stroke:#ff7b72",
    ".cross": "stroke:#ff7b72;stroke-width:2.5",
    ".head": "fill:#313a44",
    ".director .head": "fill:#234736",
    ".realserver .head": "fill:#29395a",
    ".client .head": "fill:#4b3d20",
    ".router .head": "fill:#43325a",
    ".held": "fill:#2fa463",
    ".held-text": "fill:#06140c",
    ".backup": "fill:none;stroke:#4c6156",
    ".bad": "fill:#ff8a80",
    ".bad-pill": "fill:#4a2320",
    ".request": "stroke:#6aa7ff",
    ".tunnel": "stroke:#c78bf5",
    ".answer": "stroke:#ffa14d",
    ".request-fill": "fill:#6aa7ff",
    ".tunnel-fill": "fill:#c78bf5",
    ".answer-fill": "fill:#ffa14d",
    ".casing": "stroke:#262e37",
    ".badge text": "fill:#10151a",
}


def rules() -> str:
    """The style sheet: light, or dark where the reader's machine or the page around says so."""
    dark = f':root:not([data-theme="light"]) .{NAME}'
    return "\n".join(
        (
            *_rules(f".{NAME}", _SHAPES),
            *_rules(f".{NAME}", _LIGHT),
            "@media (prefers-color-scheme:dark){",
            *_rules(dark, _DARK),
            "}",
            *_rules(f':root[data-theme="dark"] .{NAME}', _DARK),
        )
    )


def _rules(within: str, found: Mapping[str, str]) -> list[str]:
    return [f"{within} {selector}{{{words}}}" for selector, words in found.items()]
