"""``lvsnet setup`` where all can be had, and where no guest starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import lvsnet

from lvsnet.errors import LvsnetError
from lvsnet.guest import starting
from lvsnet.guest.kernels import choice
from lvsnet.guest.kernels.model import Kernel
from lvsnet.image import nodefs
from lvsnet.image.nodefs import Image

KERNEL = Kernel(
    Path("linux"), Path("busybox"), Path("modules"), "7.2.7", "user-mode-linux 7.2um1", (), "",
    False, "debian",
)  # fmt: skip


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "ensure", lambda *_: KERNEL)
    monkeypatch.setattr(nodefs, "ensure", lambda *_: Image(Path("/cache/node.squashfs"), "key"))
    monkeypatch.setattr(starting, "compile_agent", lambda *_: None)


@pytest.fixture
def no_guest(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise LvsnetError("there is no place for the guest's memory of 512M: /dev/shm: 20 MB free")

    monkeypatch.setattr(starting, "compile_agent", refuse)


def test_it_says_what_there_is() -> None:
    done = lvsnet("setup")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "guest kernel: Linux 7.2.7 (user-mode-linux 7.2um1)\n"
        "node file system: /cache/node.squashfs\n"
    )
    assert json.loads(lvsnet("setup", "--format", "json").stdout)["kernel"]["runs"] is True


@pytest.mark.usefixtures("no_guest")
def test_where_no_guest_starts_it_says_so_and_goes_on() -> None:
    done = lvsnet("setup")
    assert done.returncode == 0
    assert done.stdout.endswith("node file system: /cache/node.squashfs\n")
    assert done.stderr == (
        "no guest starts here: there is no place for the guest's memory of 512M: "
        "/dev/shm: 20 MB free\n"
        "Without one, labs run with --kernel host, where this machine's kernel has IPVS; "
        "`lvsnet doctor` says what is lacking.\n"
    )
    said = json.loads(lvsnet("setup", "--format", "json").stdout)
    assert said["kernel"]["runs"] is False
    assert said["node_file_system"] == "/cache/node.squashfs"
