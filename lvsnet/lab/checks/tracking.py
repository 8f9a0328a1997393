"""Checks of what VRRP instances watch: scripts and interfaces."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.checks.addresses import settled
from lvsnet.lab.checks.vrrp import preferred
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.model_vrrp import TrackScript, VrrpInstance
from lvsnet.lab.suggest import hint
from lvsnet.lab.sync_groups import together


def tracked_scripts(lab: Lab) -> Iterator[Finding]:
    """A script that is tracked exists, on machines of the instance."""
    for name, instance in lab.vrrp.items():
        for number, track in enumerate(instance.track_script):
            loc = ("vrrp", name, "track_script", number)
            if track.script not in lab.vrrp_script:
                yield Finding(
                    (*loc, "script"),
                    f"VRRP instance {name}: unknown script '{track.script}' in track_script"
                    f"{hint(track.script, lab.vrrp_script) or '; vrrp_script has none'}",
                    because=(("vrrp_script", track.script),),
                )
            for place, node in enumerate(track.nodes or ()):
                if node not in instance.priority:
                    yield Finding(
                        (*loc, "nodes", place),
                        f"VRRP instance {name}: {node} is to track {track.script}, but has no"
                        f" priority, so it is none of the instance's machines"
                        f"{hint(node, instance.priority)}",
                        because=(("vrrp", name, "priority"),),
                    )


def tracked_once(lab: Lab) -> Iterator[Finding]:
    """keepalived ignores a script that an instance tracks already (alloc_track_script())."""
    for name, instance in lab.vrrp.items():
        seen: set[tuple[str, str]] = set()
        for number, track in enumerate(instance.track_script):
            nodes = list(instance.priority if track.nodes is None else track.nodes)
            twice = [
                node
                for place, node in enumerate(nodes)
                if (track.script, node) in seen or node in nodes[:place]
            ]
            if twice:
                yield Finding(
                    ("vrrp", name, "track_script", number, "script"),
                    f"VRRP instance {name}: {twice[0]} tracks {track.script} already",
                    because=(("vrrp", name, "priority"),),
                )
            seen.update((track.script, node) for node in nodes)


def tracked_interfaces(lab: Lab) -> Iterator[Finding]:
    """A segment that is tracked exists, and all machines of the instance are in it."""
    for name, instance in lab.vrrp.items():
        tracked = [one.segment for one in instance.track_interface]
        for number, segment in enumerate(tracked):
            loc = ("vrrp", name, "track_interface", number, "segment")
            where = f"VRRP instance {name}: track_interface"
            if segment in tracked[:number]:
                yield Finding(loc, f"{where} has {segment} twice")
            elif not lab.segments:
                continue
            elif segment not in lab.segments:
                yield Finding(
                    loc,
                    f"{where} has the unknown segment '{segment}'{hint(segment, lab.segments)}",
                    because=(("segments", segment),),
                )
            elif segment == instance.segment:
                yield Finding(
                    loc,
                    f"{where} has the instance's own segment {segment}, whose loss is a FAULT"
                    " anyway; keepalived ignores it with a warning; take it out",
                    because=(("vrrp", name, "segment"),),
                    rule="track-interface-own",
                )
            else:
                absent = [
                    node
                    for node in instance.priority
                    if node in lab.nodes
                    and settled(lab, node)
                    and segment not in lab.nodes[node].interfaces
                ]
                if absent:
                    yield Finding(
                        loc,
                        f"{where} has segment {segment}, in which {absent[0]} has no interface",
                        because=tuple(("nodes", node, "interfaces") for node in absent),
                    )


def backup_without_script(lab: Lab) -> Iterator[Finding]:
    """A real server that may take an address over knows whether it can serve it.

    A script of another instance counts where a sync group joins the two: its FAULT is the group's.
    """
    for name, instance in lab.vrrp.items():
        grouped = together(lab, name)
        for node in instance.priority if len(instance.priority) > 1 else ():
            if node not in lab.nodes or lab.nodes[node].role != "realserver":
                continue
            first = node == preferred(instance) and _starts_as_master(instance, node)
            if not first and not any(
                tracks(track, node)
                for other in grouped
                if other in lab.vrrp
                for track in lab.vrrp[other].track_script
            ):
                yield Finding(
                    ("vrrp", name, "priority", node),
                    f"VRRP instance {name}: real server {node} is BACKUP and tracks no script"
                    " here, so it takes the addresses whether its service runs or not; let it"
                    " track one with track_script",
                    "key",
                    (
                        ("vrrp", name, "track_script"),
                        ("vrrp", name, "state"),
                        ("vrrp", name, "nopreempt"),
                        ("vrrp_sync_group",),
                        ("nodes", node, "role"),
                    ),
                    "backup-without-script",
                )


def tracks(track: TrackScript, node: str) -> bool:
    """Whether ``node``, one of the instance's machines, watches this script."""
    return track.nodes is None or node in track.nodes


def _starts_as_master(instance: VrrpInstance, node: str) -> bool:
    return instance.state.get(node, "BACKUP" if instance.nopreempt else "MASTER") == "MASTER"
