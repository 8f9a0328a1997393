"""A guest's memory: its size, its place, and what happens when there is no more of it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from e2e.users import DEADLINE, LVSNET, Done, User, eventually, requests

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
SERVERS = {"nginx01", "nginx02"}
FILL = "dd if=/dev/zero of={} bs=1M count=4000"
HOG = "kept = []\nwhile True: kept.append(bytearray(2**20))"
FREE = "print(open('/proc/meminfo').readlines()[1].split()[1], flush=True)"
"""Says how many kB are free on the lab's kernel."""
BESIDE = 12 * 2**10
"""kB that nodes leave free at least: without a limit, 3 MB."""
SMALL = "mount -t tmpfs -o size=64m,mode=1777 none /dev/shm"
NOEXEC = "mount -t tmpfs -o noexec,mode=1777 none /dev/shm"
TIGHT = "mount -t tmpfs -o size=600m,mode=1777 none /dev/shm"


def seen_with(mounts: str, user: User, *arguments: str) -> Done:
    """A command of a user's on a machine where these mounts are made first."""
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh", LVSNET, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=user.environment,
        cwd=user.home,
        timeout=DEADLINE,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr.decode())


def memory_of(user: User, lab: str) -> Path:
    """Directory of a guest's memory."""
    return (user.home / f"cache/lvsnet/labs/{lab}.memory").readlink()


def daemons(user: User) -> list[str]:
    """What runs in directors and real servers: process ids in namespaces."""
    script = "readlink /proc/self/ns/pid; pidof keepalived nginx"
    return [user.does("exec", node, "sh", "-c", script) for node in ("lb01", "lb02", *SERVERS)]


def megabytes(user: User) -> int:
    """What the guest's kernel has for all."""
    match = re.search(r"MemTotal: +(\d+) kB", user.does("exec", "client", "cat", "/proc/meminfo"))
    assert match is not None
    return int(match[1]) // 1024


def test_a_lab_has_the_memory_that_its_file_says(warm_user: User) -> None:
    warm_user.does(
        "deploy", "--no-wait", warm_user.lab("large", ("segments:", "memory: 1G\n\nsegments:"))
    )
    assert 950 < megabytes(warm_user) <= 1024
    place = memory_of(warm_user, "large")
    assert place.is_dir()
    warm_user.does("destroy")
    assert not place.exists()
    # Quotes hide it from the glance that a deploy begins with.
    warm_user.does(
        "deploy", "--no-wait", warm_user.lab("small", ("segments:", "memory: '256M'\nsegments:"))
    )
    assert 220 < megabytes(warm_user) <= 256


def test_five_nodes_fit_into_the_least(warm_user: User) -> None:
    warm_user.does("deploy", warm_user.lab("least", ("segments:", "memory: 128M\nsegments:")))
    warm_user.does("stop", "lb01")
    warm_user.does("start", "lb01")
    # lb01 takes the VIP back.
    eventually(lambda: set(requests(warm_user, 4)) == SERVERS, 60)


@pytest.fixture(scope="module")
def full(warm_resident: User) -> User:
    """A user of a lab whose nodes have filled whatever they can write to."""
    warm_resident.does("deploy", warm_resident.lab("full"))
    for node, path in (
        ("client", "/file"),
        ("nginx01", "/tmp/file"),
        ("nginx02", "/dev/shm/file"),
        ("lb01", "/run/file"),
        ("lb02", "/var/lib/file"),
        ("lb02", "/dev/file"),
    ):
        done = warm_resident.tries("exec", node, *FILL.format(path).split())
        assert done.code == 1, done
        assert "No space left on device" in done.err, done
    return warm_resident


def test_the_requests_of_a_lab_with_full_disks_are_answered(full: User) -> None:
    assert set(requests(full, 4)) == SERVERS


def test_a_node_with_a_full_disk_is_stopped_and_started_and_has_room_again(full: User) -> None:
    full.does("stop", "nginx02")
    full.does("start", "nginx02")
    assert full.does("exec", "nginx02", "find", "/tmp", "/dev/shm", "-type", "f") == ""
    full.does("exec", "client", "rm", "/file")
    full.does("exec", "lb01", "dd", "if=/dev/zero", "of=/file", "bs=1M", "count=20")
    full.tries("exec", "client", *FILL.format("/file").split())


def test_memory_that_runs_out_ends_the_process_that_takes_it(full: User) -> None:
    before = daemons(full)
    done = full.tries("exec", "client", "python3", "-c", f"{HOG}; {FREE}")
    assert done.code == 137, done
    # So the kernel had no need to throw out what all run, and to read it again, over and over.
    assert int(done.text.split()[-1]) > BESIDE
    # What the nodes alone run it had to.
    eventually(lambda: set(requests(full, 4)) == SERVERS, 60)
    assert daemons(full) == before


def test_only_what_runs_in_nodes_is_killed_for_memory(full: User) -> None:
    script = "for p in /proc/[0-9]*; do echo $(cat $p/comm) $(cat $p/oom_score_adj); done"
    lines = full.does("exec", "lb01", "sh", "-c", script).splitlines()
    scores = {tuple(line.split()) for line in lines if len(line.split()) == 2}
    assert {("tini", "-1000"), ("sleep", "-1000"), ("keepalived", "0"), ("sh", "0")} <= scores


@ROOT
@pytest.mark.parametrize("mounts", [SMALL, NOEXEC], ids=["small", "noexec"])
def test_a_shared_memory_that_will_not_do_is_passed_over(warm_user: User, mounts: str) -> None:
    done = seen_with(mounts, warm_user, "deploy", "--no-wait", warm_user.lab("passed"))
    assert done.code == 0, done
    assert not memory_of(warm_user, "passed").is_relative_to("/dev/shm")
    assert warm_user.does("exec", "client", "echo", "well") == "well\n"


@ROOT
def test_room_that_others_have_been_promised_is_not_promised_again(warm_user: User) -> None:
    """Two labs take less than the room when they start, and could take more than there is."""
    both = f"{TIGHT} && {LVSNET} deploy --no-wait {warm_user.lab('first')}"
    done = seen_with(both, warm_user, "deploy", "--no-wait", warm_user.lab("second"))
    assert done.code == 0, done
    assert memory_of(warm_user, "first").is_relative_to("/dev/shm")
    assert not memory_of(warm_user, "second").is_relative_to("/dev/shm")


@ROOT
def test_who_loses_the_room_for_its_memory_is_told_so(warm_user: User) -> None:
    done = seen_with(TIGHT, warm_user, "deploy", "--no-wait", warm_user.lab("starved"))
    assert done.code == 0, done
    seen = f"--mount=/proc/{warm_user.guest()}/ns/mnt"
    fill = FILL.format("/dev/shm/others").split()
    subprocess.run(["nsenter", seen, *fill], capture_output=True, timeout=DEADLINE, check=False)
    said: list[Done] = []

    def told() -> bool:
        said.append(warm_user.tries("exec", "client", "python3", "-c", HOG))
        # Its supervisor may be clearing away just then.
        return "just being deployed or destroyed" not in said[-1].err

    eventually(told, DEADLINE)
    lost = said[-1]
    assert lost.code == 1
    # At once, or as what became of a lab that is not there any more.
    assert (
        "the guest of lab starved ended: the room for its memory was used up by something else (0 "
        "MB are free there now); make room, or set TMPDIR to a directory with more, and deploy it "
        "again; its console's last lines:\n"
    ) in lost.err, lost


@ROOT
def test_doctor_says_where_memory_would_be_and_how_much_room_there_is(warm_user: User) -> None:
    found = seen_with(TIGHT, warm_user, "doctor").text
    assert re.search(r"guest's memory.*in /dev/shm, 600 MB free; 512M for a lab by itself", found)
    passed = seen_with(SMALL, warm_user, "doctor").text
    assert not re.search(r"guest's memory.*in /dev/shm", passed)
