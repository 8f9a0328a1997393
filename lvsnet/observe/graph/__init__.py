"""Pictures of labs: `svg` draws one; the command is `lvsnet graph`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lvsnet.faults.model import Fault
    from lvsnet.observe.model import Site
    from lvsnet.plan.model import Plan


def svg(
    plan: Plan,
    site: Site | None = None,
    service: str | None = None,
    faults: Sequence[Fault] = (),
) -> str:
    """A lab's picture as an SVG file; the same lab and state give the same bytes.

    Shows the lab while all is well, or with ``site`` and ``faults`` as it is now. With the path of
    a request to ``service``, one of the plan's by its name, or to the first one; ``""`` for none.
    """
    from lvsnet.observe.graph import drawing, scene, svg_text

    shown = scene.scene(plan, site, faults)
    if service is None:
        service = next((one.service for one in shown.paths), "")
    return svg_text.written(drawing.picture(shown), service)
