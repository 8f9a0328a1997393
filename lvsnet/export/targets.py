"""Where a lab can be exported to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lvsnet.export.containerlab_alone import containerlab
from lvsnet.export.packages import Packages
from lvsnet.export.vagrant import vagrant
from lvsnet.plan.model import File, Plan

Exporter = Callable[[Plan, Packages], tuple[File, ...]]
"""Pure: a plan, and what machines install -> files with relative paths, the main one first.

Raises LvsnetError for what cannot be expressed there."""

TARGETS: Mapping[str, Exporter] = {"containerlab": containerlab, "vagrant": vagrant}
