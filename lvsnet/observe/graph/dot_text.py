"""A scene in Graphviz's language (https://graphviz.org/doc/info/lang.html): `dot` lays it out."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.observe.graph.links import in_rows, used
from lvsnet.observe.graph.paths import Kind, Path
from lvsnet.observe.graph.scene import Bar, Box, Scene
from lvsnet.observe.graph.scene import Kind as LineKind

_HEADS = {
    "client": "#f3e8d2", "director": "#cfe3d6", "realserver": "#dbe3f3", "router": "#e6dcef",
    "host": "#e7ebf0",
}  # fmt: skip
_COLOURS = {Kind.REQUEST: "#1d62c4", Kind.TUNNEL: "#8a3fc0", Kind.ANSWER: "#c25a00"}
_LINES = {
    LineKind.QUIET: "#66727f",
    LineKind.BACKUP: "#66727f",
    LineKind.DAEMON: "#66727f",
    LineKind.DEAD: "#b3261e",
    LineKind.FAULT: "#b3261e",
    LineKind.OUT: "#b3261e",
}


def written(scene: Scene, path: Path | None) -> str:
    """The text; with a path its arrows, too, which have no part in the layout."""
    return "".join(f"{line}\n" for line in _lines(scene, path))


def _lines(scene: Scene, path: Path | None) -> Iterator[str]:
    yield f"digraph {_quoted(scene.lab)} {{"
    yield f"    label={_quoted(_caption(scene, path))}; labelloc=t; labeljust=l;"
    yield '    graph [fontname="sans-serif", nodesep=0.4, ranksep=0.5];'
    yield '    node [fontname="sans-serif", fontsize=11, shape=plain];'
    yield '    edge [fontname="sans-serif", fontsize=11];'
    for box in scene.boxes:
        yield f"    {_node(box.name)} [label={_label(box)}];"
    for bar in scene.bars:
        yield f"    {_bar(bar.name)} [{_shape(bar)}];"
    for row in in_rows(scene):
        yield f"    {{rank=same; {' '.join(f'{_node(name)};' for name in row)}}}"
    for one in used(scene, path):
        ends = (_node(one.link.node), _bar(one.link.segment))
        above, below = ends if one.node_above else reversed(ends)
        style = ', style=dashed, color="#c62828", label="cut"' if one.link.cut else ""
        yield f'    {above} -> {below} [dir=none, color="#a9b5c1", penwidth=2{style}];'
    if path is not None:
        yield from _arrows(path)
    yield "}"


def _arrows(path: Path) -> Iterator[str]:
    seen = set()
    for step in path.steps:
        look = f'color="{_COLOURS[step.kind]}", constraint=false'
        if step.kind is Kind.TUNNEL:
            look += ", style=dashed"
        for way in step.ways:
            for n, hop in enumerate(way):
                number = "" if n else f', label="{step.number}", fontcolor="{_COLOURS[step.kind]}"'
                source, bar, target = _node(hop.source), _bar(hop.segment), _node(hop.target)
                for line in (
                    f"    {source} -> {bar} [{look}, arrowhead=none{number}];",
                    f"    {bar} -> {target} [{look}];",
                ):
                    if line not in seen:
                        seen.add(line)
                        yield line


def _caption(scene: Scene, path: Path | None) -> str:
    if path is None:
        return "\n".join((scene.lab, *scene.notes))
    steps = [f"{step.number}. {step.words}" for step in path.steps]
    return "\n".join((f"{scene.lab}: {path.title}", *steps, *path.notes, *scene.notes))


def _label(box: Box) -> str:
    """A table, as Graphviz takes it in the place of a label (its shapes, HTML-like)."""
    border = ' STYLE="DASHED"' if box.off else ""
    head = f"<B>{_escaped(box.name)}</B>  {'off' if box.off else box.role}"
    rows = [f'<TR><TD BGCOLOR="{_HEADS[box.role]}" ALIGN="LEFT">{head}</TD></TR>']
    for line in box.lines:
        words = _escaped(line.text) + (f"  {_escaped(line.aside)}" if line.aside else "")
        colour = _LINES.get(line.kind)
        if colour:
            words = f'<FONT COLOR="{colour}">{words}</FONT>'
        if line.kind is LineKind.HELD:
            words = f"<B>{words}</B>"
        rows.append(f'<TR><TD ALIGN="LEFT">{words}</TD></TR>')
    table = f'<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0"{border} COLOR="#9aa7b4">'
    return f"<{table}{''.join(rows)}</TABLE>>"


def _shape(bar: Bar) -> str:
    words = "  ".join((bar.name, *bar.prefixes))
    return (
        f'label={_quoted(words)}, shape=box, style="filled,rounded", fillcolor="#eef2f6", '
        'color="#c3cdd8", width=6, height=0.3'
    )


def _node(name: str) -> str:
    return _quoted(f"node {name}")


def _bar(name: str) -> str:
    return _quoted(f"segment {name}")


def _quoted(text: str) -> str:
    """A string; its lines end at the left."""
    safe = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + (safe.replace("\n", "\\l") + "\\l" if "\n" in safe else safe) + '"'


def _escaped(text: str) -> str:
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return safe.replace('"', "&quot;").replace("  ", " &#160;")
