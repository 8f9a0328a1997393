"""`lvsnet save`, as users type it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from pathlib import Path

import pytest

from e2e.users import User, eventually, holds, kill

CONF = "/etc/keepalived/keepalived.conf"
LAB = "saved"
LB01 = "  lb01:    {role: director,   interfaces: {lan: 192.168.10.11}}"


@pytest.fixture(scope="module")
def lab(warm_resident: User) -> User:
    """Somebody with a running lab, in whose nodes this and that was changed."""
    warm_resident.does("deploy", "--no-wait", warm_resident.lab(LAB))
    assert warm_resident.does("save", "-o", "untouched") == ""
    warm_resident.does("exec", "lb01", "sed", "-i", "s/priority 150/priority 151/", CONF)
    script = """\
        printf '#!/bin/sh\\n' > /usr/local/bin/check && chmod 750 /usr/local/bin/check
        printf 'a\\0b\\377' > /srv/binary && chmod 600 /srv/binary
        echo x > "$(printf '/srv/two\\nlines \\377')"
        ln -s /etc/hosts /srv/link
        cp /bin/true /srv/root-shell && chmod 4755 /srv/root-shell
        echo x > /var/log/daemon.log
        rm /etc/motd /etc/netplan/* 2>/dev/null
        echo x > /tmp/gone; echo x > /run/gone
        """
    warm_resident.does("exec", "nginx01", "sh", "-c", f"{script} true")
    return warm_resident


def files(directory: Path) -> set[str]:
    return {
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def test_what_was_changed_is_on_disk(lab: User) -> None:
    done = lab.tries("save", "-o", "out")
    assert (done.code, done.err) == (0, "")
    out = lab.home / "out"
    odd = os.fsdecode(b"two\nlines \xff")
    assert files(out) == {
        f"lb01{CONF}",
        "nginx01/usr/local/bin/check",
        "nginx01/srv/binary",
        f"nginx01/srv/{odd}",
        "nginx01/srv/link",
        "nginx01/srv/root-shell",
    }
    assert (out / f"lb01{CONF}").read_text() == lab.does("exec", "lb01", "cat", CONF)
    assert "priority 151" in (out / f"lb01{CONF}").read_text()
    srv = out / "nginx01/srv"
    assert (srv / "binary").read_bytes() == b"a\0b\xff"
    assert (srv / "link").readlink() == Path("/etc/hosts")
    modes = {name: (srv / name).stat().st_mode & 0o7777 for name in ("binary", "root-shell")}
    assert modes == {"binary": 0o600, "root-shell": 0o755}
    assert (out / "nginx01/usr/local/bin/check").stat().st_mode & 0o7777 == 0o750
    assert (srv / "binary").stat().st_uid == os.getuid()
    told = done.text.splitlines()
    assert f"changed lb01{CONF}" in told
    assert 'added   "nginx01/srv/two\\nlines \\377"' in told
    assert any(line.startswith("removed nginx01/etc/netplan/") for line in told)
    assert not any("/var/log" in line or "gone" in line for line in told)


def test_all_of_it_and_one_node(lab: User) -> None:
    told = json.loads(
        lab.does("save", LAB, "--all", "--node", "nginx01", "-o", "all", "-f", "json")
    )
    paths = {one["path"] for one in told["saved"]}
    assert "/var/log/daemon.log" in paths
    assert {one["node"] for one in told["saved"]} == {"nginx01"}
    (binary,) = [one for one in told["saved"] if one["path"] == "/srv/binary"]
    assert binary == {
        "node": "nginx01",
        "path": "/srv/binary",
        "file": "nginx01/srv/binary",
        "kind": "added",
        "type": "file",
        "size": 4,
        "mode": "0600",
    }
    assert (told["lab"], told["directory"], told["left"]) == (LAB, "all", [])


def test_what_was_saved_is_what_the_next_lab_runs(lab: User) -> None:
    """By hand, back into the lab file, and from there into a lab again."""
    lab.does("save", "-o", "again", "--node", "lb01")
    edited = lab.does("exec", "lb01", "cat", CONF)
    own = f"again/lb01{CONF}"
    changed = LB01.replace("}}", f"}}, keepalived: {own}}}")
    file = lab.lab("next", (LB01, changed), ("{lb01: 150, lb02: 100}", "{lb02: 100}"))
    lab.does("deploy", "--no-wait", file)
    try:
        assert lab.does("exec", "next/lb01", "cat", CONF) == edited
        eventually(lambda: holds(lab, "next/lb01"), 10, "lb01 has the VIP")
        assert lab.does("save", "next", "-o", "nothing") == ""
    finally:
        lab.does("destroy", "next")


def test_big_files_come_whole(lab: User) -> None:
    lab.does("exec", "client", "sh", "-c", "head -c 50000000 /dev/urandom > /srv/big")
    wanted = lab.does("exec", "client", "sha256sum", "/srv/big").split()[0]
    lab.does("save", "--node", "client", "-o", "big")
    found = hashlib.sha256((lab.home / "big/client/srv/big").read_bytes()).hexdigest()
    lab.does("exec", "client", "rm", "/srv/big")
    assert found == wanted


def test_an_interrupt_leaves_nothing_half_done(lab: User) -> None:
    lab.does("exec", "client", "sh", "-c", "head -c 100000000 /dev/urandom > /srv/big")
    out = lab.home / "interrupted"
    (share,) = (lab.home / f"cache/lvsnet/labs/{LAB}").rglob("share")

    def at_work() -> bool:
        sizes = (path.stat().st_size for path in (*share.iterdir(), *out.rglob("new")))
        return any(size > 1_000_000 for size in sizes)

    saving = lab.begin("save", "--node", "client", "-o", str(out))
    try:
        eventually(at_work, 60, "it saves")
        saving.send_signal(signal.SIGINT)
        said = saving.communicate(timeout=20)[1].decode()
    finally:
        kill(saving)
    assert saving.returncode == 130
    assert "Traceback" not in said
    assert (files(out), list(out.rglob(".lvsnet-*")), list(share.iterdir())) == (set(), [], [])
    lab.does("exec", "client", "rm", "/srv/big")


def test_a_stopped_node_is_told_and_the_others_are_saved(lab: User) -> None:
    lab.does("stop", "nginx01")
    done = lab.tries("save", "-o", "without")
    lab.does("start", "nginx01")
    assert (done.code, done.text) == (1, f"changed lb01{CONF}\n")
    assert done.err == (
        "lvsnet: nginx01: it is stopped, so its disk cannot be read; "
        "`lvsnet start nginx01` boots it\n"
    )
    assert files(lab.home / "without") == {f"lb01{CONF}"}


def test_what_users_get_wrong(lab: User) -> None:
    (lab.home / "file").write_text("")
    for arguments, code, said in (
        (("save", "none", "-o", "x"), 1, "lvsnet: lab none does not run"),
        (("save", "-o", "x", "--node", "lb9"), 1, f"lvsnet: lab {LAB} has no node lb9; it has "),
        (("save", "-o", "file"), 1, "lvsnet: file is a file; name a directory to write into"),
        (("save",), 2, "Usage"),
    ):
        done = lab.tries(*arguments)
        assert (done.code, done.out) == (code, b""), done
        assert done.err.startswith(said), done
    assert not (lab.home / "x").exists()
