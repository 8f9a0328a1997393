"""The Dockerfile of an exported lab, at a real Docker engine.

Without a network: the base has all packages already, and an apt-get that only writes down what it
was asked for.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import docker
import pytest

from lvsnet.docker.engine import connect
from lvsnet.docker.images import ensure
from lvsnet.engine.runtimes import oci
from lvsnet.export.containerlab_alone import containerlab
from lvsnet.export.packages import BASE, lists
from lvsnet.image.context import name_of
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.progress import silent
from lvsnet.resources import example_labs

REPOSITORY = f"lvsnet-export-test-{os.getpid()}"
RECORDING = f"""
FROM {name_of(BASE)}
RUN printf '#!/bin/sh\\necho "$@" >>/asked\\n' >/usr/local/bin/apt-get \\
    && chmod 755 /usr/local/bin/apt-get
"""


@pytest.fixture(scope="module")
def client(engine: str) -> Iterator[docker.APIClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", engine)
        api = connect()
        ensure(api, [], silent)
        yield api
        for one in api.images(f"{REPOSITORY}/*"):
            # By its name: one that others are made from goes with the last of them.
            api.remove_image(one["RepoTags"][0])
        api.close()


def build(api: docker.APIClient, dockerfile: str, target: str, **arguments: str) -> str:
    tag = f"{REPOSITORY}/{target or 'recording'}"
    said = list(
        api.build(
            fileobj=io.BytesIO(dockerfile.encode()), tag=tag, target=target, buildargs=arguments,
            network_mode="none", rm=True, forcerm=True, decode=True,
        )
    )  # fmt: skip
    assert "Successfully tagged" in str(said[-1]), said
    return tag


def says(api: docker.APIClient, image: str, *command: str) -> str:
    host = api.create_host_config(network_mode="none")
    container = api.create_container(image, command, entrypoint=[], host_config=host)
    try:
        api.start(container)
        assert api.wait(container, timeout=30)["StatusCode"] == 0
        return str(api.logs(container).decode())
    finally:
        api.remove_container(container, force=True)


def test_each_role_is_a_target_with_its_packages(client: docker.APIClient) -> None:
    plan = compile_lab(load(example_labs()["source-vrrp"]))
    files = {file.path: file.content for file in containerlab(plan, lists())}
    base = build(client, RECORDING, "")
    for target in ("base", "client", "director", "realserver"):
        image = build(client, files["images/Dockerfile"], target, BASE=base)
        wanted = [lists()[BASE], *([lists()[target]] if target != BASE else [])]
        install = "install --yes --no-install-recommends"
        assert says(client, image, "cat", "/asked").splitlines() == [
            line for names in wanted for line in ("update", f"{install} {' '.join(names)}")
        ]
        # What the topology has every node run.
        assert says(client, image, "ls", oci.INIT[0]) == f"{oci.INIT[0]}\n"
