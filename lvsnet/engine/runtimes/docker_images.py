"""What images say of themselves, for nodes that run what their image does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import docker

from lvsnet.docker.engine import explained
from lvsnet.engine.runtimes.docker_config import BUSYBOX, OWN
from lvsnet.plan import topology_process
from lvsnet.plan.model import Node, Plan

STANDARD_INPUT = f"{OWN}/standard-input"


@dataclass(frozen=True)
class Image:
    """Of an image's configuration what says how its container starts."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    user: str
    directory: str
    """Empty for the root directory."""


def with_images(client: docker.APIClient, plan: Plan) -> Plan:
    """The plan in which each node with a process has the daemon that its image makes of it.

    Raises:
        LvsnetError: the engine has not got an image, or does not answer.
    """

    @cache
    def described(name: str) -> Image:
        with explained(name, "look at the image"):
            return image_of(client.inspect_image(name)["Config"])

    nodes = [
        with_image(node, described(node.image)) if node.process else node for node in plan.nodes
    ]
    return replace(plan, nodes=tuple(nodes))


def image_of(config: Mapping[str, object]) -> Image:
    """From the Config of an image, whose fields may be null (Docker Engine API, ImageInspect)."""
    return Image(
        _words(config.get("Entrypoint")),
        _words(config.get("Cmd")),
        str(config.get("User") or ""),
        str(config.get("WorkingDir") or ""),
    )


def with_image(node: Node, image: Image) -> Node:
    """The node when its image is this one.

    An entrypoint that somebody gives takes the place of the image's command, too (merge() of
    daemon/commit.go in moby).
    """
    (process,) = node.process
    if process.entrypoint:
        argv = process.entrypoint + process.command
    else:
        argv = image.entrypoint + (process.command or image.command)
    user = process.user or image.user
    daemons = topology_process.daemon(process, argv, user, BUSYBOX, STANDARD_INPUT)
    return replace(
        node,
        daemons=(*node.daemons, *daemons),
        directory=image.directory or "/",
        process=(),
    )


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
