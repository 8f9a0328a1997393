"""Pages of one file each: what came of scenarios, for a browser that asks nobody for anything.

All that comes from a lab is data, which `assets` put on the page as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files

from lvsnet import pages
from lvsnet.report.model import Run
from lvsnet.report.view import summary, view

ASSETS = files("lvsnet.report") / "assets"
STYLE = "page.css"
COMMON = ("words.js", "dom.js", "theme.js", "runs.js")
"""Scripts of every page, in the order in which they need each other."""
OF_RUNS = (
    "columns.js",
    "scale.js",
    "bars.js",
    "curves.js",
    "requests.js",
    "marks.js",
    "tracks.js",
    "pointing.js",
    "timeline.js",
    "answers.js",
    "tables.js",
    "files.js",
    "page.js",
)
OF_INDEX = ("index.js",)


def page(runs: Sequence[Run]) -> str:
    """A page with all runs, of which one is shown at a time."""
    title = runs[0].title if len(runs) == 1 else f"{len(runs)} runs"
    return _document(title, {f"run-{n}": view(one) for n, one in enumerate(runs)}, OF_RUNS)


def index(runs: Sequence[Run], links: Sequence[str]) -> str:
    """A page with a table of all runs; ``links`` are their pages, by relative URLs."""
    rows = [{**summary(run), "link": link} for run, link in zip(runs, links, strict=True)]
    return _document(f"{len(runs)} runs", {"index": {"runs": rows}}, OF_INDEX)


def _document(title: str, data: Mapping[str, object], scripts: Sequence[str]) -> str:
    style = pages.asset(ASSETS / STYLE)
    parts = (pages.asset(ASSETS / one) for one in (*COMMON, *scripts))
    script = f'(() => {{\n"use strict";\n{"".join(parts)}}})();\n'
    policy = pages.policy(script, style, "img-src data:")
    blocks = "".join(
        f'<script type="application/json" class="data" id="{name}">{pages.data(value)}</script>\n'
        for name, value in data.items()
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="lvsnet">
<title>{_text(title)} - lvsnet</title>
<style>{style}</style>
</head>
<body>
<noscript><p>This page draws itself: it needs JavaScript, and nothing from elsewhere.</p></noscript>
<div id="page"></div>
{blocks}<script>{script}</script>
</body>
</html>
"""


def _text(text: str) -> str:
    return escape(text).encode("ascii", "xmlcharrefreplace").decode()
