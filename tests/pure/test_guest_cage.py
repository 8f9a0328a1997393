"""The cage of a guest: which rights Landlock is told of, and whose user a lab's guest is."""

from __future__ import annotations

import os
import struct
import sys
from itertools import islice
from pathlib import Path

import pytest

from lvsnet.errors import LvsnetError
from lvsnet.guest import landlock, users

has_landlock = pytest.mark.skipif(
    not landlock.version(), reason="this machine's kernel has no Landlock"
)


@pytest.mark.parametrize(
    ("version", "rights", "tcp", "scopes"),
    [
        (1, 0x1FFF, 0, 0),
        (2, 0x3FFF, 0, 0),
        (3, 0x7FFF, 0, 0),
        (4, 0x7FFF, 3, 0),
        (5, 0xFFFF, 3, 0),
        (6, 0xFFFF, 3, 3),
        (99, 0xFFFF, 3, 3),
    ],
)
def test_each_version_takes_away_all_that_it_can(
    version: int, rights: int, tcp: int, scopes: int
) -> None:
    """By "Previous limitations" of Documentation/userspace-api/landlock.rst."""
    assert struct.unpack("=QQQ", landlock.attributes(version)) == (rights, tcp, scopes)


CONFINED = """
import os, socket, sys
from lvsnet.guest import landlock
from lvsnet.guest.landlock import Allowed

def tries(what, attempt):
    try:
        attempt()
    except OSError as error:
        print(what, error.strerror)
    else:
        print(what, "done")

own, written, other = sys.argv[1:]
kept = open(other + "/file")
assert landlock.confine([Allowed(own, landlock.RUN), Allowed(written, landlock.WRITE)])
tries("read", lambda: open(own + "/file").close())
tries("write", lambda: open(own + "/file", "a").close())
tries("make", lambda: open(written + "/file", "w").close())
tries("link", lambda: os.symlink("/etc", written + "/way"))
tries("outside", lambda: open(other + "/file").close())
tries("list", lambda: os.listdir(other))
tries("by ..", lambda: open(own + "/../other/file").close())
tries("opened before", lambda: print(kept.read(), end=""))
"""


@has_landlock
def test_what_is_not_allowed_is_refused(tmp_path: Path) -> None:
    for name in ("own", "written", "other"):
        (tmp_path / name).mkdir()
    for name in ("own", "other"):
        (tmp_path / name / "file").write_text(f"{name}\n")
    assert in_python(CONFINED, *(str(tmp_path / one) for one in ("own", "written", "other"))) == (
        "read done\nwrite Permission denied\nmake done\nlink Permission denied\n"
        "outside Permission denied\nlist Permission denied\nby .. Permission denied\n"
        "other\nopened before done\n"
    )


WITHOUT = """
from lvsnet.guest import landlock

landlock.CREATE_RULESET = 100000  # no such system call
print(landlock.version(), landlock.confine([]), open("/proc/self/status").read())
"""


def test_where_there_is_none_it_says_so_and_privileges_are_given_up_all_the_same() -> None:
    said = in_python(WITHOUT)
    assert said.startswith("0 False ")
    assert "NoNewPrivs:\t1\n" in said


DROPPED = """
import os
from lvsnet.guest import users

if os.geteuid() == 0:
    users.become(61200)
else:
    users.drop_capabilities()
print(os.getresuid(), os.getresgid(), os.getgroups(), open("/proc/thread-self/status").read())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_who_becomes_another_user_has_nothing_of_roots() -> None:
    said = in_python(DROPPED)
    assert said.startswith("(61200, 61200, 61200) (61200, 61200, 61200) [] ")
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert f"{name}:\t{0:016}\n" in said
    assert "NoNewPrivs:\t1\n" in said


def in_python(script: str, *arguments: str) -> str:
    """What a script says that confines itself for ever, in a process of its own."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(write, 1)
            sys.stdout = os.fdopen(1, "w", closefd=False)
            sys.argv = ["-c", *arguments]
            exec(compile(script, "script", "exec"), {"__name__": "script"})
            sys.stdout.flush()
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as said:
        text = said.read()
    os.waitpid(pid, 0)
    return text


def test_a_lab_has_the_same_first_choice_every_time_and_every_number_in_the_end() -> None:
    assert list(islice(users.numbers("dr"), 3)) == list(islice(users.numbers("dr"), 3))
    assert next(users.numbers("dr")) != next(users.numbers("nat"))
    assert set(users.numbers("dr")) == set(range(61184, 65520))


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("         0          0 4294967295\n", True),
        ("         0       1000          1\n", False),
        ("         0       1000          1\n         1     100000      65536\n", True),
        ("         0     100000      61200\n", False),
        ("     61200     100000          1\n", True),
        ("", False),
    ],
)
def test_a_user_namespace_may_lack_a_user(text: str, there: bool) -> None:
    assert users.is_mapped(61200, text) is there


def test_capabilities_are_read_from_the_effective_set() -> None:
    status = "CapPrm:\tffffffffffffffff\nCapEff:\t00000000000000c0\nCapBnd:\tffffffffffffffff\n"
    assert users.has_capabilities(status, users.CAP_SETGID, users.CAP_SETUID)
    assert not users.has_capabilities(status, users.CAP_SETGID, 21)


class TestAUserForALab:
    @pytest.fixture(autouse=True)
    def _root(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(users, "_may_change", lambda: True)

    def test_is_not_another_labs(self) -> None:
        lab = f"pure-{os.getpid()}"
        first, second = users.for_lab(lab), users.for_lab(lab)
        assert first is not None
        assert second is not None
        assert first.number != second.number
        first.claim.close()
        third = users.for_lab(lab)
        assert third is not None
        assert third.number == first.number
        for one in (second, third):
            one.claim.close()

    def test_is_not_in_the_passwd_database(self, monkeypatch: pytest.MonkeyPatch) -> None:
        lab = f"known-{os.getpid()}"
        taken = list(islice(users.numbers(lab), 5))
        monkeypatch.setattr(users, "_is_known", lambda number: number in taken)
        user = users.for_lab(lab)
        assert user is not None
        assert user.number not in taken
        user.claim.close()

    def test_is_none_where_the_namespace_has_no_such_user(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(users, "is_mapped", lambda _number, _text: False)
        assert users.for_lab("dr") is None

    def test_is_none_for_a_root_that_may_not_change_its_user(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(users, "_may_change", lambda: False)
        assert users.for_lab("dr") is None

    def test_is_an_error_when_all_are_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(users, "_is_known", lambda _number: True)
        with pytest.raises(LvsnetError, match="no user number of 61184 to 65519 is free"):
            users.for_lab("dr")
