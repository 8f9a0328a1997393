"""A scene as a flowchart of Mermaid (https://mermaid.js.org/syntax/flowchart.html).

Pages of Markdown show it where they know that language. Its layout is Mermaid's own, so each link
is one edge, from above to below, and says which steps use it and in which direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lvsnet.observe.graph.links import Use, Used, used
from lvsnet.observe.graph.paths import Kind, Path
from lvsnet.observe.graph.scene import Box, Scene
from lvsnet.observe.graph.scene import Kind as LineKind

_STYLES = {
    "client": "fill:#f3e8d2,stroke:#9aa7b4,color:#1f2933",
    "director": "fill:#cfe3d6,stroke:#9aa7b4,color:#1f2933",
    "realserver": "fill:#dbe3f3,stroke:#9aa7b4,color:#1f2933",
    "router": "fill:#e6dcef,stroke:#9aa7b4,color:#1f2933",
    "host": "fill:#e7ebf0,stroke:#9aa7b4,color:#1f2933",
    "segment": "fill:#eef2f6,stroke:#66727f,color:#1f2933",
    "off": "fill:#ffffff,stroke:#9aa7b4,color:#66727f,stroke-dasharray:5 4",
}
_COLOURS = {Kind.REQUEST: "#1d62c4", Kind.TUNNEL: "#8a3fc0", Kind.ANSWER: "#c25a00"}
_BOTH = "#5f6b77"
"""Of a link that requests and answers use."""
_SAFE = str.maketrans({"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;"})
"""Mermaid's own way of writing them in quotes, with ``#`` for HTML's ``&``."""


def written(scene: Scene, path: Path | None) -> str:
    """The text; with a path also its steps, below, and what is wrong."""
    return "".join(f"{line}\n" for line in _lines(scene, path))


def _lines(scene: Scene, path: Path | None) -> Iterator[str]:
    nodes = {box.name: f"n{number}" for number, box in enumerate(scene.boxes)}
    bars = {bar.name: f"s{number}" for number, bar in enumerate(scene.bars)}
    title = scene.lab if path is None else f"{scene.lab}: {path.title}"
    yield "---"
    yield f'title: "{title.translate(_YAML)}"'
    yield "---"
    yield "flowchart TB"
    for box in scene.boxes:
        role = "off" if box.off else box.role
        yield f'    {nodes[box.name]}["{_words(box)}"]:::{role}'
    for bar in scene.bars:
        words = "<br>".join([f"<b>{_safe(bar.name)}</b>", *map(_safe, bar.prefixes)])
        yield f'    {bars[bar.name]}(["{words}"]):::segment'
    styles = []
    for number, one in enumerate(used(scene, path)):
        ends = (nodes[one.link.node], bars[one.link.segment])
        above, below = ends if one.node_above else reversed(ends)
        yield f"    {above} {_edge(one)} {below}"
        if one.uses:
            styles.append(f"    linkStyle {number} stroke:{_colour(one.uses)},stroke-width:3px")
    yield from styles
    roles = dict.fromkeys("off" if box.off else box.role for box in scene.boxes)
    for name in (*roles, *(("segment",) if scene.bars else ())):
        yield f"    classDef {name} {_STYLES[name]}"
    steps = () if path is None else [f"{step.number}. {step.words}" for step in path.steps]
    told = (*steps, *(() if path is None else path.notes), *scene.notes)
    if told:
        yield f'    steps["{"<br>".join(map(_safe, told))}"]:::steps'
        yield "    classDef steps fill:none,stroke:none,text-align:left"


_YAML = str.maketrans({'"': '\\"', "\\": "\\\\"})


def _words(box: Box) -> str:
    head = f"<b>{_safe(box.name)}</b> {'off' if box.off else box.role}"
    lines = []
    for line in box.lines:
        words = _safe(" ".join(line.text.split()))
        if line.kind is LineKind.HELD:
            words = f"<b>{words}</b>"
        lines.append(words)
    return "<br>".join([head, *lines])


def _edge(one: Used) -> str:
    if one.link.cut:
        return '-. "cut" .-'
    if not one.uses:
        return "---"
    signs = [f"{use.number} {'↓' if use.leaves is one.node_above else '↑'}" for use in one.uses]
    return f'-- "{" · ".join(signs)}" ---'


def _colour(uses: Sequence[Use]) -> str:
    kinds = {use.kind for use in uses}
    answers = Kind.ANSWER in kinds
    if answers and len(kinds) > 1:
        return _BOTH
    return _COLOURS[next(one for one in Kind if one in kinds)]


def _safe(text: str) -> str:
    return text.translate(_SAFE)
