"""Pictures of labs, for the command `lvsnet graph` and for reports.

All of them show a lab while all is well, or with ``site`` and ``faults`` as it is now, and the path
of a request to ``service``, one of `services`: ``None`` takes the first one, ``""``
none. The same lab in the same state gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lvsnet.faults.model import Fault
    from lvsnet.observe.graph.paths import Path
    from lvsnet.observe.graph.scene import Scene
    from lvsnet.observe.model import Site
    from lvsnet.plan.model import Plan


def services(plan: Plan) -> tuple[str, ...]:
    """The names of the services whose paths there are."""
    from lvsnet.observe.graph.configured import completed

    return tuple(one.name for one in completed(plan).services)


def svg(
    plan: Plan,
    site: Site | None = None,
    service: str | None = None,
    faults: Sequence[Fault] = (),
) -> str:
    """A file that any browser shows, by light or by dark."""
    from lvsnet.observe.graph import drawing, scene, svg_text

    shown = scene.scene(plan, site, faults)
    return svg_text.written(drawing.picture(shown), _chosen(shown, service))


def html(
    plan: Plan,
    site: Site | None = None,
    service: str | None = None,
    faults: Sequence[Fault] = (),
) -> str:
    """A page that has all services' paths; ``service`` is the one that it begins with."""
    from lvsnet.observe.graph import drawing, html_text, scene

    shown = scene.scene(plan, site, faults)
    return html_text.written(drawing.picture(shown), _chosen(shown, service))


def mermaid(
    plan: Plan,
    site: Site | None = None,
    service: str | None = None,
    faults: Sequence[Fault] = (),
) -> str:
    """A flowchart for a page of Markdown."""
    from lvsnet.observe.graph import mermaid_text, scene

    shown = scene.scene(plan, site, faults)
    return mermaid_text.written(shown, _path(shown, service))


def dot(
    plan: Plan,
    site: Site | None = None,
    service: str | None = None,
    faults: Sequence[Fault] = (),
) -> str:
    """A file for Graphviz."""
    from lvsnet.observe.graph import dot_text, scene

    shown = scene.scene(plan, site, faults)
    return dot_text.written(shown, _path(shown, service))


def _chosen(scene: Scene, service: str | None) -> str:
    if service is None:
        return next((one.service for one in scene.paths), "")
    return service


def _path(scene: Scene, service: str | None) -> Path | None:
    named = _chosen(scene, service)
    return next((one for one in scene.paths if one.service == named), None)
