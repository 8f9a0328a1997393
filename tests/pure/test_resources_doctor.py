"""What the doctor finds, and the one command that it gives."""

from __future__ import annotations

import os
import platform
import socket
import threading
from pathlib import Path

import pytest

from lvsnet import apt, doctor
from lvsnet.doctor import Check


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing is installed or built yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(apt, "PATH", str(tmp_path))
    monkeypatch.setattr(doctor, "KEYRING", tmp_path / "keyring.gpg")
    monkeypatch.setattr(os, "geteuid", lambda: 0)


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


def test_what_is_not_needed_is_only_noted() -> None:
    assert doctor.ready([Check("a", "ok", ""), Check("b", "note", "")])
    assert not doctor.ready([Check("a", "ok", ""), Check("b", "missing", "")])
    assert doctor.install_command([Check("a", "ok", "")]) == ""


def docker_says(found: list[Check]) -> str:
    return next(check.detail for check in found if check.name == "Docker engine")


def test_a_docker_engine_that_answers_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                assert connection.recv(4096).startswith(b"GET /_ping ")
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")

        engine = threading.Thread(target=answer)
        engine.start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{address}")
        assert docker_says(doctor.checks()) == f"unix://{address} answers with 200"
        engine.join(10)


@pytest.mark.parametrize("address", ["unix:///nowhere", "ssh://somebody@somewhere", "tcp://:x"])
def test_a_docker_engine_that_is_not_there_is_no_error(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    assert docker_says(doctor.checks()).startswith("none at ")


def test_a_docker_engine_that_never_answers_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{address}")
        assert "timed out" in docker_says(doctor.checks())
