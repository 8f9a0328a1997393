"""A Docker engine of the tests' own: dockerd with its own data, socket, containerd and cgroups."""

from __future__ import annotations

import http
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READY_S = 60.0
"""It takes 1 s on an idle machine, 3 s in a test machine."""
END_S = 30.0
POLL_S = 0.1
"""Asking costs processor time that the engine needs to come up."""
ANSWER_S = 30.0
PROGRAMS = ("dockerd", "containerd", "containerd-shim-runc-v2", "runc", "unshare")
GIVEN = "LVSNET_TEST_DOCKER_HOST"
"""Names an engine that is to be used instead: ``unix:///var/run/docker.sock``."""


class EngineError(Exception):
    """No engine could be started; the text has the end of its log."""


def lacking() -> list[str]:
    """What this machine has not that an engine of the tests' own needs."""
    if os.geteuid():
        return ["root"]
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    needs = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if "\toverlay\n" not in Path("/proc/filesystems").read_text():
        modprobe = shutil.which("modprobe", path=path)
        loads = [modprobe or "false", "overlay"]
        if subprocess.run(loads, capture_output=True, timeout=20, check=False).returncode:
            needs.append("overlayfs in the kernel")
    return needs


@contextmanager
def running(data: Path, *throw_away: Path) -> Iterator[str]:
    """Start an engine on the data root ``data``; gives what DOCKER_HOST is to be set to.

    At the end everything that it started is gone, also when this process is killed, and the
    directories ``throw_away`` are.

    Raises:
        EngineError: it does not answer.
    """
    directory = Path(tempfile.mkdtemp(prefix="lvsnet-engine-"))
    cgroup = directory.name
    listening = directory / "docker.sock"
    keeper = subprocess.Popen(
        [
            "unshare", "--mount", "--propagation", "private",
            sys.executable, "-S", str(Path(__file__).with_name("keeper.py")),
            str(directory / "log"), cgroup, str(directory), *map(str, throw_away), "--",
            "dockerd",
            "--host", f"unix://{listening}",
            "--data-root", str(data),
            "--exec-root", str(directory / "exec"),
            "--pidfile", str(directory / "pid"),
            "--config-file", str(_configuration(directory)),
            "--cgroup-parent", f"/{cgroup}",
            "--exec-opt", "native.cgroupdriver=cgroupfs",
            "--storage-driver", "overlay2",
            "--iptables=false", "--ip6tables=false", "--bridge", "none",
        ],
        stdin=subprocess.PIPE,
        env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"},
        start_new_session=True,
    )  # fmt: skip
    try:
        _wait(listening, keeper, directory / "log")
        yield f"unix://{listening}"
    finally:
        assert keeper.stdin is not None
        keeper.stdin.close()
        keeper.wait(END_S)


def _configuration(directory: Path) -> Path:
    """An empty configuration: this machine's own may contradict the command line."""
    path = directory / "daemon.json"
    path.write_text("{}\n")
    return path


def _wait(listening: Path, keeper: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_S
    while not _answers(listening):
        if keeper.poll() is not None:
            raise EngineError("dockerd ended; its last lines are on standard error")
        if time.monotonic() > until:
            said = log.read_text(errors="replace").splitlines()[-15:]
            raise EngineError("dockerd does not answer; it said last:\n" + "\n".join(said))
        time.sleep(POLL_S)


def _answers(listening: Path) -> bool:
    try:
        ask(f"unix://{listening}", "/_ping")
    except (OSError, http.client.HTTPException):
        return False
    return True


def ask(host: str, path: str) -> bytes:
    """What the engine that DOCKER_HOST ``host`` names answers to a GET request.

    Raises:
        OSError, HTTPException: nobody answers, or not with code 200.
    """
    connection = http.client.HTTPConnection("localhost")
    with socket.socket(socket.AF_UNIX) as connection.sock:
        connection.sock.settimeout(ANSWER_S)
        connection.sock.connect(host.removeprefix("unix://"))
        connection.request("GET", path)
        answer = connection.getresponse()
        said = answer.read()
    if answer.status != http.HTTPStatus.OK:
        raise http.client.HTTPException(f"{path}: {answer.status} {said!r}")
    return said
