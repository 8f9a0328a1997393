"""A picture as a page: the path of each service to choose from, details, zoom."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.resources import files

from lvsnet import pages
from lvsnet.observe.graph import colours, svg_text
from lvsnet.observe.graph.picture import Picture

ASSETS = files("lvsnet.observe.graph") / "assets"
NO_PATH = ""


def written(picture: Picture, shown: str) -> str:
    """The page, with one service's path to begin with, or none for ``""``."""
    script = pages.asset(ASSETS / "page.js")
    style = f"{pages.asset(ASSETS / 'page.css')}{colours.rules()}\n"
    data = pages.data({one.box.name: one.box.details for one in picture.boxes})
    width, height = svg_text.size(picture, picture.paths)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{pages.policy(script, style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="lvsnet">
<title>{escape(picture.lab)} - lvsnet</title>
<style>{style}</style>
</head>
<body>
<header>
<label for="service">Way of a request to</label>
<select id="service">{"".join(_options(picture, shown))}</select>
<span class="zoom" role="group" aria-label="Zoom">
<button id="further" aria-label="Further away">−</button>
<button id="whole">Whole</button>
<button id="nearer" aria-label="Nearer">+</button>
</span>
</header>
<main>
<svg viewBox="0 0 {width} {height}" role="group" aria-label="Lab {escape(picture.lab)}">
{chr(10).join(svg_text.body(picture, picture.paths, shown))}
</svg>
<aside id="details" role="status" hidden><h2></h2><pre></pre></aside>
</main>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def _options(picture: Picture, shown: str) -> Iterator[str]:
    for one in picture.paths:
        chosen = " selected" if one.service == shown else ""
        yield f'<option value="{escape(one.service)}"{chosen}>{escape(one.title)}</option>'
    chosen = "" if shown else " selected"
    yield f'<option value="{NO_PATH}"{chosen}>nobody</option>'
