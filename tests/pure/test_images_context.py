"""What the images are made of: names, keys, the build context, and what a machine adds to it."""

from __future__ import annotations

import io
import re
import shutil
import tarfile
from pathlib import Path

import pytest

from lvsnet import apt, resources
from lvsnet.image import context
from lvsnet.image.context import DEFAULT_BASE, ROLES, Machine, build_context, portable
from lvsnet.image.recipe import entries, recipe
from lvsnet.progress import silent

IMAGES = resources.directory("images")
DOCKERFILES = {role: (IMAGES / role / "Dockerfile").read_text() for role in ROLES}


def unpacked(packed: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        files = {member.name: archive.extractfile(member) for member in archive}
        return {name: file.read() for name, file in files.items() if file is not None}


def test_the_dockerfiles_name_the_same_base_as_lvsnet() -> None:
    assert f"\nARG BASE={DEFAULT_BASE}\n" in DOCKERFILES["base"]
    for role in ROLES[1:]:
        assert "\nARG BASE=lvsnet/base\n" in DOCKERFILES[role]


@pytest.mark.parametrize("role", ROLES)
def test_every_file_that_a_dockerfile_copies_is_in_the_context(role: str) -> None:
    names = unpacked(build_context(Machine()))
    for copied in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILES[role], re.M):
        for name in copied.split():
            assert [one for one in names if one == name or one.startswith(name)], name


def test_the_node_file_system_has_every_package_of_every_image() -> None:
    """So all images build on it without a network."""
    lists = {name for text in DOCKERFILES.values() for name in re.findall(r"packages/\S+", text)}
    for name in lists:
        assert set(entries((IMAGES / name).read_text())) <= set(recipe().packages)


def test_a_context_has_what_the_machine_says_and_is_the_same_each_time() -> None:
    machine = Machine(('Acquire::Retries "3"',), "http://mirror.example/debian", b"PEM")
    files = unpacked(build_context(machine))
    assert files["machine/apt.conf"] == b'Acquire::Retries "3";\n'
    assert files["machine/mirror"] == b"http://mirror.example/debian"
    assert files["machine/ca.pem"] == b"PEM"
    assert files["install"] == (IMAGES / "install").read_bytes()
    assert build_context(machine) == build_context(machine)


@pytest.mark.parametrize("changed", ["packages/client.txt", "install", "director/Dockerfile"])
def test_the_key_is_of_all_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    mine = tmp_path / "images"
    shutil.copytree(IMAGES, mine)
    before = context._key(mine)
    assert before == context.key()
    (mine / changed).write_text((mine / changed).read_text() + "# more\n")
    context._key.cache_clear()
    monkeypatch.setattr(resources, "directory", lambda _name: mine)
    assert context.key() != before
    context._key.cache_clear()


def test_settings_that_name_files_of_the_machine_stay_behind() -> None:
    settings = (
        'Acquire::http::Proxy "http://proxy.example:3128/"',
        'Acquire::https::CaInfo "/etc/ca.pem"',
        'Acquire::https::SslKey "/etc/me.key"',
        'Acquire::http::Proxy-Auto-Detect "/usr/bin/detect"',
        'Acquire::Check-Date "false"',
    )
    carried, left = portable(settings)
    assert carried == (settings[0], settings[4])
    assert left == ("Acquire::https::SslKey", "Acquire::http::Proxy-Auto-Detect")


def test_the_authorities_of_the_machine_go_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "ca.pem"
    mine.write_bytes(b"mine")
    monkeypatch.setattr(shutil, "which", lambda *_arguments, **_more: "/usr/bin/apt-config")
    monkeypatch.setattr(apt, "mirror", lambda: "http://mirror.example/debian")
    monkeypatch.setattr(apt, "settings", lambda: (f'Acquire::https::CaInfo "{mine}"',))
    assert context.of_this_machine(silent).authorities == b"mine"

    everybodys = tmp_path / "all.pem"
    everybodys.write_bytes(b"everybody's")
    monkeypatch.setattr(context, "CERTIFICATES", everybodys)
    monkeypatch.setattr(apt, "settings", lambda: ())
    assert context.of_this_machine(silent).authorities == b""
    monkeypatch.setattr(apt, "mirror", lambda: "https://mirror.example/debian")
    assert context.of_this_machine(silent).authorities == b"everybody's"


def test_a_mirror_on_the_machines_disk_is_of_no_use_and_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_arguments, **_more: "/usr/bin/apt-config")
    monkeypatch.setattr(apt, "mirror", lambda: "file:/srv/debian")
    monkeypatch.setattr(apt, "settings", lambda: ())
    said: list[str] = []
    assert context.of_this_machine(said.append).mirror == ""
    assert ["file:/srv/debian" in line for line in said] == [True]


def test_without_apt_only_the_environment_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_arguments, **_more: None)
    monkeypatch.setenv(apt.MIRROR_VARIABLE, "http://mirror.example/debian")
    for name in context.PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.example")
    proxies = (("https_proxy", "http://proxy.example"),)
    expected = Machine(mirror="http://mirror.example/debian", proxies=proxies)
    assert context.of_this_machine(silent) == expected
