"""VRRP instances that move together (keepalived.conf(5), vrrp_sync_group)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lvsnet.lab.model import Lab


def together(lab: Lab, instance: str) -> set[str]:
    """An instance, and those that a sync group moves with it."""
    groups = (group.group for group in lab.vrrp_sync_group.values() if instance in group.group)
    return {instance}.union(*groups)
