"""The node file system as it was built: `make setup` has put it into the cache."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping

import pytest

from lvsnet.image import nodefs
from lvsnet.image.recipe import entries, recipe
from lvsnet.progress import on_stderr


@pytest.fixture(scope="module")
def image() -> nodefs.Image:
    return nodefs.ensure(on_stderr)


@pytest.fixture(scope="module")
def listing(image: nodefs.Image) -> Mapping[str, tuple[str, str]]:
    """Path -> mode and owner of every file."""
    done = subprocess.run(
        ["unsquashfs", "-lln", "-d", "", str(image.path)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    lines = (line.split(maxsplit=5) for line in done.stdout.splitlines() if "/" in line)
    return {
        fields[-1].partition(" -> ")[0]: (fields[0], fields[1])
        for fields in lines
        if len(fields) == 6
    }


def content(image: nodefs.Image, path: str) -> str:
    done = subprocess.run(
        ["unsquashfs", "-cat", str(image.path), path],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout


def test_it_is_found_again(image: nodefs.Image) -> None:
    assert nodefs.find() == image
    assert image.key == recipe().key


@pytest.mark.parametrize(
    "program",
    ["arping", "bash", "busybox", "crun", "curl", "ethtool", "ip", "iperf3", "less",
     "nc.openbsd", "nft", "ping", "ps", "socat", "ss", "tc", "tcpdump", "tini", "tini-static",
     "wrk", "ipvsadm", "keepalived", "nginx", "sysctl"],
)  # fmt: skip
def test_every_program_of_the_roles_is_there(
    listing: Mapping[str, tuple[str, str]], program: str
) -> None:
    assert {f"/usr/bin/{program}", f"/usr/sbin/{program}"} & listing.keys()


def test_owners_and_modes_are_those_of_a_debian_machine(
    listing: Mapping[str, tuple[str, str]],
) -> None:
    assert listing["/etc/shadow"] == ("-rw-r-----", "0/42")
    assert listing["/usr/bin/su"] == ("-rwsr-xr-x", "0/0")
    assert listing["/tmp"][0] == "drwxrwxrwt"
    assert {owner for path, (_, owner) in listing.items() if path.startswith("/usr/share/")} == {
        "0/0"
    }


def test_nothing_of_the_machine_that_built_it_is_in_it(
    image: nodefs.Image, listing: Mapping[str, tuple[str, str]]
) -> None:
    assert content(image, "etc/resolv.conf") == ""
    assert content(image, "etc/hostname") == "node\n"
    assert content(image, "etc/hosts").splitlines()[0] == "127.0.0.1\tlocalhost"
    assert content(image, "etc/machine-id") == ""
    assert "/etc/apt/sources.list" not in listing
    assert not [path for path in listing if path.endswith("mmdebstrap")]


def test_there_is_no_init_and_none_of_lvsnet(listing: Mapping[str, tuple[str, str]]) -> None:
    assert not {"/usr/sbin/init", "/usr/lib/systemd/systemd"} & listing.keys()
    assert not [path for path in listing if re.search(r"/lvsnet(/|$)", path)]


def test_pythons_library_is_compiled(listing: Mapping[str, tuple[str, str]]) -> None:
    compiled = r"/usr/lib/python3\.\d+/json/__pycache__/decoder\.cpython-.*pyc$"
    assert [path for path in listing if re.search(compiled, path)]


def test_lists_may_have_comments() -> None:
    assert entries("# all\na\n\n b # why\n") == ("a", "b")
