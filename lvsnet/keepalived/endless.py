"""What keepalived reads for ever. Only imported when a test of a configuration did not end."""

from __future__ import annotations

from collections.abc import Iterable

from lvsnet.errors import LabFileError
from lvsnet.keepalived.expanding import expand
from lvsnet.keepalived.including import in_mapping
from lvsnet.keepalived.tree import Item, Statement

_FILE = "keepalived.conf"


def why_endless(configuration: str) -> str:
    """Why keepalived may read this configuration for ever; empty when no reason is known."""
    try:
        found = expand(_FILE, in_mapping({_FILE: configuration})).statements
    except LabFileError:
        return ""
    if not _checks_hosts(found):
        return ""
    return (
        "it has an SMTP_CHECK with a `host` block, over which keepalived 2.3 never ends, the "
        "daemon neither; write connect_ip and connect_port into SMTP_CHECK itself"
    )


def _checks_hosts(items: Iterable[Item], within: str = "") -> bool:
    """Whether an SMTP_CHECK has a ``host`` (``smtp_check_end_handler()`` of check_smtp.c)."""
    return any(
        (within, item.keyword) == ("SMTP_CHECK", "host")
        or _checks_hosts(item.block or (), item.keyword)
        for item in items
        if isinstance(item, Statement)
    )
