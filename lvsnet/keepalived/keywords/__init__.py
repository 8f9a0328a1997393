"""The keywords of keepalived.conf, as keepalived 2.3.3 has them.

``FILE`` is the file as a whole; each of its keywords says how its line is written, and what its
block holds::

    keyword = find(("vrrp_instance", "priority"))
    faults(keyword, ["priority", "300"])      # what keepalived would not take, word by word
    wanted(keyword.arguments[0].value)        # "a whole number from 1 to 255"

    VRRP_INSTANCE.keywords["track_script"].block     # Entries: lines without a keyword
    entry_faults("track_script", block, ["chk", "weight", "-300"])

What to know of the tables:

- A keyword has one or more ``shapes``. A shape has ``arguments``, in their places, and behind them
  ``options`` that have names, in any order.
- A value says its kind and its bounds. Where keepalived takes something and then uses another value
  (``garp_master_repeat 0``), the bounds are those of what it really uses.
- ``used`` says what comes of a keyword that is written twice: the last one counts, or the first
  with a warning, or all of them.
- ``instead`` names the keyword that an older or another name stands for.
- ``Block.file`` and ``Block.section`` say where keepalived reads a block, and where
  keepalived.conf(5) describes it.

Read from keepalived's parsers: ``core/global_parser.c``, ``vrrp/vrrp_parser.c``,
``check/check_parser.c``, ``check/check_*.c``, ``bfd/bfd_parser.c`` and ``trackers/track_file.c``. A
test compares the names with what these install.
"""

from __future__ import annotations

from collections.abc import Sequence

from lvsnet.keepalived.keywords import addresses, general, services, tracking, vrrp
from lvsnet.keepalived.keywords.making import block, holding, keyword
from lvsnet.keepalived.keywords.model import Block, Keyword

FILE: Block = block(
    "",
    "core/global_parser.c",
    "TOP HIERACHY",
    *general.OUTSIDE,
    holding(keyword("global_defs", means="What holds for all"), general.GLOBAL_DEFS),
    *addresses.ROOTS,
    *tracking.ROOTS,
    *vrrp.ROOTS,
    *services.ROOTS,
)
"""A keepalived.conf."""


def find(path: Sequence[str]) -> Keyword | None:
    """The keyword that the last of ``path`` is, in the blocks before it.

    ``("virtual_server", "real_server", "HTTP_GET", "url")``; None when keepalived has none there.
    """
    block: object = FILE
    found = None
    for name in path:
        if not isinstance(block, Block):
            return None
        found = block.keywords.get(name)
        if found is None:
            return None
        block = found.block
    return found
