"""What the doctor finds, and the one command that it gives."""

from __future__ import annotations

import os
import platform
import socket
import time
from pathlib import Path

import pytest

from lvsnet import apt, doctor
from lvsnet.docker import api
from lvsnet.doctor import Check
from lvsnet.engine import kernel
from lvsnet.engine.kernel import Ipvs
from lvsnet.guest import landlock


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing is installed or built yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(apt, "PATH", str(tmp_path))
    monkeypatch.setattr(doctor, "KEYRING", tmp_path / "keyring.gpg")
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def test_a_kernel_without_landlock_is_only_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    (check,) = (one for one in doctor.checks() if one.name == "Landlock")
    assert check.state == "note"
    assert "a privileged node can read every file that the guest's user can" in check.detail


def states(found: list[Check]) -> dict[str, str]:
    return {check.name: check.state for check in found}


@pytest.mark.usefixtures("bare")
def test_one_command_gets_all_that_is_missing() -> None:
    found = doctor.checks()
    assert not doctor.ready(found)
    assert doctor.install_command(found) == (
        "apt-get update && apt-get install --no-install-recommends "
        "debian-archive-keyring mmdebstrap squashfs-tools"
    )
    assert states(found)["mmdebstrap"] == states(found)["sqfstar"] == "missing"
    assert states(found)["guest kernel"] == states(found)["node file system"] == "note"


@pytest.mark.usefixtures("bare")
def test_every_missing_thing_has_a_remedy() -> None:
    assert all(check.remedy for check in doctor.checks() if check.state == "missing")


@pytest.mark.usefixtures("bare")
def test_another_processor_cannot_run_the_guest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert states(doctor.checks())["CPU"] == "missing"


@pytest.mark.usefixtures("bare")
def test_the_guest_says_what_it_is_wanting() -> None:
    wanting = detail(doctor.checks(), doctor.GUEST)
    assert wanting.startswith("wanting: ")
    assert "mmdebstrap, sqfstar, Debian's keys" in wanting


def test_labs_run_here_when_one_place_can_be_had() -> None:
    assert doctor.ready(
        [Check("mmdebstrap", "missing", ""), Check(doctor.GUEST, "note", ""),
         Check(doctor.DOCKER, "ok", "")]
    )  # fmt: skip
    assert not doctor.ready([Check("CPU", "ok", ""), Check(doctor.GUEST, "note", "")])
    assert doctor.install_command([Check("a", "ok", "")]) == ""


def detail(found: list[Check], name: str) -> str:
    return next(check.detail for check in found if check.name == name)


def place(name: str) -> Check:
    return next(check for check in doctor.checks() if check.name == name)


def engine(monkeypatch: pytest.MonkeyPatch, ipvs: Ipvs) -> None:
    """A Docker engine that answers, on a kernel with this much of IPVS."""
    monkeypatch.setattr(doctor, "ipvs_possible", lambda: ipvs)
    monkeypatch.setattr(api, "version", lambda _deadline: api.Version("28.1.0", (1, 49)))
    monkeypatch.setenv("DOCKER_HOST", "unix:///some/docker.sock")


def test_labs_run_by_docker_where_an_engine_answers_and_the_kernel_has_ipvs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine(monkeypatch, Ipvs.LOADED)
    said = "Docker engine 28.1.0, API 1.49, at /some/docker.sock"
    assert place(doctor.DOCKER) == Check(doctor.DOCKER, "ok", said)


def test_an_engine_on_a_kernel_without_ipvs_is_only_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    engine(monkeypatch, Ipvs.NONE)
    found = place(doctor.DOCKER)
    assert found.state == "note"
    assert "28.1.0" in found.detail
    assert found.detail.endswith("this machine's kernel has no IPVS")


@pytest.mark.parametrize(
    ("uid", "state", "remedy"), [(0, "ok", ""), (1000, "note", "Run: sudo modprobe ip_vs")]
)
def test_root_loads_ipvs_and_others_are_told_how(
    monkeypatch: pytest.MonkeyPatch, uid: int, state: str, remedy: str
) -> None:
    engine(monkeypatch, Ipvs.LOADABLE)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    found = place(doctor.DOCKER)
    assert (found.state, found.remedy) == (state, remedy)


def test_an_engine_that_cannot_be_used_is_noted_with_its_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_deadline: float) -> api.Version:
        raise api.OldEngineError("Docker engine 18.09.1 speaks API 1.39. Upgrade it")

    engine(monkeypatch, Ipvs.LOADED)
    monkeypatch.setattr(api, "version", refuse)
    assert place(doctor.DOCKER) == Check(
        doctor.DOCKER, "note", "Docker engine 18.09.1 speaks API 1.39", "Upgrade it"
    )


@pytest.mark.parametrize("address", ["unix:///nowhere", "ssh://somebody@somewhere", "tcp://:x"])
def test_a_docker_engine_that_is_not_there_is_no_error(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    monkeypatch.setattr(doctor, "ipvs_possible", lambda: Ipvs.LOADED)
    found = place(doctor.DOCKER)
    assert found.state == "note"
    assert address.removeprefix("unix://") in found.detail
    assert found.remedy


def test_a_docker_engine_that_never_answers_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{address}")
        begun = time.monotonic()
        found = place(doctor.DOCKER)
    assert found.state == "note"
    assert "has not answered" in found.detail
    assert time.monotonic() - begun < doctor.DOCKER_TIMEOUT_S + 5


def test_crun_on_this_kernel_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    found = place(doctor.CRUN)
    assert found.state == "note"
    assert "needs root" in found.detail


@pytest.mark.usefixtures("bare")
def test_crun_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ipvs_possible", lambda: Ipvs.LOADED)
    found = place(doctor.CRUN)
    assert "crun is not installed" in found.detail
    assert "sqfstar" in found.detail
    assert found.remedy == "Install crun."


def test_containerlab_needs_what_docker_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "containerlab"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert "not on the PATH" in place(doctor.CONTAINERLAB).detail
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    engine(monkeypatch, Ipvs.NONE)
    assert place(doctor.CONTAINERLAB).detail.endswith(f"needs what {doctor.DOCKER} does")
    engine(monkeypatch, Ipvs.LOADED)
    assert place(doctor.CONTAINERLAB) == Check(doctor.CONTAINERLAB, "ok", str(program))


@pytest.mark.parametrize(
    ("absent", "state", "words"),
    [
        ([], "ok", "IPVS loaded, and all else"),
        (["ip_vs", "ip_vs_rr", "ipip"], "note", "lacks ip_vs, ipip"),
        (["ip_vs_mh"], "note", "lacks ip_vs_mh"),
    ],
)
def test_what_the_kernel_lacks_is_named_once(
    monkeypatch: pytest.MonkeyPatch, absent: list[str], state: str, words: str
) -> None:
    monkeypatch.setattr(doctor, "ipvs_possible", lambda: Ipvs.LOADED)
    monkeypatch.setattr(kernel, "unlisted", lambda _names: absent)
    found = place("this machine's kernel")
    assert found.state == state
    assert words in found.detail
    assert ("ip_vs_rr" in found.detail) is False
