"""cp in a guest: what a stranger copies, fast, and nothing half."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from e2e.users import LVSNET, User, eventually, kill

MB = 2**20
FIFTY = 50_000_000
ROOM = 8 * MB


@pytest.fixture(scope="module")
def site(warm_resident: User) -> User:
    warm_resident.does("deploy", "--no-wait", warm_resident.lab("copies"))
    return warm_resident


def share(user: User) -> list[Path]:
    return list((user.home / "cache/lvsnet/labs/copies/root/share").iterdir())


def leftovers(user: User, node: str) -> str:
    return user.does("exec", node, "find", "/root", "/etc", "-name", ".lvsnet*")


def test_fifty_megabytes_both_ways(site: User) -> None:
    content = os.urandom(FIFTY)
    (site.home / "big").write_bytes(content)
    wanted = hashlib.sha256(content).hexdigest()
    begun = time.monotonic()
    site.does("cp", "big", "lb01:/root/")
    there = time.monotonic() - begun
    assert site.does("exec", "lb01", "sha256sum", "/root/big").split()[0] == wanted
    begun = time.monotonic()
    site.does("cp", "lb01:/root/big", "back")
    back = time.monotonic() - begun
    assert hashlib.sha256((site.home / "back").read_bytes()).hexdigest() == wanted
    site.does("exec", "lb01", "rm", "/root/big")
    # By the line it would take a minute there; it takes half a second on an idle machine.
    assert max(there, back) < 30
    assert share(site) == []


def test_owners_and_modes(site: User) -> None:
    (site.home / "script").write_text("#!/bin/sh\necho hello\n")
    (site.home / "script").chmod(0o750)
    site.does("cp", "script", "client:/usr/local/bin/greet")
    assert site.does("exec", "client", "greet") == "hello\n"
    shown = site.does("exec", "client", "stat", "-c", "%a %u %g", "/usr/local/bin/greet")
    assert shown == "750 0 0\n"
    site.does("exec", "client", "sh", "-c", "echo x >/root/own; chown 33:33 /root/own")
    site.does("cp", "copies/client:/root/own", "own")
    assert (site.home / "own").stat().st_uid == os.getuid()


def test_archives(site: User) -> None:
    piped = replace(site, warm=None)  # its streams are pipes
    done = piped.tries("cp", "client:/etc/nginx/", "-")
    assert done.code == 0
    site.does("exec", "client", "mkdir", "-p", "/root/web")
    assert piped.tries("cp", "-", "lb02:/root", stdin=done.out).code == 0
    listed = [
        site.does("exec", node, "sh", "-c", f"cd {path} && find . | sort")
        for node, path in (("client", "/etc/nginx"), ("lb02", "/root"))
    ]
    assert set(listed[0].split()) <= set(listed[1].split())
    rubbish = piped.tries("cp", "-", "lb02:/root", stdin=b"rubbish" * 1000)
    assert rubbish.code == 1
    assert "tar archive" in rubbish.err
    assert leftovers(site, "lb02") == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nope", "client:/root/"], 1, "nope: there is no such file or directory"),
        (["file", "client:/no/dir/x"], 1, "there is no directory /no/dir"),
        (["file", "client:/root/no/"], 1, "/root/no/: there is no such directory"),
        (["dir", "client:/etc/hostname"], 1, "/etc/hostname is no directory"),
        (["client:/nope", "."], 1, "client:/nope: there is no such file or directory"),
        (["client:/etc/hostname", "no/x"], 1, "there is no directory no"),
        (["client:/proc/net/ip_vs", "."], 1, "`lvsnet exec client cat /proc/net/ip_vs` prints it"),
        (["client:/dev/null", "."], 1, "client:/dev/null is no file, directory or link"),
        (["file", "web9:/root"], 1, "has no node web9; it has client, lb01, lb02"),
        (["file", "elsewhere/client:/root"], 1, "lab elsewhere does not run"),
        (["file", "client:/proc/x"], 1, "client: "),
        (["file", "client:"], 1, "client:/ is the node's root directory"),
        (["file", "other"], 2, "one side must be in a node"),
        (["client:/etc/hostname", "lb01:/root"], 2, "both sides are in nodes"),
        (["client:/etc/hostname", "file", "."], 2, "all sources must be on one side"),
        (["file"], 2, "a source and a destination"),
    ],
)
def test_what_cannot_be_copied_is_told_in_a_line(
    site: User, arguments: list[str], code: int, words: str
) -> None:
    (site.home / "file").write_text("x")
    (site.home / "dir").mkdir(exist_ok=True)
    done = site.tries("cp", *arguments)
    assert done.code == code, done
    assert words in done.err
    assert "Traceback" not in done.err
    assert code == 2 or done.err.count("\n") == 1
    assert not list(site.home.glob(".lvsnet*"))


def test_a_full_disk_in_the_node_keeps_what_was_there(site: User) -> None:
    (site.home / "small").write_text("old\n")
    site.does("cp", "small", "nginx01:/root/small")
    room = int(site.does("exec", "nginx01", "stat", "-f", "-c", "%f", "/root"))
    block = int(site.does("exec", "nginx01", "stat", "-f", "-c", "%S", "/root"))
    # All but a little of it is filled there, which is quicker than to copy so much.
    filler = f"head -c {room * block - ROOM} /dev/zero >/root/filler"
    site.does("exec", "nginx01", "sh", "-c", filler)
    (site.home / "small").write_bytes(os.urandom(2 * ROOM))
    done = site.tries("cp", "small", "nginx01:/root/small")
    assert (done.code, done.err) == (1, "lvsnet: nginx01: no space left on its disk\n")
    assert site.does("exec", "nginx01", "cat", "/root/small") == "old\n"
    assert leftovers(site, "nginx01") == ""
    assert share(site) == []
    site.does("exec", "nginx01", "rm", "/root/filler")
    (site.home / "small").unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system: that needs root")
def test_a_full_disk_here_leaves_nothing(site: User) -> None:
    small = site.home / "full"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(small)]
    subprocess.run(mount, check=True, timeout=10)
    try:
        (small / "big").write_text("old")
        site.does("exec", "client", "sh", "-c", f"head -c {8 * MB} /dev/urandom >/root/big")
        done = site.tries("cp", "client:/root/big", "full/big")
        assert (done.code, done.err) == (1, "lvsnet: full/big: No space left on device\n") or (
            done.code == 1 and "No space left on device" in done.err and done.err.count("\n") == 1
        )
        assert [path.name for path in small.iterdir()] == ["big"]
        assert (small / "big").read_text() == "old"
    finally:
        subprocess.run(["umount", str(small)], check=True, timeout=10)


@pytest.mark.parametrize("name", ["INT", "TERM"])
@pytest.mark.parametrize("way", ["in", "out"])
def test_a_copy_that_is_ended_on_its_way_leaves_nothing(site: User, name: str, way: str) -> None:
    target = site.home / "copies"
    target.mkdir(exist_ok=True)
    fifo = site.home / "content.tar"
    if way == "in":
        # An archive that never ends keeps it in the midst of its work.
        if not fifo.exists():
            os.mkfifo(fifo)
        hold = os.open(fifo, os.O_RDWR)
        command = [str(LVSNET), "cp", "-", "lb02:/root"]
        stdin: int = os.open(fifo, os.O_RDONLY)
    else:
        hold = stdin = os.open(os.devnull, os.O_RDONLY)
        site.does("exec", "lb02", "sh", "-c", "test -d /root/many && exit; mkdir /root/many; "
                  "head -c 60M /dev/zero | tr '\\0' x >/root/many/file")  # fmt: skip
        command = [str(LVSNET), "cp", "lb02:/root/many", "copies/"]
    running = subprocess.Popen(
        command, stdin=stdin, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        env=site.environment, cwd=site.home,
    )  # fmt: skip
    try:
        where = share(site) if way == "in" else []
        eventually(lambda: share(site) or list(target.iterdir()) or running.poll() is not None,
                   20, "nothing is copied")  # fmt: skip
        assert running.poll() is None, (where, running.communicate())
        running.send_signal(signal.Signals[f"SIG{name}"])
        _, said = running.communicate(timeout=20)
        assert running.returncode == {"INT": 130, "TERM": 143}[name], said
        assert b"Traceback" not in said
    finally:
        kill(running)
        for fd in {hold, stdin}:
            os.close(fd)
    assert list(target.iterdir()) == []
    assert leftovers(site, "lb02") == ""
    assert share(site) == []
    assert "tar" not in site.does("exec", "lb02", "ps", "-eo", "comm").split()


def test_a_stopped_node_takes_nothing(site: User) -> None:
    site.does("stop", "nginx02")
    for arguments in (["file", "nginx02:/root"], ["nginx02:/etc/hostname", "."]):
        (site.home / "file").write_text("x")
        done = site.tries("cp", *arguments)
        said = "lvsnet: nginx02 does not run; `lvsnet start nginx02` starts it\n"
        assert (done.code, done.err) == (1, said)
