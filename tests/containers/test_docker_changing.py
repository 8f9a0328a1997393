"""What changing a lab needs of a real Docker engine: records, disks, signals, power."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lvsnet.docker import api, archives, images, labs
from lvsnet.docker.engine import connect
from lvsnet.engine import deploy as engine_deploy
from lvsnet.engine import namespaces
from lvsnet.engine.runtime import About, Change, Record
from lvsnet.engine.runtimes import docker_power
from lvsnet.engine.runtimes.docker import Docker
from lvsnet.errors import LvsnetError
from lvsnet.host import operations
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.model import Daemon
from lvsnet.progress import silent

NAME = f"changing-{os.getpid()}"
LAB = f"""
name: {NAME}
segments: {{lan: 192.168.10.0/24}}
nodes:
  client: {{role: client, interfaces: {{lan: 192.168.10.10}}}}
  web:
    role: realserver
    interfaces: {{lan: 192.168.10.13}}
    files: {{/etc/motd: on the disk, /run/motd: in memory}}
"""
RUNTIME = Docker()
CURL = ["curl", "-s", "-m", "5", "192.168.10.13"]


def written(directory: Path, text: str) -> Record:
    file = directory / "lab.yaml"
    file.write_text(text)
    return Record(About(str(file), "docker", "host", "a test", 0), compile_lab(load(file)))


@pytest.fixture(scope="module", autouse=True)
def _engine(engine: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as directory:
        patch.setenv("DOCKER_HOST", engine)
        client = connect()
        images.ensure(client, written(Path(directory), LAB).plan.nodes, silent)
        client.close()
        yield


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Record]:
    """A lab that runs."""
    record = written(tmp_path, LAB)
    try:
        engine_deploy.deploy(record, RUNTIME, silent)
        yield record
    finally:
        engine_deploy.destroy(NAME, RUNTIME)
        assert api.containers([f"lvsnet.lab={NAME}"]) == []
        assert not namespaces.of_fabric(NAME).exists()


def does(node: str, command: str) -> str:
    code, output = RUNTIME.run(NAME, node, ["sh", "-c", command], 20)
    assert code == 0, output
    return output


def eventually(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def with_environment(record: Record, name: str, *environment: tuple[str, str]) -> Record:
    nodes = tuple(
        replace(node, environment=environment) if node.name == name else node
        for node in record.plan.nodes
    )
    return replace(record, plan=replace(record.plan, nodes=nodes))


def test_the_record_has_all_and_is_what_was_kept_last(lab: Record) -> None:
    assert labs.record(NAME) == lab
    assert labs.nodes(NAME) == ["client", "web"]
    other = with_environment(lab, "web", ("A", "b"))
    other = replace(other, about=replace(lab.about, file="/other.yaml"), unsettled=("web",))
    RUNTIME.keep(other)
    assert labs.record(NAME) == other
    assert labs.about(NAME).file == "/other.yaml"
    labs.stop(NAME, "web")
    assert labs.record(NAME) == other
    RUNTIME.keep(lab)
    assert labs.record(NAME) == lab
    labs.start(NAME, "web", silent)
    assert RUNTIME.run(NAME, "client", CURL, 20) == (0, "web\n")


def test_a_node_that_changes_its_own_record_is_one_that_nobody_knows(lab: Record) -> None:
    # Each time the record is kept anew, so the next spoils one that is whole.
    for spoils in ("echo x >>%s", "rm %s", "truncate -s 70M %s", "ln -sf / %s"):
        does("web", spoils % "/.lvsnet/record.json.z")
        found = labs.record(NAME)
        assert found.unsettled == ("web",), spoils
        assert found.plan.nodes[1].sysctls == lab.plan.nodes[1].sysctls
        assert labs.nodes(NAME) == ["client", "web"]
        RUNTIME.keep(lab)
        assert labs.record(NAME) == lab, spoils


def test_a_node_is_made_anew_under_its_name(lab: Record) -> None:
    before = api.inspect(f"lvsnet-{NAME}-web").id
    does("web", "echo mine >/srv/file")
    RUNTIME.keep(replace(lab, unsettled=("web",)))
    RUNTIME.forget(NAME, ["web", "no-such-node"])
    # Killed here, the next redeploy finds the lab.
    assert labs.record(NAME).unsettled == ("web",)
    assert labs.nodes(NAME) == ["client", "web"]
    with pytest.raises(LvsnetError, match="web does not run; `lvsnet start web` starts it"):
        labs.run(NAME, "web", "true")
    assert labs.changes(NAME, "web") == []
    engine_deploy.start(lab, "web", RUNTIME, silent)
    assert labs.record(NAME).unsettled == ("web",)
    RUNTIME.keep(lab)
    assert labs.record(NAME) == lab
    assert api.inspect(f"lvsnet-{NAME}-web").id != before
    assert does("web", "test -e /srv/file || echo gone") == "gone\n"
    assert RUNTIME.run(NAME, "client", CURL, 20) == (0, "web\n")


def test_a_lab_lasts_when_all_of_its_nodes_are_made_anew(lab: Record) -> None:
    names = ["client", "web"]
    for name in names:
        labs.stop(NAME, name)
    RUNTIME.forget(NAME, names)
    assert labs.record(NAME) == lab
    assert RUNTIME.inits(NAME) == {}
    other = with_environment(lab, "web", ("A", "b"))
    RUNTIME.keep(other)
    assert labs.record(NAME) == other
    assert [labs.changes(NAME, name) for name in names] == [[], []]
    for name in names:
        labs.start(NAME, name, silent)
    assert labs.record(NAME) == other
    assert len(api.containers([f"lvsnet.lab={NAME}"])) == 2
    assert does("web", "echo $A") == "b\n"
    assert RUNTIME.run(NAME, "client", CURL, 20) == (0, "web\n")


def test_a_container_that_somebody_else_removed_is_told(lab: Record) -> None:
    assert lab
    client = connect()
    client.remove_container(f"lvsnet-{NAME}-web", force=True)
    client.close()
    with pytest.raises(LvsnetError, match=f"lab {NAME} is only half there: .* container of web"):
        labs.record(NAME)


def test_what_was_changed_on_a_disk_is_seen_whether_the_node_runs_or_not(lab: Record) -> None:
    assert lab
    does(
        "web",
        "cd /srv; echo new >new; mkdir -p d/e; ln -s /etc/passwd link; mkfifo pipe; "
        "touch 'two\nlines' 'ümlaut'; rm /etc/issue; echo more >>/etc/debian_version; "
        "echo no >/run/no; echo no >/tmp/no; rm -r /var/www; mkdir /var/www",
    )

    def seen() -> set[Change]:
        return {one for one in labs.changes(NAME, "web") if "/nginx" not in one.path}

    expected = {
        Change("/srv/new", "added", "file"),
        Change("/srv/d", "added", "directory"),
        Change("/srv/d/e", "added", "directory"),
        Change("/srv/link", "added", "link"),
        Change("/srv/pipe", "added", "other"),
        Change("/srv/two\nlines", "added", "file"),
        Change("/srv/ümlaut", "added", "file"),
        Change("/etc/issue", "removed", ""),
        Change("/etc/debian_version", "changed", "file"),
        Change("/etc/motd", "changed", "file"),
        Change("/etc/netplan", "added", "directory"),
        Change("/etc/netplan/50-lvsnet.yaml", "added", "file"),
        Change("/var/www/html", "removed", ""),
    }
    assert seen() == expected
    labs.stop(NAME, "web")
    assert seen() == expected
    with pytest.raises(LvsnetError, match="has no node wbe; it has client, web"):
        labs.changes(NAME, "wbe")


def test_a_signal_reaches_the_daemon_and_nobody_else(lab: Record) -> None:
    node = lab.plan.nodes[0]
    traps = "trap 'echo hup >/srv/said' HUP; echo ready >/srv/said; while :; do sleep 0.05; done"
    RUNTIME.start(NAME, [(node, Daemon("trapping", ("sh", "-c", traps), 0))])
    eventually(lambda: does("client", "cat /srv/said || true").endswith("ready\n"))
    RUNTIME.signal(NAME, "client", "trapping", signal.SIGHUP)
    eventually(lambda: does("client", "cat /srv/said") == "hup\n")
    RUNTIME.signal(NAME, "client", "trapping", signal.SIGKILL)
    eventually(lambda: not RUNTIME.alive(NAME, "client", "trapping"))
    RUNTIME.signal(NAME, "client", "trapping", signal.SIGTERM)
    # Another process that has got its number is left alone.
    does("client", 'sleep 1000 >/dev/null 2>&1 & sed "s/^[0-9]*/$!/" -i /run/.lvsnet/trapping.pid')
    RUNTIME.signal(NAME, "client", "trapping", signal.SIGKILL)
    assert "sleep 1000" in does("client", "ps -eo args")
    RUNTIME.signal(NAME, "client", "no-such-daemon", signal.SIGTERM)


def test_nothing_runs_on_between_freezing_and_power_loss(lab: Record) -> None:
    assert lab
    writer = "i=0; while :; do i=$((i+1)); echo $i >>/srv/ticks; done"
    for _ in range(8):
        does("web", f"({writer}) >/dev/null 2>&1 &")
    eventually(lambda: len(does("web", "cat /srv/ticks")) > 1000)
    RUNTIME.freeze(NAME, ["web"])
    state = api.inspect(f"lvsnet-{NAME}-web")
    assert state.running
    frozen = archives.read(state.id, "/srv/ticks")
    RUNTIME.power_off(NAME, ["web"])
    assert not RUNTIME.runs(NAME, "web")
    assert archives.read(state.id, "/srv/ticks") == frozen
    assert docker_power.processes_of(state.id) == []
    labs.start(NAME, "web", silent)
    assert RUNTIME.run(NAME, "client", CURL, 20) == (0, "web\n")


def test_where_the_engine_cannot_freeze_the_processes_are_stopped(lab: Record) -> None:
    assert lab
    does("web", "(while :; do sh -c 'echo tick >>/srv/ticks'; done) >/dev/null 2>&1 &")
    eventually(lambda: len(does("web", "cat /srv/ticks || true")) > 100)
    identity = api.inspect(f"lvsnet-{NAME}-web").id
    assert docker_power._stop(identity)
    stopped = archives.read(identity, "/srv/ticks")
    assert archives.read(identity, "/srv/ticks") == stopped
    RUNTIME.power_off(NAME, ["web"])
    assert archives.read(identity, "/srv/ticks") == stopped
    assert docker_power.processes_of(identity) == []


def test_a_lab_with_a_frozen_node_can_be_destroyed(lab: Record) -> None:
    assert lab
    RUNTIME.freeze(NAME, ["web", "client"])
    assert api.inspect(f"lvsnet-{NAME}-web").paused
    assert RUNTIME.runs(NAME, "web")
    assert labs.record(NAME) == lab
    with pytest.raises(LvsnetError, match=r"web is frozen, .* `lvsnet stop web` ends it"):
        labs.run(NAME, "web", "true")
    labs.destroy(NAME)
    assert api.containers([f"lvsnet.lab={NAME}"]) == []


def test_a_lab_is_changed_in_place(lab: Record, tmp_path: Path) -> None:
    inits = RUNTIME.inits(NAME)
    text = LAB.replace("on the disk", "changed").replace(
        "nodes:\n", "nodes:\n  two: {role: host, interfaces: {lan: 192.168.10.14}}\n"
    )
    labs.reconfigure(written(tmp_path, text), 0, silent)
    assert labs.nodes(NAME) == ["two", "client", "web"]
    assert {name: RUNTIME.inits(NAME)[name] for name in inits} == inits
    assert does("web", "cat /etc/motd") == "changed"
    assert RUNTIME.run(NAME, "two", CURL, 20) == (0, "web\n")
    operations.stop(NAME, "web", RUNTIME)
    labs.reconfigure(lab, 0, silent)
    assert labs.nodes(NAME) == ["client", "web"]
    assert api.containers([f"lvsnet.lab={NAME}", "lvsnet.node=two"]) == []
    assert not RUNTIME.runs(NAME, "web")
    labs.start(NAME, "web", silent)
    assert does("web", "cat /etc/motd") == "on the disk"
    assert labs.record(NAME) == lab


def test_a_lab_of_containerlabs_is_not_changed(
    lab: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labs, "_containerlab_made", lambda _lab: True)
    with pytest.raises(LvsnetError, match=r"containerlab wired lab .* or use --runtime docker"):
        labs.reconfigure(lab, 0, silent)
