"""Nodes as containers of a real Docker engine: wired, switched off and on, found again, removed."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from lvsnet.docker import api, images, labs
from lvsnet.docker.engine import connect
from lvsnet.engine import capabilities, namespaces
from lvsnet.engine import deploy as engine_deploy
from lvsnet.engine.runtime import About, Record
from lvsnet.engine.runtimes.docker import Docker
from lvsnet.errors import LvsnetError
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.model import Daemon
from lvsnet.progress import silent

LAB = """
name: {name}
segments:
  lan: 192.168.10.0/24
nodes:
  client: {{role: client, interfaces: {{lan: 192.168.10.10}}}}
  web:
    role: realserver
    interfaces: {{lan: 192.168.10.13}}
    files: {{/etc/motd: on the disk, /run/motd: in memory}}
"""
RUNTIME = Docker()
# Two runs of these tests share the names of the machine's namespaces.
SITE = f"site-{os.getpid()}"
LONE = f"lone-{os.getpid()}"


def record(directory: Path, name: str) -> Record:
    file = directory / f"{name}.yaml"
    file.write_text(LAB.format(name=name))
    return Record(About(str(file), "docker", "host", "a test", 0), compile_lab(load(file)))


def deploy(one: Record) -> None:
    engine_deploy.deploy(one, RUNTIME, silent)


def left(name: str) -> list[str]:
    """What there is of a lab."""
    fabric = namespaces.of_fabric(name)
    found = [one.name for one in api.containers([f"lvsnet.lab={name}"])]
    return found + ([str(fabric)] if fabric.exists() else [])


@pytest.fixture(scope="module")
def client(engine: str) -> Iterator[docker.APIClient]:
    """A client of the tests' engine, which has the images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", engine)
        client = connect()
        with tempfile.TemporaryDirectory() as directory:
            images.ensure(client, record(Path(directory), "images").plan.nodes, silent)
        yield client
        client.close()


@pytest.fixture(autouse=True)
def _used(client: docker.APIClient, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client
    monkeypatch.setenv("DOCKER_HOST", engine)


def networks(client: docker.APIClient) -> set[str]:
    return {network["Id"] for network in client.networks()}


@pytest.fixture(scope="module")
def site(client: docker.APIClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """A lab that runs, for all tests of this module; each leaves it running."""
    one = record(tmp_path_factory.mktemp("site"), SITE)
    before = networks(client)
    deploy(one)
    assert networks(client) == before
    yield one
    engine_deploy.destroy(SITE, RUNTIME)
    assert left(SITE) == []


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Record]:
    """A lab to deploy."""
    yield record(tmp_path, LONE)
    engine_deploy.destroy(LONE, RUNTIME)


def eventually(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def does(node: str, *argv: str) -> str:
    code, output = RUNTIME.run(SITE, node, argv, 20)
    assert code == 0, output
    return output


def test_docker_ps_shows_the_nodes(site: Record, client: docker.APIClient) -> None:
    found = client.containers(filters={"label": f"lvsnet.lab={SITE}"})
    assert {one["Names"][0] for one in found} == {f"/lvsnet-{SITE}-client", f"/lvsnet-{SITE}-web"}
    assert {one["Labels"]["lvsnet.role"] for one in found} == {"client", "realserver"}
    assert all(one["State"] == "running" for one in found)
    assert SITE in labs.running()
    assert labs.about(SITE) == site.about


def test_the_client_reaches_the_server(site: Record) -> None:
    assert site
    assert does("client", "curl", "-s", "-m", "5", "192.168.10.13").strip() == "web"


def test_the_site_is_seen(site: Record) -> None:
    client, web = labs.look(site.plan.lab).nodes
    assert client.running
    assert [one.address for one in web.addresses] == ["192.168.10.13/24"]
    assert web.daemons == (("nginx", True),)


def test_the_record_comes_from_the_engine(site: Record) -> None:
    found = RUNTIME.record(SITE)
    assert found.about == site.about
    assert [node.name for node in found.plan.nodes] == ["client", "web"]
    assert found.plan.nodes[0].interfaces == site.plan.nodes[0].interfaces
    assert found.plan.segments == site.plan.segments


def test_network_sysctls_are_a_nodes_own_and_no_others_are(site: Record) -> None:
    assert site
    does("web", "sysctl", "-w", "net.ipv4.ip_forward=1")
    code, said = RUNTIME.run(SITE, "web", ["sysctl", "-w", "kernel.panic=0"], 20)
    assert code != 0
    assert "kernel.panic" in said


def test_a_node_starts_with_the_kernels_own_settings(site: Record) -> None:
    assert site
    fresh = subprocess.run(
        ["unshare", "-n", "sysctl", "-n", "net.ipv4.ip_unprivileged_port_start",
         "net.ipv6.conf.default.disable_ipv6"],
        capture_output=True, text=True, timeout=10, check=True,
    ).stdout  # fmt: skip
    assert fresh == does(
        "client", "sysctl", "-n", "net.ipv4.ip_unprivileged_port_start",
        "net.ipv6.conf.default.disable_ipv6",
    )  # fmt: skip


def test_power_loss_keeps_the_disk_and_nothing_else(site: Record) -> None:
    does("web", "sh", "-c", "echo kept >/srv/file; echo gone >/run/file; echo gone >/tmp/file")
    labs.stop(site.plan.lab, "web")
    assert not RUNTIME.runs(SITE, "web")
    assert list(RUNTIME.inits(SITE)) == ["client"]
    assert not RUNTIME.alive(SITE, "web", "nginx")
    with pytest.raises(LvsnetError, match="web does not run; `lvsnet start web` starts it"):
        labs.run(SITE, "web", "true")
    labs.start(site.plan.lab, "web", silent)
    assert does("web", "cat", "/srv/file", "/etc/motd", "/run/motd") == (
        "kept\non the diskin memory"
    )
    assert does("web", "sh", "-c", "ls /run/file /tmp/file 2>/dev/null || true") == ""
    assert "192.168.10.10\tclient" in does("web", "cat", "/etc/hosts")
    assert does("client", "curl", "-s", "-m", "5", "192.168.10.13").strip() == "web"


def test_a_daemon_that_has_ended_is_known(site: Record) -> None:
    node = site.plan.nodes[0]
    sleeper = Daemon("sleeper", ("sleep", "1000"), 0)
    [pid] = RUNTIME.start(SITE, [(node, sleeper)])
    eventually(lambda: Path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x001000\0")
    assert RUNTIME.alive(SITE, "client", "sleeper")
    does("client", "pkill", "-f", "^sleep 1000$")
    eventually(lambda: not RUNTIME.alive(SITE, "client", "sleeper"))
    assert not RUNTIME.alive(SITE, "client", "no such daemon")


def test_what_daemons_say_is_in_the_containers_log(site: Record) -> None:
    talker = Daemon("talker", ("sh", "-c", "echo out; echo err >&2; exec sleep 1000"), 0)
    RUNTIME.start(SITE, [(site.plan.nodes[0], talker)])
    eventually(lambda: "err" in RUNTIME.said(SITE, "client"))
    assert RUNTIME.said(SITE, "client").splitlines()[-2:] == ["out", "err"]


def test_a_command_that_does_not_end_is_ended(site: Record) -> None:
    assert site
    with pytest.raises(LvsnetError, match="client: sh -c sleep 4731; true: no end after 1 s"):
        RUNTIME.run(SITE, "client", ["sh", "-c", "sleep 4731; true"], 1)
    assert "sleep 4731" not in does("client", "ps", "-eo", "args")


def test_a_program_that_is_not_there_is_a_shells_127(site: Record) -> None:
    assert site
    code, said = RUNTIME.run(SITE, "client", ["no-such-program"], 20)
    assert code == 127
    assert "no-such-program" in said


def test_a_lab_is_not_deployed_over_itself(site: Record) -> None:
    with pytest.raises(LvsnetError, match=f"container lvsnet-{SITE}-client is there already"):
        RUNTIME.create(site, site.plan.nodes[:1])
    assert RUNTIME.runs(SITE, "client")


def test_somebody_elses_container_is_left_alone(lone: Record, client: docker.APIClient) -> None:
    image = images.image_for(lone.plan.nodes[0])
    made = client.create_container(image, name=f"lvsnet-{LONE}-web", command="/bin/true")
    try:
        with pytest.raises(LvsnetError, match=f"web: the name lvsnet-{LONE}-web is taken by"):
            deploy(lone)
        assert left(LONE) == []
        assert client.inspect_container(f"lvsnet-{LONE}-web")["Id"] == made["Id"]
    finally:
        client.remove_container(made["Id"])


def test_an_image_that_does_not_exist_is_named_with_its_node(lone: Record) -> None:
    client, web = lone.plan.nodes
    nodes = (client, replace(web, image="no/such:image"))
    with pytest.raises(LvsnetError, match=r"web: there is no image no/such:image; pull"):
        deploy(replace(lone, plan=replace(lone.plan, nodes=nodes)))
    assert left(LONE) == []


def test_an_image_with_nothing_in_it_is_a_node(lone: Record, client: docker.APIClient) -> None:
    empty = io.BytesIO()
    with tarfile.open(fileobj=empty, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("nothing"))
    client.import_image_from_data(empty.getvalue(), repository="lvsnet-test/empty", tag="x")
    try:
        one, web = lone.plan.nodes
        busybox = ("/.lvsnet/busybox", "sleep", "1000")
        bare = replace(one, image="lvsnet-test/empty:x", daemons=(Daemon("sleeper", busybox, 0),))
        deploy(replace(lone, plan=replace(lone.plan, nodes=(bare, web))))
        assert RUNTIME.alive(LONE, "client", "sleeper")
        ping = ["/.lvsnet/busybox", "ping", "-c", "1", "-W", "5", "192.168.10.13"]
        assert RUNTIME.run(LONE, "client", ping, 20)[0] == 0
        assert RUNTIME.run(LONE, "client", ["no-such-program"], 20)[0] == 127
    finally:
        RUNTIME.remove(LONE)
        client.remove_image("lvsnet-test/empty:x")


def test_what_the_engine_may_not_give_is_told_before_anything_is_made(lone: Record) -> None:
    nodes = tuple(replace(node, privileged=True) for node in lone.plan.nodes)
    lacking = capabilities.known() - capabilities.of_process(api.maker().pid)
    if not lacking:
        assert RUNTIME.refusals(nodes) == []
        return
    with pytest.raises(LvsnetError, match=r"(?s)client: privileged: .*\nweb: privileged: "):
        deploy(replace(lone, plan=replace(lone.plan, nodes=nodes)))
    assert left(LONE) == []


def test_nothing_of_anybody_elses_is_removed(lone: Record, site: Record) -> None:
    deploy(lone)
    before = {one.id for one in api.containers([f"lvsnet.lab={site.plan.lab}"])}
    labs.destroy(LONE)
    assert left(LONE) == []
    assert {one.id for one in api.containers([f"lvsnet.lab={site.plan.lab}"])} == before
    assert RUNTIME.runs(SITE, "client")


def test_a_failing_daemon_takes_the_lab_back_and_is_quoted(lone: Record) -> None:
    client, web = lone.plan.nodes
    wrong = Daemon("wrong", ("sh", "-c", "echo alas; exit 3"), 0)
    nodes = (client, replace(web, daemons=(wrong,)))
    with pytest.raises(LvsnetError, match=r"(?s)web: wrong ended at once.*alas"):
        deploy(replace(lone, plan=replace(lone.plan, nodes=nodes)))
    assert left(LONE) == []


def test_an_engine_that_goes_away_in_the_middle_is_told_and_all_is_taken_back(
    lone: Record, engine: str
) -> None:
    with (
        Breaking(engine.removeprefix("unix://")) as between,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DOCKER_HOST", f"unix://{between.path}")
        with pytest.raises(LvsnetError, match=r"(client|web): .*the Docker engine went away"):
            deploy(lone)
        assert between.broken
        assert left(LONE) == []


def test_a_docker_network_of_the_same_addresses_does_no_harm(
    tmp_path: Path, client: docker.APIClient
) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(LAB.format(name=LONE).replace("192.168.10.", "198.18.77."))
    lab = Record(About(str(file), "docker", "host", "", 0), compile_lab(load(file)))
    pool = docker.types.IPAMPool(subnet="198.18.77.0/24", gateway="198.18.77.13")
    network = client.create_network(
        "rt-overlap", ipam=docker.types.IPAMConfig(pool_configs=[pool]), internal=True
    )
    try:
        deploy(lab)
        curl = ["curl", "-s", "-m", "5", "198.18.77.13"]
        assert RUNTIME.run(LONE, "client", curl, 20) == (0, "web\n")
    finally:
        engine_deploy.destroy(LONE, RUNTIME)
        client.remove_network(network["Id"])


class Breaking:
    """Stands between lvsnet and an engine, and is away for a while when a container is started."""

    AWAY_S = 0.5

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.directory = Path(tempfile.mkdtemp(prefix="lvsnet-between-"))
        self.path = self.directory / "docker.sock"
        self.broken = False
        self.until = 0.0
        self.ends: list[socket.socket] = []
        self.listener = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> Breaking:
        self.listener.bind(str(self.path))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()
        self._cut()
        shutil.rmtree(self.directory)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                if time.monotonic() < self.until:
                    near.close()
                    continue
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.engine)
                self.ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                if b"/start HTTP" in content and not self.broken:
                    self.broken = True
                    self.until = time.monotonic() + self.AWAY_S
                    self._cut()
                    return
                target.sendall(content)
            target.shutdown(socket.SHUT_WR)

    def _cut(self) -> None:
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
