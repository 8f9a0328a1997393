"""Building lvsnet's images at a Docker engine, one lvsnet at a time.

The base is built on an image that the engine has or can pull; where no registry answers, it is
made of the node file system. The others are built on the base.
"""

from __future__ import annotations

import errno
import json
import socket
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from docker import auth, errors, utils

from lvsnet import apt
from lvsnet.docker import transfers
from lvsnet.docker.engine import explained
from lvsnet.errors import LvsnetError
from lvsnet.image import archive, context
from lvsnet.image.context import DEFAULT_BASE, Machine, name_of
from lvsnet.progress import Report

PULL_SILENCE_S = 45.0
"""An engine gives up a registry that does not answer after 15 s, and tries again."""
BUILD_SILENCE_S = 600.0
IMPORT_SILENCE_S = 600.0
"""The engine unpacks 170 MB without a word: 3 s, and 22 s on tmpfs in a guest."""
WAIT_S = 1800.0
"""For somebody else who is building."""
POLL_S = 0.2
ENDING_S = 20.0
"""How long an engine may take to end the containers of a build that was given up."""
TAIL_LINES = 15
STAGE_LABEL = "lvsnet.stage=lvsnet"
"""Of what is only there while lvsnet builds; see the Dockerfiles."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INIT = ("/usr/bin/tini", "--", "/usr/bin/sleep", "infinity")

Found = Mapping[str, object]


class Client(transfers.Engine, Protocol):
    """What is used here of docker.APIClient, which has no types."""

    def info(self) -> Found: ...

    def images(self, *, filters: Mapping[str, object]) -> list[Found]: ...

    def inspect_image(self, image: str) -> Found: ...

    def remove_image(self, image: str) -> object: ...

    def tag(self, image: str, repository: str, tag: str) -> bool: ...

    def containers(self, *, all: bool, filters: Mapping[str, object]) -> list[Found]: ...

    def remove_container(self, container: str, *, force: bool) -> object: ...


def removed(api: Client, image: str) -> bool:
    """Remove an image that may be gone already; False when it is in use."""
    with explained(image, "remove it"):
        try:
            api.remove_image(image)
        except errors.NotFound:
            return True
        except errors.APIError as error:
            if error.status_code != 409:
                raise
            return False
    return True


@contextmanager
def sole_builder(api: Client, report: Report) -> Iterator[None]:
    """Be the only lvsnet that builds at this engine; nothing of the building stays."""
    with explained("images", "ask the engine who it is"):
        engine = str(api.info().get("ID", ""))
    with _sole(f"lvsnet-images-{engine}", report):
        try:
            yield
        finally:
            _clear(api)


@contextmanager
def _sole(name: str, report: Report) -> Iterator[None]:
    """Hold a name in the kernel's abstract space of unix sockets (unix(7)).

    All users of the machine share it, as they share the engine, and it is free again whatever
    ends its holder.
    """
    deadline = time.monotonic() + WAIT_S
    told = False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as held:
        while True:
            try:
                held.bind(f"\0{name}")
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                break
            if time.monotonic() > deadline:
                raise LvsnetError(
                    f"Another lvsnet has been building images for more than {WAIT_S:.0f} s. "
                    "Look what it waits for, end it, and try again."
                )
            if not told:
                report("images: waiting for another lvsnet that is building them")
                told = True
            time.sleep(POLL_S)
        yield


def _clear(api: Client) -> None:
    """Have the containers of a build that was given up end; remove the images of its stages."""
    containers = {"label": STAGE_LABEL}
    with explained("images", "clear up after building"):
        deadline = time.monotonic() + ENDING_S
        while api.containers(all=True, filters=containers) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        for one in api.containers(all=True, filters=containers):
            api.remove_container(str(one["Id"]), force=True)
        for one in api.images(filters={"dangling": True, "label": STAGE_LABEL}):
            removed(api, str(one["Id"]))


def has(api: Client, image: str) -> bool:
    """Whether the engine has an image. Raises what the SDK raises, see `explained`."""
    try:
        api.inspect_image(image)
    except errors.NotFound:
        return False
    return True


def pull(api: Client, image: str, report: Report) -> None:
    """Get an image from its registry, with the credentials of `docker login`.

    Raises AbsentError when there is none, TransferError for any other reason.
    """
    report(f"images: pulling {image}")
    try:
        repository, tag = utils.parse_repository_tag(image)
        registry, _ = auth.resolve_repository_name(repository)
        credentials = auth.get_config_header(api, registry)
    except errors.DockerException as error:
        raise transfers.TransferError(str(error)) from error
    headers = {"X-Registry-Auth": credentials.decode()} if credentials else {}
    parameters = {"fromImage": repository, "tag": tag or "latest"}
    with transfers.messages(
        api, "/images/create", parameters, PULL_SILENCE_S, headers=headers
    ) as said:
        for _ in said:
            pass


def make(api: Client, images: Sequence[str], base: str, report: Report) -> None:
    """Build some of `context.ROLES`, in their order; the caller is the sole builder.

    ``base`` is the image to build the base on; when it is empty, `DEFAULT_BASE`, or the node file
    system where that cannot be had. Raises LvsnetError with the last lines of the build.
    """
    machine = context.of_this_machine(report)
    for image in images:
        if image == "base":
            _make_base(api, base, machine, report)
        else:
            _build(api, image, name_of("base"), machine, report)


def _make_base(api: Client, base: str, machine: Machine, report: Report) -> None:
    wanted = base or DEFAULT_BASE
    with explained("images", f"look for {wanted}"):
        there = has(api, wanted)
    try:
        if not there:
            pull(api, wanted, report)
    except transfers.TransferError as error:
        if base:
            raise LvsnetError(f"The base image {base} cannot be had: {error}") from error
        report(f"images: {wanted} cannot be pulled, so the base is made here: {error}")
        _import_base(api, str(error), report)
    else:
        _build(api, "base", wanted, machine, report)


def _import_base(api: Client, why: str, report: Report) -> None:
    """Make the base of the node file system, by `docker import`."""
    labels = _labels("base") | {"lvsnet.base": archive.TITLE}
    changes = [
        *(f"LABEL {name}={json.dumps(value)}" for name, value in labels.items()),
        f"ENV PATH={PATH}",
        f"CMD {json.dumps(INIT)}",
    ]
    repository, _, tag = name_of("base").rpartition(":")
    parameters = {"fromSrc": "-", "repo": repository, "tag": tag, "changes": changes}
    try:
        with archive.blocks(report) as blocks:
            report(f"images: importing the {archive.TITLE}")
            with transfers.messages(
                api, "/images/create", parameters, IMPORT_SILENCE_S, body=blocks
            ) as said:
                for _ in said:
                    pass
    except LvsnetError as error:
        raise LvsnetError(
            f"The base image can neither be pulled ({why}) nor made here: {error}\n"
            "With a Debian image that the engine has: lvsnet image build --base IMAGE"
        ) from error


def _build(api: Client, image: str, base: str, machine: Machine, report: Report) -> None:
    """By the classic builder, which every engine has and which needs no further program.

    In the host's network: some engines have no other, and a proxy may listen at localhost.
    """
    # The others have this label from the base.
    made_from = {"lvsnet.base": base} if image == "base" else {}
    packed = context.build_context(machine)
    arguments = {"BASE": base, "BUILDER": "lvsnet", **dict(machine.proxies)}
    parameters = {
        "t": name_of(image),
        "dockerfile": f"{image}/Dockerfile",
        "networkmode": "host",
        "rm": "1",
        "forcerm": "1",
        "labels": json.dumps(_labels(image) | made_from),
        "buildargs": json.dumps(arguments),
    }
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    report(f"image {image}: building on {base}")
    try:
        with transfers.messages(api, "/build", parameters, BUILD_SILENCE_S, body=packed) as said:
            for line in _lines(said):
                tail.append(line)
                if line.startswith("lvsnet: "):
                    report(f"image {image}: {line.removeprefix('lvsnet: ')}")
    except transfers.TransferError as error:
        last = "\n".join(f"  {line}" for line in tail)
        raise LvsnetError(
            f"The image {image} cannot be built on {base}: {error}. The last lines:\n{last}\n"
            f"When the mirror is at fault, name another: {apt.MIRROR_VARIABLE}=URL"
        ) from error


def _lines(said: Iterable[transfers.Message]) -> Iterator[str]:
    """What the steps of a build said, whole lines, without what the builder says of itself."""
    own = ("Removing intermediate container", " ---> ")
    rest = ""
    for message in said:
        *lines, rest = (rest + str(message.get("stream", ""))).split("\n")
        # dpkg counts in one line: 5%, 10%, ...
        lines = [line.rstrip("\r").rpartition("\r")[2] for line in lines]
        yield from (line for line in lines if line.strip() and not line.startswith(own))


def _labels(image: str) -> dict[str, str]:
    return {"lvsnet.image": image, "lvsnet.key": context.key()}
