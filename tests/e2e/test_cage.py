"""What a guest can reach of the host: its own files, even when its root tries everything else.

A privileged node can mount hostfs, and is root there; whatever it asks for, the guest's process
does with the rights that it has on the host.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.ordinary import nobody
from e2e.users import User
from lvsnet.guest import landlock, users

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

TRIAL = """
up=../../../../../../../../../../../../../../../..
mkdir -p /m /own /share
mount -t hostfs -o hostfs=. none /own
mount -t hostfs -o hostfs=share none /share

reads() {  # what, directory of the host, file in it
    if ! mount -t hostfs -o "hostfs=$2" none /m; then echo "$1: not mounted"; return; fi
    cat "/m/$3" > /dev/null && echo "$1: read" || echo "$1: refused"
    ls /m > /dev/null && echo "$1: listed" || echo "$1: not listed"
    umount /m
}

does() {  # what, command
    what=$1; shift
    "$@" && echo "$what: done" || echo "$what: refused"
}

exec 2> /dev/null
reads own . init
does "file in the share" touch /share/new
does "own root" touch /own/added
does "own init" sh -c 'echo >> /own/init'
does link ln -s /etc /share/way
reads "root by .." "$up" etc/passwd
reads "/etc by .." "$up/etc" passwd
reads "/etc by its name" /etc passwd
reads "/etc by a link" share/way passwd
reads "home by .." "$up$1" secret
reads "beside its root" .. console.log
reads "other lab" "../../other" console.log
reads "process 1" "$up/proc/1" cmdline
"""
LISTS = ("root by ..", "/etc by ..", "home by ..", "beside its root", "other lab", "process 1")
OUTSIDE = (*LISTS, "/etc by its name", "/etc by a link")


def attempts(user: User, lab: str) -> set[str]:
    """What a privileged node says of its attempts."""
    (user.home / "secret").write_text("")
    user.does("deploy", "--no-wait", "--privileged", user.one_node(lab))
    said = user.does("exec", f"{lab}/lb01", "sh", "-c", TRIAL, "sh", str(user.home))
    return set(said.splitlines())


def escapes(said: set[str]) -> list[str]:
    return sorted(
        line for line in said if line.startswith(OUTSIDE) and line.endswith((": read", ": listed"))
    )


@pytest.fixture
def ordinary(built: Path) -> Iterator[User]:
    with nobody(machines=built) as user:
        yield user
        user.tries("destroy", "--all")


@pytest.mark.skipif(not landlock.version(), reason="this machine's kernel has no Landlock")
@pytest.mark.parametrize("who", ["user", "ordinary"])
def test_a_privileged_node_sees_its_own_root_and_nothing_else(
    who: str, request: pytest.FixtureRequest
) -> None:
    user: User = request.getfixturevalue(who)
    user.does("deploy", "--no-wait", user.one_node("other"))
    said = attempts(user, "caged")
    assert {"own: read", "own: listed", "file in the share: done"} <= said
    assert {"own root: refused", "own init: refused", "link: refused"} <= said
    assert escapes(said) == []


def test_without_the_ruleset_the_same_attempts_succeed(built: Path) -> None:
    """So that the test above would fail: this is what hostfs= alone lets through."""
    with nobody("--no-landlock", machines=built) as user:
        user.does("deploy", "--no-wait", user.one_node("other"))
        said = attempts(user, "open")
        user.does("destroy", "--all")
    assert {"own: read", "own: listed", "link: done"} <= said
    assert {f"{name}: read" for name in (*LISTS, "/etc by a link")} <= said
    assert {f"{name}: listed" for name in LISTS} <= said


def status(pid: int) -> dict[str, str]:
    text = Path(f"/proc/{pid}/status").read_text()
    return dict(re.findall(r"^(\w+):[ \t]*(.*?)[ \t]*$", text, re.MULTILINE))


@as_root
def test_roots_guest_runs_as_a_user_of_its_own(new_user: Callable[[str], User]) -> None:
    numbers = []
    labs = [new_user("one"), new_user("two")]
    try:
        for user in labs:
            user.does("deploy", "--no-wait", user.one_node("same"))
            for pid in (user.supervisor(), user.guest()):
                seen = status(pid)
                assert set(seen["Uid"].split()) == set(seen["Gid"].split())
                (number,) = set(seen["Uid"].split())
                assert users.FIRST <= int(number) <= users.LAST
                assert seen["Groups"] == ""
                assert {seen[one] for one in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
                assert seen["NoNewPrivs"] == "1"
            numbers.append(number)
        # Labs of one name in two caches as well.
        assert len(set(numbers)) == 2
    finally:
        for user in labs:
            user.tries("destroy", "--all")


@as_root
def test_another_lab_of_roots_is_closed_to_a_labs_user(user: User) -> None:
    user.does("deploy", "--no-wait", user.one_node("one"))
    home = user.home / "cache/lvsnet/labs/one"
    number = int(status(user.guest())["Uid"].split()[0])
    assert home.stat().st_mode & 0o777 == 0o710
    assert (home.stat().st_uid, home.stat().st_gid) == (0, number)
    user.does("destroy", "one")
