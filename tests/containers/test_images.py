"""Lvsnet's images at a real Docker engine: built, found, replaced, removed.

Under a key of these tests' own, and without a network: the package that the base lacks comes with
the base, and no registry answers.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath

import docker
import pytest

from lvsnet import apt, cli
from lvsnet.docker import building, images
from lvsnet.docker.engine import connect
from lvsnet.docker.images import Built, built, ensure
from lvsnet.docker.transfers import TransferError
from lvsnet.errors import LvsnetError
from lvsnet.image import context
from lvsnet.image.context import ROLES, name_of
from lvsnet.plan.model import Node
from lvsnet.progress import silent

KEY = f"test-{os.getpid()}"
WITHOUT_LESS = f"lvsnet-test/without-less:{KEY}"
CONTAINER = f"lvsnet-test-images-{os.getpid()}"
DEAD_MIRROR = "http://127.0.0.1:9/debian"
REAL_PULL = building.pull
POSTINST = """#!/bin/sh
set -e
chown www-data:adm /usr/lib/less-test/file
chmod 4750 /usr/lib/less-test/file
ln -s file /usr/lib/less-test/link
install -d -o www-data -m 700 /var/lib/less-test/empty
"""
CONTROL = """Package: less
Version: 999
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: stands in for the real one
"""


def node(role: str, image: str = "") -> Node:
    return Node("n1", role, (), (), (), (), (), (), (), (), (), False, image)


NODES = [node("client"), node("director"), node("realserver")]


@pytest.fixture(scope="module", autouse=True)
def _at_the_engine(engine: str) -> Iterator[None]:
    def no_registry(_api: object, image: str, _report: object) -> None:
        raise TransferError(f"no registry for {image}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", engine)
        patch.setenv(apt.MIRROR_VARIABLE, DEAD_MIRROR)
        patch.setattr(context, "key", lambda: KEY)
        patch.setattr(context, "DEFAULT_BASE", f"lvsnet-test/none:{KEY}")
        patch.setattr(building, "DEFAULT_BASE", f"lvsnet-test/none:{KEY}")
        patch.setattr(building, "pull", no_registry)
        yield


@pytest.fixture(scope="module")
def client(_at_the_engine: None) -> Iterator[docker.APIClient]:
    api = connect()
    yield api
    images.remove(api, of_these_tests(api))
    for one in api.images(all=True, filters={"label": f"lvsnet-test={KEY}"}):
        with suppress(docker.errors.APIError):
            # A parent of another one goes with that.
            api.remove_image(one["Id"], force=True)
    api.close()


@pytest.fixture(scope="module")
def without_less(client: docker.APIClient) -> str:
    """A base on Debian that lacks a package of the list, and knows where to get it."""
    ensure(client, [], silent)
    return on_a_base(client, POSTINST)


@pytest.fixture(autouse=True)
def _nothing_is_left(client: docker.APIClient) -> Iterator[None]:
    yield
    assert client.containers(all=True, filters={"label": building.STAGE_LABEL}) == []
    assert client.images(filters={"dangling": True, "label": building.STAGE_LABEL}) == []


def on_a_base(api: docker.APIClient, postinst: str) -> str:
    """Make the image `WITHOUT_LESS`; the package's postinst is the text."""
    package = deb(postinst)
    index = f"{CONTROL}Filename: ./less.deb\nSize: {len(package)}\nSHA256: "
    dockerfile = f"""
        FROM {name_of("base")}
        COPY less.deb Packages /archive/
        RUN dpkg --purge --force-depends less && rm -rf /etc/apt/sources.list.d/* \\
            && echo "deb [trusted=yes] file:/archive ./" > /etc/apt/sources.list \\
            && echo "deb http://mirror.example/debian trixie main" >> /etc/apt/sources.list
        LABEL lvsnet.image="" lvsnet.key="" lvsnet-test={KEY}
        """
    files = {
        "Dockerfile": dockerfile.encode(),
        "less.deb": package,
        "Packages": f"{index}{hashlib.sha256(package).hexdigest()}\n".encode(),
    }
    built = api.build(
        fileobj=io.BytesIO(tarred(files)), custom_context=True, tag=WITHOUT_LESS,
        rm=True, forcerm=True, network_mode="none", decode=True,
    )  # fmt: skip
    said = list(built)
    assert "Successfully tagged" in str(said[-1]), said
    return WITHOUT_LESS


def deb(postinst: str) -> bytes:
    """A package (deb(5))."""
    parts = {
        "debian-binary": b"2.0\n",
        "control.tar": tarred({"control": CONTROL.encode(), "postinst": postinst.encode()}),
        "data.tar": tarred(
            {"usr/lib/less-test/file": b"text", "usr/share/man/man1/less.1": b"excluded"}
        ),
    }
    whole = b"!<arch>\n"
    for name, part in parts.items():
        whole += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(part):<10}`\n".encode()
        whole += part + b"\n" * (len(part) % 2)
    return whole


def tarred(files: dict[str, bytes]) -> bytes:
    """A tar file with the files, which anybody may run, and the directories above them."""
    above = {str(one) for name in files for one in PurePosixPath(name).parents if str(one) != "."}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in sorted(above | files.keys()):
            # dpkg's path-exclude wants names to begin so.
            member = tarfile.TarInfo(f"./{name}")
            member.mode = 0o755
            member.size = len(files.get(name, b""))
            member.type = tarfile.REGTYPE if name in files else tarfile.DIRTYPE
            archive.addfile(member, io.BytesIO(files.get(name, b"")))
    return packed.getvalue()


def of_these_tests(api: docker.APIClient) -> list[Built]:
    marks = {one["Id"] for one in api.images(filters={"label": f"lvsnet.key={KEY}"})}
    return [one for one in built(api) if one.id in marks]


def ids(api: docker.APIClient) -> dict[str, str]:
    return {one.name: one.id for one in of_these_tests(api)}


def says(api: docker.APIClient, image: str, script: str) -> str:
    """What a shell says in a container of an image."""
    host = api.create_host_config(network_mode="none")
    container = api.create_container(image, ["sh", "-c", script], host_config=host)
    try:
        api.start(container)
        api.wait(container, timeout=30)
        return str(api.logs(container).decode())
    finally:
        api.remove_container(container, force=True)


def forget(api: docker.APIClient) -> None:
    assert images.remove(api, of_these_tests(api)) == []


@pytest.fixture(scope="module")
def said(client: docker.APIClient) -> list[str]:
    """What two said who needed the images at one time, when there were none."""
    forget(client)
    said: list[str] = []
    others = [connect(), connect()]
    threads = [
        threading.Thread(target=ensure, args=(other, NODES, said.append)) for other in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for other in others:
        other.close()
    return said


def test_where_no_registry_answers_they_are_made_of_the_node_file_system(
    client: docker.APIClient, said: list[str]
) -> None:
    made = of_these_tests(client)
    assert [one.name for one in made] == sorted(map(name_of, ROLES))
    assert {one.base for one in made} == {"node file system"}
    assert not [one for one in made if one.outdated or one.containers]
    assert [line for line in said if "cannot be pulled" in line and "no registry for" in line]
    assert "nginx" in says(client, name_of("realserver"), "nginx -v 2>&1")
    (label,) = {client.inspect_image(name_of("client"))["Config"]["Labels"]["lvsnet.image"]}
    assert label == "client"


def test_of_two_at_once_one_builds_and_the_other_waits(said: list[str]) -> None:
    assert len([line for line in said if line.startswith("image client: building")]) == 1
    assert len([line for line in said if "waiting for another lvsnet" in line]) == 1


def test_what_is_there_is_not_built_again(client: docker.APIClient) -> None:
    ensure(client, NODES, silent)
    before, said = ids(client), list[str]()
    ensure(client, NODES, said.append)
    assert (ids(client), said) == (before, [])


def test_only_what_is_missing_is_built(client: docker.APIClient) -> None:
    ensure(client, NODES, silent)
    before = ids(client)
    client.remove_image(name_of("director"))
    ensure(client, [node("client")], silent)
    assert name_of("director") not in ids(client)
    ensure(client, NODES, silent)
    after = ids(client)
    for role in ("base", "client", "realserver"):
        assert after[name_of(role)] == before[name_of(role)]
    assert name_of("director") in after


def test_one_in_use_stays_under_another_name_until_it_is_free(
    client: docker.APIClient, without_less: str
) -> None:
    ensure(client, NODES, silent)
    old = ids(client)[name_of("client")]
    container = client.create_container(name_of("client"), ["true"], name=CONTAINER)
    try:
        images.build(client, without_less, silent)
        (kept,) = [one for one in of_these_tests(client) if one.id == old]
        assert kept.outdated
        assert kept.containers == (CONTAINER,)
        assert images.remove(client, [kept]) == [kept]
    finally:
        client.remove_container(container, force=True)
    (kept,) = [one for one in of_these_tests(client) if one.id == old]
    assert images.remove(client, [kept]) == []
    assert not [one for one in of_these_tests(client) if one.outdated]


def test_what_a_package_brings_comes_into_the_image_as_it_is(
    client: docker.APIClient, without_less: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(client)  # or else what was built before would do
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/proxy")
    images.build(client, without_less, silent)
    look = "cd /usr/lib/less-test; stat -c '%n %A %U:%G %N' file link /var/lib/less-test/empty"
    assert says(client, name_of("director"), look).splitlines() == [
        "file -rwsr-x--- www-data:adm 'file'",
        "link lrwxrwxrwx root:root 'link' -> 'file'",
        "/var/lib/less-test/empty drwx------ www-data:root '/var/lib/less-test/empty'",
    ]
    state = "dpkg-query -W less; ls -d /usr/share/man/man1/less.1 /lvsnet 2>/dev/null"
    assert says(client, name_of("base"), state) == "less\t999\n"
    assert {one.base for one in of_these_tests(client) if not one.outdated} == {without_less}
    # Nothing of the machine that built it: neither in its history nor in its files.
    told = [client.history(name_of("director")), client.inspect_image(name_of("director"))]
    assert "127.0.0.1" not in json.dumps(told)
    found = says(client, name_of("director"), "grep -rl 127.0.0.1:9/ /etc /var /root")
    assert found == ""


def test_a_build_that_fails_shows_why_and_changes_nothing(
    client: docker.APIClient, without_less: str
) -> None:
    ensure(client, NODES, silent)
    before = ids(client)
    try:
        on_a_base(client, "#!/bin/sh\necho it went wrong here\nexit 3\n")
        with pytest.raises(LvsnetError) as caught:
            images.build(client, without_less, silent)
    finally:
        on_a_base(client, POSTINST)
    message = str(caught.value)
    assert f"image base cannot be built on {without_less}" in message
    assert "\n  it went wrong here\n" in message
    # The machine's mirror took the place of the base's own.
    assert f"Failed to fetch {DEAD_MIRROR}/dists/trixie" in message
    assert "mirror.example" not in message
    assert ids(client) == before


def test_an_interrupted_build_leaves_nothing(client: docker.APIClient, without_less: str) -> None:
    ensure(client, NODES, silent)
    before = ids(client)
    seen: list[str] = []

    def interrupt(line: str) -> None:
        if "installing less" in line:
            running = client.containers(filters={"label": building.STAGE_LABEL})
            seen.extend(one["Id"] for one in running)
            raise KeyboardInterrupt

    begun = time.monotonic()
    try:
        on_a_base(client, "#!/bin/sh\nsleep 100\n")
        with pytest.raises(KeyboardInterrupt):
            images.build(client, without_less, interrupt)
    finally:
        on_a_base(client, POSTINST)
    assert len(seen) == 1
    assert time.monotonic() - begun < 60
    assert ids(client) == before


def test_a_base_that_is_named_and_cannot_be_had_is_an_error(client: docker.APIClient) -> None:
    ensure(client, NODES, silent)
    before = ids(client)
    with pytest.raises(LvsnetError, match=r"base image nobodys/base:1 cannot be had: no registry"):
        images.build(client, "nobodys/base:1", silent)
    assert ids(client) == before


def test_a_base_that_is_no_debian_is_told(client: docker.APIClient) -> None:
    ensure(client, [], silent)
    name = f"lvsnet-test/no-debian:{KEY}"
    dockerfile = f"FROM {name_of('base')}\nRUN rm /usr/bin/dpkg-query\n"
    said = client.build(
        fileobj=io.BytesIO(dockerfile.encode()), tag=name, rm=True, forcerm=True,
        network_mode="none",
    )  # fmt: skip
    assert "Successfully tagged" in str(list(said)[-1])
    try:
        with pytest.raises(LvsnetError, match="has to be Debian or made from it"):
            images.build(client, name, silent)
    finally:
        client.remove_image(name)


def test_a_users_image_that_is_nowhere_is_told_with_its_node(client: docker.APIClient) -> None:
    with pytest.raises(LvsnetError, match=r"n1: image nobodys/x:1 is not .* no registry"):
        ensure(client, [node("director", "nobodys/x:1")], silent)
    with pytest.raises(LvsnetError, match=r"n1: look for image Not A Name: .*invalid reference"):
        ensure(client, [node("director", "Not A Name")], silent)


def test_a_users_image_that_is_there_needs_only_the_base_beside_it(
    client: docker.APIClient, without_less: str
) -> None:
    forget(client)
    said: list[str] = []
    ensure(client, [node("director", without_less)], said.append)
    assert set(ids(client)) == {name_of("base")}


def test_a_registry_that_does_not_answer_is_told(client: docker.APIClient) -> None:
    with pytest.raises(TransferError, match="connection refused"):
        REAL_PULL(client, "localhost:1/nobodys:1", silent)


def test_they_are_listed(client: docker.APIClient, capfd: pytest.CaptureFixture[str]) -> None:
    ensure(client, NODES, silent)
    assert cli.run(["image", "list"]) == 0
    rows = [line.split() for line in capfd.readouterr().out.splitlines() if KEY in line]
    assert [row[0] for row in rows] == sorted(map(name_of, ROLES))
    assert cli.run(["image", "list", "--format", "json"]) == 0
    listed = json.loads(capfd.readouterr().out)["images"]
    assert {one["name"] for one in listed if not one["outdated"]} == set(map(name_of, ROLES))


def test_those_of_other_versions_are_removed_and_the_present_ones_only_when_asked(
    client: docker.APIClient,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Of these tests' images only: others at this engine are somebody else's."""
    ensure(client, NODES, silent)
    monkeypatch.setattr(images, "built", of_these_tests)
    old = f"lvsnet/client:{KEY}-old"
    client.tag(name_of("client"), "lvsnet/client", f"{KEY}-old")
    assert cli.run(["image", "rm"]) == 0
    assert capfd.readouterr().out.split() == [old]
    assert cli.run(["image", "rm", "--all"]) == 0
    assert set(capfd.readouterr().out.split()) == set(map(name_of, ROLES))
    assert of_these_tests(client) == []
