"""Checks of the weights that tracked scripts put on a machine's priority."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lvsnet.keepalived.priority import when_failed, while_well
from lvsnet.lab.checks.tracking import tracks
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.model_vrrp import VrrpInstance

_KEEPS = "sync_group_tracking_weight"
"""A group with it may have weights (keepalived.conf(5))."""


@dataclass(frozen=True)
class _Weighed:
    """An entry of an instance's ``track_script`` that has a weight."""

    number: int
    script: str
    weight: int


def without_effect(lab: Lab) -> Iterator[Finding]:
    """Weights that keepalived ignores, and those that move nothing."""
    grouped = {
        member: group
        for group, spec in lab.vrrp_sync_group.items()
        if _KEEPS not in spec.settings.given
        for member in spec.group
    }
    for name, instance in lab.vrrp.items():
        for one in _weighed(lab, instance):
            where = f"VRRP instance {name}: {one.script} is tracked with weight {one.weight}"
            loc = ("vrrp", name, "track_script", one.number, "weight")
            because = (("vrrp_script", one.script),)
            if name in grouped:
                yield Finding(
                    loc,
                    f"{where}, but the instance is in sync group {grouped[name]}, whose instances"
                    " have to keep their priorities: keepalived does not track the script at all;"
                    " with weight 0 its failure is a FAULT of the whole group",
                    because=(*because, ("vrrp_sync_group",)),
                    rule="track-weight-sync-group",
                )
            elif instance.nopreempt:
                yield Finding(
                    loc,
                    f"{where}, but with nopreempt nobody takes the addresses from a MASTER whose"
                    " priority has fallen; with weight 0 the failure is a FAULT, which gives them"
                    " away",
                    because=because,
                    rule="track-weight-nopreempt",
                )


def gap(lab: Lab) -> Iterator[Finding]:
    """Of those that track weighed scripts the best one falls below the next when all fail.

    The next one keeps the addresses where they are when the two are equal: a BACKUP accepts
    advertisements of its own priority (RFC 3768, 6.4.2).
    """
    grouped = {
        member
        for spec in lab.vrrp_sync_group.values()
        if _KEEPS not in spec.settings.given
        for member in spec.group
    }
    for name, instance in lab.vrrp.items():
        weighed = _weighed(lab, instance)
        if not weighed or len(instance.priority) < 2 or name in grouped or instance.nopreempt:
            continue
        well = {
            node: while_well(priority, _weights(instance, weighed, node))
            for node, priority in instance.priority.items()
        }
        watching = [node for node in well if _watched(instance, weighed, node)]
        if not watching:
            continue
        # Where keepalived's bound makes two equal, their own priorities tell who is meant.
        best = max(watching, key=lambda node: (well[node], instance.priority[node]))
        failed = when_failed(instance.priority[best], _weights(instance, weighed, best))
        below = {node: one for node, one in well.items() if node != best and one <= well[best]}
        following = max(below, key=below.__getitem__, default=None)
        if following is not None and failed < below[following]:
            continue
        if following is None:
            outcome = f"{best}, which tracks it, is the last one anyway"
        else:
            outcome = (
                f"{best} has priority {well[best]} while all is well and {failed} when it is not,"
                f" and would have to fall below {following}, which has {below[following]}"
            )
        for one in _watched(instance, weighed, best):
            yield Finding(
                ("vrrp", name, "track_script", one.number, "weight"),
                f"VRRP instance {name}: weight {one.weight} of {one.script} moves no address:"
                f" {outcome}; change the weight or the priorities, or take weight 0, with which a"
                " failure is a FAULT",
                because=(
                    ("vrrp", name, "priority"),
                    ("vrrp", name, "track_script"),
                    ("vrrp", name, "nopreempt"),
                    ("vrrp_script",),
                    ("vrrp_sync_group",),
                ),
                rule="track-weight-gap",
            )


def _weighed(lab: Lab, instance: VrrpInstance) -> list[_Weighed]:
    found = []
    for number, track in enumerate(instance.track_script):
        weight = track.weight
        if weight is None and track.script in lab.vrrp_script:
            weight = lab.vrrp_script[track.script].weight
        if weight:
            found.append(_Weighed(number, track.script, weight))
    return found


def _watched(instance: VrrpInstance, weighed: list[_Weighed], node: str) -> list[_Weighed]:
    return [one for one in weighed if tracks(instance.track_script[one.number], node)]


def _weights(instance: VrrpInstance, weighed: list[_Weighed], node: str) -> list[int]:
    return [one.weight for one in _watched(instance, weighed, node)]
