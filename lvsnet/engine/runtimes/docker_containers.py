"""The containers of a lab at Docker's engine: finding them, and doing something with several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import docker

from lvsnet.docker import api, engine, labels
from lvsnet.engine.runtime import stands_still
from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Node

AT_ONCE = 16
"""Requests to the engine at the same time."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def name_of(lab: str, node: str) -> str:
    return f"lvsnet-{lab}-{node}"


def of_lab(lab: str) -> dict[str, api.Container]:
    """Node -> its container, running or not."""
    found = api.containers([f"{labels.LAB}={lab}", labels.NODE])
    return {one.labels[labels.NODE]: one for one in found}


def state(lab: str, node: str) -> api.State | None:
    """None when this lab has no such container."""
    try:
        found = api.inspect(name_of(lab, node))
    except api.RefusedError as error:
        if error.status == 404:
            return None
        raise
    return found if found.labels.get(labels.LAB) == lab else None


def running(lab: str, node: str) -> api.State:
    found = state(lab, node)
    if found is None or not found.running:
        raise LvsnetError(f"{node} does not run; `lvsnet start {node}` starts it")
    if found.paused:
        raise stands_still(node)
    return found


def refuse_strangers(lab: str, nodes: Sequence[Node], known: Mapping[str, api.Container]) -> None:
    """Raise when a container that is not this lab's has a name that is wanted."""
    taken = {one.name: one for one in api.named(f"^/?{name_of(lab, '')}")}
    strangers = [
        f"{node.name}: the name {one.name} is taken by a container of image {one.image} that is "
        f"not of this lab; rename it (docker rename {one.name} ...) or rename the lab"
        for node in nodes
        if (one := taken.get(name_of(lab, node.name))) and node.name not in known
    ]
    if strangers:
        raise LvsnetError("\n".join(strangers))


def each(
    items: Sequence[Item], function: Callable[[docker.APIClient, Item], Result]
) -> list[Result]:
    """The function of each, in this order; several at once, each thread with its own client.

    Nothing goes on when this ends, by an error or Ctrl-C either: what was not begun is left out.
    """
    if not items:
        return []
    version = api.version()

    def with_client(item: Item) -> Result:
        client = engine.client(version)
        try:
            return function(client, item)
        finally:
            client.close()

    pool = ThreadPoolExecutor(min(AT_ONCE, len(items)))
    try:
        futures = [pool.submit(with_client, item) for item in items]
        return [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)
