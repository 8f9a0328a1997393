"""What `lvsnet save` writes, and what it never does."""

from __future__ import annotations

import os
import tarfile
import tracemalloc
from pathlib import Path

import pytest
from disks import LAB, Directories, Hostile, archive, member, node, plan

from lvsnet import saving
from lvsnet.errors import LvsnetError
from lvsnet.plan.model import File
from lvsnet.saving import any_file, save

CONF = "/etc/keepalived/keepalived.conf"
HOSTS = "/etc/hosts"


@pytest.fixture
def place(tmp_path: Path) -> Directories:
    """Two nodes as lvsnet made them."""
    (tmp_path / "disks").mkdir()
    files = (File(CONF, "vrrp\n"), File(HOSTS, "127.0.0.1 localhost\n"))
    return Directories(
        tmp_path / "disks", plan(node("lb01", *files), node("lb02", *files))
    ).deployed()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def below(directory: Path) -> dict[str, tuple[bytes, int]]:
    """Relative path -> contents and permission bits of every file."""
    return {
        path.relative_to(directory).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o7777)
        for path in directory.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def test_a_lab_as_it_was_made_gives_nothing(place: Directories, out: Path) -> None:
    # That a runtime lists the plan's own files among the changes is no matter.
    place.added("lb01", CONF, HOSTS)
    report = save(place, place.record(LAB), (), out)
    assert (report.saved, report.removed, report.left) == ((), (), ())
    assert below(out) == {}


def test_what_was_edited_added_and_removed(place: Directories, out: Path) -> None:
    place.put("lb01", CONF, b"vrrp_instance VI_1 {}\n", 0o600)
    place.put("lb01", "/usr/local/bin/check", b"#!/bin/sh\n", 0o755)
    place.added("lb01", "/usr/local/bin", type="directory")
    place.added("lb01", "/usr/local/bin/check")
    place.removed("lb01", "/etc/motd")
    (place.top / "lb02" / HOSTS[1:]).unlink()
    report = save(place, place.record(LAB), (), out)
    assert below(out) == {
        "lb01/etc/keepalived/keepalived.conf": (b"vrrp_instance VI_1 {}\n", 0o600),
        "lb01/usr/local/bin/check": (b"#!/bin/sh\n", 0o755),
    }
    assert [(one.kind, one.file, one.type, one.mode) for one in report.saved] == [
        ("changed", "lb01/etc/keepalived/keepalived.conf", "file", 0o600),
        ("added", "lb01/usr/local/bin/check", "file", 0o755),
    ]
    assert report.removed == (("lb01", "/etc/motd"), ("lb02", HOSTS))


def test_a_mode_alone_is_a_change(place: Directories, out: Path) -> None:
    place.put("lb02", CONF, b"vrrp\n", 0o755)
    save(place, place.record(LAB), (), out)
    assert below(out) == {"lb02/etc/keepalived/keepalived.conf": (b"vrrp\n", 0o755)}


def test_only_the_nodes_that_were_named(place: Directories, out: Path) -> None:
    for name in ("lb01", "lb02"):
        place.put(name, CONF, b"x")
    save(place, place.record(LAB), ["lb02"], out)
    assert list(below(out)) == ["lb02/etc/keepalived/keepalived.conf"]
    with pytest.raises(LvsnetError, match="has no node lb3; it has lb01, lb02"):
        save(place, place.record(LAB), ["lb3"], out)


@pytest.mark.parametrize(
    "path",
    [
        "/var/log/nginx/access.log",
        "/var/lib/dhcp/leases",
        "/var/cache/ldconfig/aux-cache",
        "/root/.bash_history",
        "/root/.cache/pip/x",
        "/opt/app/__pycache__/a.cpython-313.pyc",
        "/etc/keepalived/.keepalived.conf.swp",
        "/srv/app.pid",
        "/etc/passwd-",
        "/etc/iproute2/rt_addrprotos.d/keepalived.conf",
    ],
)
def test_what_programs_write_by_themselves_comes_with_all_only(
    place: Directories, out: Path, path: str
) -> None:
    place.put("lb01", path, b"x")
    place.added("lb01", path)
    assert save(place, place.record(LAB), (), out).saved == ()
    (saved,) = save(place, place.record(LAB), (), out, any_file).saved
    assert saved.path == path


@pytest.mark.parametrize("path", ["/var/spool/cron/crontabs/root", "/etc/ld.so.conf", "/root/.vim"])
def test_what_looks_like_it_and_is_not(place: Directories, out: Path, path: str) -> None:
    place.put("lb01", path, b"x")
    place.added("lb01", path)
    assert [one.path for one in save(place, place.record(LAB), (), out).saved] == [path]


def test_a_file_of_the_plan_counts_wherever_it_is(tmp_path: Path, out: Path) -> None:
    (tmp_path / "disks").mkdir()
    path = "/var/lib/app/state"
    place = Directories(tmp_path / "disks", plan(node("lb01", File(path, "1")))).deployed()
    place.put("lb01", path, b"2")
    assert [one.path for one in save(place, place.record(LAB), (), out).saved] == [path]


def test_a_file_of_the_plan_below_a_link_into_usr_is_the_same(tmp_path: Path, out: Path) -> None:
    (tmp_path / "disks").mkdir()
    place = Directories(tmp_path / "disks", plan(node("lb01", File("/bin/greet", "hello\n"))))
    (place.top / "lb01/usr/bin").mkdir(parents=True)
    (place.top / "lb01/bin").symlink_to("usr/bin")
    place.put("lb01", "/usr/bin/greet", b"hello\n")
    place.added("lb01", "/usr/bin/greet")
    assert save(place, place.record(LAB), (), out).saved == ()
    place.put("lb01", "/usr/bin/greet", b"bye\n")
    assert [one.path for one in save(place, place.record(LAB), (), out).saved] == ["/bin/greet"]


def test_an_image_without_merged_usr_has_its_files_where_the_plan_says(
    tmp_path: Path, out: Path
) -> None:
    (tmp_path / "disks").mkdir()
    file = File("/bin/greet", "hello\n")
    place = Directories(tmp_path / "disks", plan(node("lb01", file))).deployed()
    place.added("lb01", "/bin/greet")
    assert save(place, place.record(LAB), (), out).saved == ()


@pytest.mark.parametrize(
    "name",
    [
        "a b", "-C", "a\nb", "a\\nb", "a\\b", "é", os.fsdecode(b"\xff\xfe"), "*", "--help",
        "x" * 250, "'\"$HOME`",
    ],
)  # fmt: skip
def test_names(place: Directories, out: Path, name: str) -> None:
    paths = [f"/{name}", f"/srv/{name}"]
    for path in paths:
        place.put("lb01", path, name.encode(errors="surrogateescape"))
    place.added("lb01", *paths)
    report = save(place, place.record(LAB), (), out)
    assert [one.path for one in report.saved] == paths
    assert (out / "lb01/srv" / name).read_bytes() == name.encode(errors="surrogateescape")


def test_binary_files_and_empty_ones(place: Directories, out: Path) -> None:
    content = bytes(range(256)) * 5000
    place.put("lb01", "/srv/binary", content)
    place.put("lb01", "/srv/empty")
    place.added("lb01", "/srv/binary", "/srv/empty")
    save(place, place.record(LAB), (), out)
    assert below(out) == {
        "lb01/srv/binary": (content, 0o644),
        "lb01/srv/empty": (b"", 0o644),
    }


def test_a_big_file_passes_through_little_memory_and_keeps_its_holes(
    place: Directories, out: Path
) -> None:
    size = 200 * 1024 * 1024
    with place.put("lb01", "/srv/big").open("wb") as stream:
        stream.truncate(size)
        stream.seek(size // 2)
        stream.write(b"middle")
    place.added("lb01", "/srv/big")
    tracemalloc.start()
    try:
        save(place, place.record(LAB), (), out)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    saved = out / "lb01/srv/big"
    assert saved.stat().st_size == size
    assert saved.stat().st_blocks * 512 < 8 * 1024 * 1024
    with saved.open("rb") as stream:
        stream.seek(size // 2)
        assert stream.read(8) == b"middle\0\0"
    assert peak < 16 * 1024 * 1024


def test_links_stay_links_and_hard_links_are_files(place: Directories, out: Path) -> None:
    place.put("lb01", "/srv/a", b"same")
    srv = place.top / "lb01/srv"
    (srv / "b").hardlink_to(srv / "a")
    (srv / "dangling").symlink_to("/no/such/thing")
    place.added("lb01", "/srv/a", "/srv/b", "/srv/dangling")
    report = save(place, place.record(LAB), (), out)
    assert {one.path for one in report.saved} == {"/srv/a", "/srv/b", "/srv/dangling"}
    assert (out / "lb01/srv/a").read_bytes() == (out / "lb01/srv/b").read_bytes() == b"same"
    assert (out / "lb01/srv/dangling").readlink() == Path("/no/such/thing")
    assert len(place.commands) == 4  # the hard link alone, once more


def test_a_set_user_id_program_of_a_node_is_none_here(place: Directories, out: Path) -> None:
    place.put("lb01", "/usr/local/bin/su", b"x", 0o4755)
    place.added("lb01", "/usr/local/bin/su")
    save(place, place.record(LAB), (), out)
    assert below(out)["lb01/usr/local/bin/su"] == (b"x", 0o755)


def test_what_cannot_be_saved_is_told(place: Directories, out: Path) -> None:
    os.mkfifo(place.top / "lb01/pipe")
    place.added("lb01", "/pipe", type="other")
    (place.top / "lb01" / HOSTS[1:]).unlink()
    (place.top / "lb01" / HOSTS[1:]).mkdir()
    report = save(place, place.record(LAB), (), out)
    assert [(one.path, one.why) for one in report.left] == [
        (HOSTS, "it is a directory now"),
        ("/pipe", "it is a socket, a pipe or a device"),
    ]


def test_a_stopped_node_is_told_and_the_others_are_saved(tmp_path: Path, out: Path) -> None:
    (tmp_path / "disks").mkdir()
    place = Directories(
        tmp_path / "disks",
        plan(node("lb01", File(CONF, "1")), node("lb02", File(CONF, "1"))),
        stopped=frozenset({"lb01"}),
    ).deployed()
    place.put("lb02", CONF, b"2")
    report = save(place, place.record(LAB), (), out)
    assert [one.node for one in report.saved] == ["lb02"]
    (left,) = report.left
    assert (left.node, left.path) == ("lb01", "")
    assert "`lvsnet start lb01`" in left.why


def test_many_files_take_few_calls(place: Directories, out: Path) -> None:
    paths = [f"/srv/{number:04}-{'x' * 100}" for number in range(1000)]
    for path in paths:
        place.put("lb01", path, path.encode())
    place.added("lb01", *paths)
    assert len(save(place, place.record(LAB), (), out).saved) == 1000
    assert len(place.commands) < 10


def test_files_that_were_there_stay_and_are_replaced_whole(place: Directories, out: Path) -> None:
    (out / "lb01/etc/keepalived").mkdir(parents=True)
    (out / "lb01/etc/keepalived/keepalived.conf").write_text("before, and longer than now\n")
    (out / "notes").write_text("mine")
    place.put("lb01", CONF, b"x")
    save(place, place.record(LAB), (), out)
    assert {path: content for path, (content, _) in below(out).items()} == {
        "notes": b"mine",
        "lb01/etc/keepalived/keepalived.conf": b"x",
    }


def test_a_link_that_a_node_left_in_the_directory_is_not_followed(
    place: Directories, out: Path, tmp_path: Path
) -> None:
    """A node makes a link of /etc, has it saved, and then a directory."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (out / "lb01").mkdir(parents=True)
    (out / "lb01/etc").symlink_to(victim)
    place.put("lb01", CONF, b"x")
    with pytest.raises(LvsnetError, match="is a symbolic link, which may lead out of"):
        save(place, place.record(LAB), (), out)
    assert list(victim.iterdir()) == []


def test_a_link_at_a_files_own_name_is_replaced(
    place: Directories, out: Path, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (out / "lb01/etc").mkdir(parents=True)
    (out / "lb01/etc/hosts").symlink_to(victim)
    place.put("lb01", HOSTS, b"x")
    save(place, place.record(LAB), (), out)
    assert (victim.read_text(), (out / "lb01/etc/hosts").read_text()) == ("mine", "x")


@pytest.fixture
def hostile(tmp_path: Path) -> Hostile:
    (tmp_path / "disks").mkdir()
    place = Hostile(tmp_path / "disks", plan(node("lb01")))
    place.added("lb01", "/srv/a")
    return place


def test_of_a_hostile_archive_only_what_was_asked_for_is_taken(
    hostile: Hostile, out: Path, tmp_path: Path
) -> None:
    hostile.archive = archive(
        (member("../../escaped"), b"x"),
        (member(str(tmp_path / "escaped")), b"x"),
        (member("./srv", tarfile.SYMTYPE, str(tmp_path)), b""),
        (member("./srv/../../../escaped"), b"x"),
        (member("./srv/b"), b"x"),
        (member("./srv/a"), b"good"),
        (member("./srv/a", tarfile.SYMTYPE, "/etc/passwd"), b""),
        (member("./srv/null", tarfile.CHRTYPE), b""),
    )
    save(hostile, hostile.record(LAB), (), out)
    assert below(tmp_path) == {"out/lb01/srv/a": (b"good", 0o644)}


def test_hard_links_without_end_end(hostile: Hostile, out: Path) -> None:
    hostile.archive = archive((member("./srv/a", tarfile.LNKTYPE, "./srv/b"), b""))
    with pytest.raises(LvsnetError, match="lb01: its tar writes nothing of what it is asked for"):
        save(hostile, hostile.record(LAB), (), out)


@pytest.mark.parametrize(
    "content", [b"no archive" * 100, archive((member("./srv/a"), b"x" * 9999))[:5000]]
)
def test_what_is_no_archive(hostile: Hostile, out: Path, content: bytes) -> None:
    hostile.archive = content
    with pytest.raises(LvsnetError, match="lb01: what its tar writes is no archive"):
        save(hostile, hostile.record(LAB), (), out)
    assert below(out) == {}


def test_an_image_without_tar(hostile: Hostile, out: Path) -> None:
    hostile.code, hostile.said = 127, "env: 'tar': No such file or directory\n"
    with pytest.raises(LvsnetError, match="lb01: its files are read by sh and tar, which its"):
        save(hostile, hostile.record(LAB), (), out)


def test_what_tar_says_of_a_failure(hostile: Hostile, out: Path) -> None:
    hostile.archive = archive()
    hostile.code, hostile.said = 2, "tar: ./srv/a: Cannot open: Input/output error\n"
    with pytest.raises(LvsnetError, match=r"lb01: its files cannot be read: .*Input/output error"):
        save(hostile, hostile.record(LAB), (), out)


def test_a_path_that_leads_out_is_refused(hostile: Hostile, out: Path, tmp_path: Path) -> None:
    """A runtime that says so is not believed either."""
    hostile.found["lb01"] = []
    hostile.added("lb01", "/../../escaped")
    hostile.archive = archive((member("./../../escaped"), b"x"))
    with pytest.raises(LvsnetError, match="is not an absolute path without"):
        save(hostile, hostile.record(LAB), (), out)
    assert below(tmp_path) == {}


def test_a_directory_that_cannot_be_written_to(place: Directories, out: Path) -> None:
    place.put("lb01", CONF, b"x")
    out.write_text("")
    with pytest.raises(LvsnetError, match="out is a file; name a directory to write into"):
        save(place, place.record(LAB), (), out)
    out.unlink()
    (out / "lb01/etc/keepalived/keepalived.conf/in-the-way").mkdir(parents=True)
    with pytest.raises(LvsnetError, match=r"cannot write .*keepalived\.conf: "):
        save(place, place.record(LAB), (), out)
    assert not list(out.rglob(".lvsnet-*"))


def test_a_full_disk_leaves_no_half(
    place: Directories, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put("lb01", CONF, b"x")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving, "_copy", full)
    with pytest.raises(LvsnetError, match=r"keepalived\.conf: No space left on device; name"):
        save(place, place.record(LAB), (), out)
    assert below(out) == {}
