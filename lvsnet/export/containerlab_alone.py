"""A lab for containerlab on a machine that knows nothing of lvsnet.

Beside the topology and the nodes' files lie a Dockerfile for the nodes' images, and what to type.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from lvsnet.export.containerlab_topology import USUAL_PREFIX, Dress, described, file_name, oldest
from lvsnet.export.packages import BASE, Packages
from lvsnet.export.request import through_a_vip
from lvsnet.image.context import DEFAULT_BASE
from lvsnet.image.recipe import IMAGE_OF
from lvsnet.plan.model import File, Node, Plan

REPOSITORY = "lvsnet-export"
"""Of the images: lvsnet-export/director."""
IMAGES = "images"
"""The directory of the Dockerfile."""
ROLE_LABEL = "lvsnet.role"

_NEEDED = (
    "Written by lvsnet, which is not needed to run it. Docker and containerlab "
    f"{oldest()} or newer are, and a kernel with IPVS. Run the commands in this directory."
)
_FILES = (
    "`nodes/NAME/files` has the files of each machine, at their paths. `nodes/NAME/install` puts "
    "them there, and `nodes/NAME/start-DAEMON` starts a daemon."
)


def containerlab(plan: Plan, packages: Packages) -> tuple[File, ...]:
    """The files of a lab, with relative paths, its topology first. Pure.

    Raises:
        LvsnetError: something in the lab cannot be expressed.
    """
    chosen = {node.name: node.image or f"{REPOSITORY}/{IMAGE_OF[node.role]}" for node in plan.nodes}
    dress = Dress(USUAL_PREFIX, chosen, f"{REPOSITORY}/{BASE}", _labels)
    topology, *rest = described(plan, dress)
    # The switches of the segments are made from the first.
    images = list(
        dict.fromkeys((BASE, *(IMAGE_OF[one.role] for one in plan.nodes if not one.image)))
    )
    return (
        topology,
        File("README.md", _readme(plan, images)),
        File(f"{IMAGES}/Dockerfile", "\n".join(_dockerfile(images, packages))),
        *rest,
    )


def _labels(node: Node) -> dict[str, str]:
    return {ROLE_LABEL: node.role}


def _dockerfile(images: Sequence[str], packages: Packages) -> Iterator[str]:
    yield "# The machines' images, each a target of its own: docker build --target director ..."
    yield f"ARG BASE={DEFAULT_BASE}"
    yield f"FROM ${{BASE}} AS {BASE}\n{_install(packages[BASE])}"
    for image in images:
        if image != BASE:
            yield f"FROM {BASE} AS {image}\n{_install(packages[image])}"


def _install(names: Sequence[str]) -> str:
    lines = (
        "RUN apt-get update \\",
        "    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \\",
        *(f"        {name} \\" for name in names),
        "    && rm -rf /var/lib/apt/lists/*",
    )
    return "".join(f"{line}\n" for line in lines)


def _readme(plan: Plan, images: Sequence[str]) -> str:
    file = shlex.quote(file_name(plan.lab))
    request = through_a_vip(plan)
    shown = [] if request is None else _shown(plan, request.node, request.url)
    scheme = (
        f"# {plan.lab}",
        _NEEDED,
        "Build the machines' images:",
        _block(
            f"for image in {' '.join(images)}; do",
            f'    docker build --target "$image" -t "{REPOSITORY}/$image" {IMAGES} || break',
            "done",
        ),
        "Deploy:",
        _block(f"sudo containerlab deploy -t {file}"),
        *shown,
        "End it:",
        _block(f"sudo containerlab destroy -t {file} --cleanup"),
        _FILES,
    )
    return "\n\n".join(scheme) + "\n"


def _shown(plan: Plan, node: str, url: str) -> list[str]:
    container = shlex.quote(f"{USUAL_PREFIX}-{plan.lab}-{node}")
    # An IPv6 address is in brackets, which are a shell's, too.
    once = f"docker exec {container} curl -s {shlex.quote(url)}"
    return ["Send requests through the VIP:", _block(f"for i in 1 2 3 4; do {once}; done")]


def _block(*lines: str) -> str:
    return "\n".join(("```sh", *lines, "```"))
