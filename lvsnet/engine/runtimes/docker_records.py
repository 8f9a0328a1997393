"""Writing the records of a lab's containers, and removing containers of a lab that goes on.

A lab is known by its containers, so the last one stays, for the sake of its file, also when no
node is left that has a disk.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import docker

from lvsnet.docker import records
from lvsnet.docker.engine import explained
from lvsnet.docker.records import Found, Kept
from lvsnet.engine.runtime import Record
from lvsnet.engine.runtimes import docker_containers, docker_power


def keep(record: Record) -> None:
    """Write a record to the containers of its lab; nodes that have none are away.

    Raises:
        LvsnetError: the engine does not do it, or an earlier version of lvsnet deployed the lab.
    """
    lab = record.plan.lab
    found = records.look(list(docker_containers.of_lab(lab).values()))
    names = {node.name for node in record.plan.nodes}
    there = {one.node for one in found if one.node in names and not one.hollow}
    away = tuple(node.name for node in record.plan.nodes if node.name not in there)
    strangers = [one for one in found if one.hollow and one.node not in names]
    holders = [one for one in found if one.node in names] or strangers
    # A stranger is no node of the record: its name among those away keeps it from being one.
    away += tuple(one.node for one in holders if one in strangers)
    _write(lab, holders, Kept("", _generation(found) + 1, record, away))
    if there:
        docker_power.remove_containers([one.container.id for one in strangers])


def forget(lab: str, nodes: Collection[str]) -> None:
    """Remove the containers of nodes of a lab that goes on, disks included.

    Raises:
        LvsnetError: as `keep`.
    """
    found = records.look(list(docker_containers.of_lab(lab).values()))
    going = [one for one in found if one.node in nodes and not one.hollow]
    if not going:
        return
    staying = [one for one in found if one not in going] or going[:1]
    last = records.newest(found)
    if last is not None and (
        staying[0] in going or not {*last.record.unsettled, *last.away}.issuperset(nodes)
    ):
        away = tuple(dict.fromkeys((*last.away, *(one.node for one in going))))
        changed = replace(last, generation=last.generation + 1, away=away)
        _write(lab, [one for one in staying if one.kept], changed)
    docker_power.power_off(lab, [one.node for one in staying if one in going])
    docker_power.remove_containers([one.container.id for one in going if one not in staying])


def put(
    client: docker.APIClient, lab: str, one: Kept, key: str, programs: Mapping[str, bytes]
) -> None:
    """Put a node's file, and programs that it needs, into its container."""
    with explained(one.node, "put what lvsnet knows of it into its container"):
        name = docker_containers.name_of(lab, one.node)
        client.put_archive(name, "/", records.archive(one, key, programs))


def _write(lab: str, holders: Sequence[Found], one: Kept) -> None:
    key = records.key_of(lab, [holder.container for holder in holders])

    def write(client: docker.APIClient, holder: Found) -> None:
        put(client, lab, replace(one, node=holder.node), key, {})

    docker_containers.each(holders, write)


def _generation(found: Sequence[Found]) -> int:
    last = records.newest(found)
    return last.generation if last else 0
