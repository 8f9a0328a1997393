"""The nodes' images at a Docker engine: which a node gets, and how what is missing is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lvsnet.docker import building, transfers
from lvsnet.docker.building import Client, Found
from lvsnet.docker.engine import explained
from lvsnet.errors import LvsnetError
from lvsnet.image.context import ROLES, name_of
from lvsnet.image.recipe import IMAGE_OF
from lvsnet.plan.model import Node
from lvsnet.progress import Report, silent


@dataclass(frozen=True)
class Built:
    """An image of lvsnet's that an engine has."""

    name: str
    """``lvsnet/client:0123456789abcdef``"""
    id: str
    base: str
    """What it was made from: an image's name, or the node file system."""
    size: int
    """Bytes, what it shares with the others included."""
    created: int
    """Seconds since 1970."""
    containers: tuple[str, ...]
    """Names of those that were made from it."""

    @property
    def outdated(self) -> bool:
        """Whether this lvsnet uses another one instead."""
        return self.name not in map(name_of, ROLES)


def image_for(node: Node) -> str:
    """The image that a node runs: the user's choice, or its role's."""
    return node.image or name_of(IMAGE_OF[node.role])


def ensure(api: Client, nodes: Sequence[Node], report: Report) -> None:
    """Have the engine have all that the nodes need, lvsnet's base always among it.

    Pulls a user's image that is missing; builds what is missing of lvsnet's own.

    Raises:
        LvsnetError: with node and image, or the last lines of the build.
    """
    for image, users in _users_images(nodes).items():
        with explained(users, f"look for image {image}"):
            there = building.has(api, image)
        if not there:
            _pull_for(api, image, users, report)
    wanted = {"base", *(IMAGE_OF[node.role] for node in nodes if not node.image)}
    with explained("images", "look which there are"):
        complete = all(building.has(api, name_of(image)) for image in wanted)
    if complete:
        return
    with building.sole_builder(api, report):
        # Another builder may have made them meanwhile.
        ordered = [image for image in ROLES if image in wanted]
        missing = [image for image in ordered if not building.has(api, name_of(image))]
        building.make(api, missing, "", report)


def build(api: Client, base: str, report: Report) -> None:
    """Build all images, those anew that are there. Takes a minute or two.

    On the image ``base``. When that is empty, on `DEFAULT_BASE`, or on the node file system where
    that cannot be had.

    Raises:
        LvsnetError: the base that was named cannot be had, or the last lines of the build; what
            had not been built anew by then is as it was.
    """
    with building.sole_builder(api, report):
        before = [one for one in built(api) if not one.outdated]
        try:
            building.make(api, ROLES, base, report)
        finally:
            _retire(api, before)


def built(api: Client) -> list[Built]:
    """Lvsnet's images, this lvsnet's and others', sorted by name."""
    with explained("images", "list them"):
        found = api.images(filters={"label": "lvsnet.image"})
        containers = api.containers(all=True, filters={})
    return sorted(
        (_built(one, tag, containers) for one in found for tag in _tags(one)),
        key=lambda one: one.name,
    )


def remove(api: Client, images: Sequence[Built]) -> list[Built]:
    """Remove images, but those of which there are containers; returns the ones that stayed.

    Also what an interrupted build left.
    """
    with building.sole_builder(api, silent):
        # The base last: as long as others are made from it, its layers stay.
        ordered = sorted(images, key=lambda one: one.name.startswith("lvsnet/base:"))
        return [one for one in ordered if one.containers or not building.removed(api, one.name)]


def _users_images(nodes: Sequence[Node]) -> dict[str, str]:
    """Image -> the nodes that ask for it, for a message."""
    found: dict[str, list[str]] = {}
    for node in nodes:
        if node.image:
            found.setdefault(node.image, []).append(node.name)
    return {image: ", ".join(names) for image, names in found.items()}


def _pull_for(api: Client, image: str, users: str, report: Report) -> None:
    try:
        building.pull(api, image, report)
    except transfers.AbsentError as error:
        raise LvsnetError(
            f"{users}: there is no image {image}: {error}. Correct `image:` in the lab file; if "
            "it is one that not everybody may have, `docker login` first"
        ) from error
    except transfers.TransferError as error:
        raise LvsnetError(
            f"{users}: image {image} is not on this machine and cannot be pulled: {error}. Where "
            "the registry cannot be reached, bring it by `docker save` and `docker load`"
        ) from error


def _retire(api: Client, before: Sequence[Built]) -> None:
    """Remove what has lost its name to a newer one; what is in use gets another name."""
    now = {one.id for one in built(api)}
    renamed = [_renamed(api, old) for old in before if old.id not in now]
    # The base comes first and is to go last.
    for name in reversed(renamed):
        building.removed(api, name)


def _renamed(api: Client, image: Built) -> str:
    repository, _, _ = image.name.rpartition(":")
    tag = f"replaced-{image.id.removeprefix('sha256:')[:12]}"
    with explained(image.name, "rename the one before"):
        api.tag(image.id, repository, tag)
    return f"{repository}:{tag}"


def _tags(image: Found) -> list[str]:
    """Those that lvsnet gave: others' images made from one of its own inherit its labels."""
    tags = image.get("RepoTags")
    names = map(str, tags) if isinstance(tags, list) else ()
    return [name for name in names if name.startswith("lvsnet/")]


def _built(image: Found, tag: str, containers: Sequence[Found]) -> Built:
    labels = image.get("Labels")
    users = (_name(one) for one in containers if one.get("ImageID") == image["Id"])
    return Built(
        name=tag,
        id=str(image["Id"]),
        base=str(labels.get("lvsnet.base", "")) if isinstance(labels, dict) else "",
        size=int(str(image["Size"])),
        created=int(str(image["Created"])),
        containers=tuple(sorted(users)),
    )


def _name(container: Found) -> str:
    names = container.get("Names")
    first = names[0] if isinstance(names, list) and names else container["Id"]
    return str(first).removeprefix("/")
