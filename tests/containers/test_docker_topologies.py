"""Topologies' nodes at a real Docker engine: they run what their images say of themselves."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from lvsnet.docker import images, labs
from lvsnet.docker.engine import connect
from lvsnet.engine import deploy as engine_deploy
from lvsnet.engine.runtime import About, Record
from lvsnet.engine.runtimes.docker import Docker
from lvsnet.engine.runtimes.docker_images import with_images
from lvsnet.errors import LvsnetError
from lvsnet.lab.topology import load as topology
from lvsnet.plan.model import Plan
from lvsnet.plan.topology import compile_topology
from lvsnet.progress import silent

RUNTIME = Docker()
LAB = f"topology-{os.getpid()}"
IMAGE = "lvsnet-test/topology:1"
TEXT = f"""
name: {LAB}
topology:
  # An engine within a container can seldom give all privileges.
  defaults: {{kind: linux, image: "{IMAGE}", privileged: false, cap-add: [NET_ADMIN]}}
  nodes:
    web:
      exec: ["ip addr add 10.9.0.1/24 dev eth1", "httpd --of-image"]
    named: {{user: "root", cmd: "from-topology"}}
    idle: {{entrypoint: "sleep infinity", exec: ["ip addr add 10.9.0.2/24 dev eth1"]}}
  links:
    - endpoints: [web:eth1, idle:eth1]
"""
ASK = r"printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 5 10.9.0.1 8080"
ENTRY = """#!/bin/sh
echo "$(id -u):$(id -g) in $(pwd) of $HOME: $*"
[ "$1" = serve ] && exec /bin/busybox httpd -f -p 8080 -h /srv
read nothing
"""


def tree() -> bytes:
    """An image's file system: a static busybox, and programs of the image's own."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.fail("there is no busybox: apt-get install busybox-static")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content, mode in (
            ("bin/busybox", Path(busybox).read_bytes(), 0o755),
            ("entry", ENTRY.encode(), 0o755),
            # busybox has an httpd, too, which must not be taken for the image's.
            ("bin/httpd", b'#!/bin/sh\necho "$1" >/httpd-ran\n', 0o755),
            ("etc/passwd", b"root:x:0:0::/root:/bin/sh\nwww:x:800:801::/srv:/bin/sh\n", 0o644),
            ("etc/group", b"root:x:0:\nweb:x:801:\n", 0o644),
            ("srv/index.html", b"the image's page\n", 0o644),
            ("run/of-image", b"kept\n", 0o644),
        ):
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), mode
            archive.addfile(member, io.BytesIO(content))
        for name in ("sh", "id", "cat", "ip", "sleep", "nc", "printf"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def client(engine: str) -> Iterator[docker.APIClient]:
    """A client of the tests' engine, which has the image."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", engine)
        client = connect()
        repository, _, tag = IMAGE.partition(":")
        says = ['ENTRYPOINT ["/entry"]', 'CMD ["serve", "it"]', "USER www", "WORKDIR /srv"]
        client.import_image_from_data(tree(), repository=repository, tag=tag, changes=says)
        yield client
        client.remove_image(IMAGE, force=True)
        client.close()


@pytest.fixture(autouse=True)
def _used(client: docker.APIClient, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client
    monkeypatch.setenv("DOCKER_HOST", engine)


def plan_of(client: docker.APIClient, text: str) -> Plan:
    path = Path(f"{LAB}.clab.yml")
    plan = compile_topology(topology.examine(topology.read(text, {}), path).topology)
    images.ensure(client, plan.nodes, silent)
    return with_images(client, plan)


@pytest.fixture(scope="module")
def site(client: docker.APIClient) -> Iterator[Record]:
    one = Record(About("", "docker", "host", "a test", 0), plan_of(client, TEXT))
    engine_deploy.deploy(one, RUNTIME, silent)
    yield one
    engine_deploy.destroy(LAB, RUNTIME)


def does(node: str, *argv: str) -> str:
    code, output = RUNTIME.run(LAB, node, argv, 20)
    assert code == 0, output
    return output


def test_an_image_runs_as_its_user_in_its_directory_and_into_the_log(site: Record) -> None:
    assert site
    assert RUNTIME.said(LAB, "web") == "800:801 in /srv of /srv: serve it\n"
    assert does("idle", "sh", "-c", ASK).endswith("the image's page\n")


def test_a_topology_chooses_command_and_user(site: Record) -> None:
    assert site
    # It has ended if its standard input has.
    assert RUNTIME.said(LAB, "named") == "0:0 in /srv of /root: from-topology\n"
    look = {node.name: node.daemons for node in labs.look(LAB).nodes}
    assert look == {"web": (("main", True),), "named": (("main", True),), "idle": ()}


def test_commands_run_the_images_own_programs(site: Record) -> None:
    assert site
    assert does("web", "cat", "/httpd-ran") == "--of-image\n"


def test_what_an_image_has_in_run_is_there(site: Record) -> None:
    assert site
    assert does("web", "cat", "/run/of-image") == "kept\n"


def test_a_node_that_was_stopped_runs_the_same_again(site: Record) -> None:
    engine_deploy.stop(site.plan, "web", RUNTIME)
    engine_deploy.start(site, "web", RUNTIME, silent)
    assert does("idle", "sh", "-c", ASK).endswith("the image's page\n")


def test_a_program_that_is_not_there_ends_with_127(site: Record) -> None:
    assert site
    code, said = RUNTIME.run(LAB, "web", ["no-such-program"], 20)
    assert code == 127
    assert "no-such-program" in said


def test_a_process_that_ends_fails_the_deployment(client: docker.APIClient) -> None:
    keys = f'kind: linux, image: "{IMAGE}", privileged: false, entrypoint: cat /etc/group'
    plan = plan_of(client, f"name: {LAB}-x\ntopology: {{nodes: {{a: {{{keys}}}}}}}\n")
    one = Record(About("", "docker", "host", "a test", 0), plan)
    with pytest.raises(LvsnetError, match=r"a: main ended at once; its last lines:\n  root:x:0:"):
        engine_deploy.deploy(one, RUNTIME, silent)
    assert f"{LAB}-x" not in RUNTIME.labs()
