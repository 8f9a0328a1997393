"""What is asked of a node whose nginx is to be broken: paths, titles of processes, mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsnet.engine import covers, nginx_running

MOUNTINFO = """\
1040 1038 0:95 / / rw,relatime - overlay overlay rw,lowerdir=/x,upperdir=/y,workdir=/z
1048 1040 0:101 / /run rw,nosuid,nodev - tmpfs tmpfs rw,size=65536k
1060 1040 0:95 /etc/nginx/nginx.conf.lvsnet-cover//deleted /etc/nginx/nginx.conf rw - overlay o rw
1061 1040 254:1 /home/ada/nginx.conf /etc/nginx/nginx.conf rw,relatime - ext4 /dev/vda1 rw
1062 1040 0:95 /srv/a\\040b.lvsnet-cover//deleted /srv/a\\040b rw,relatime - overlay overlay rw
"""


def test_covers_are_told_from_mounts_of_others_and_the_last_is_first() -> None:
    assert covers.covers(MOUNTINFO) == ["/srv/a b", "/etc/nginx/nginx.conf"]


@pytest.mark.parametrize(
    ("title", "path"),
    [
        ("nginx: master process nginx -g daemon off;", "/etc/nginx/nginx.conf"),
        ("nginx: master process /usr/sbin/nginx -c /srv/a.conf -g daemon off;", "/srv/a.conf"),
        ("nginx: master process nginx -c/srv/a.conf", "/srv/a.conf"),
    ],
)
def test_the_title_tells_the_configuration(title: str, path: str) -> None:
    assert nginx_running.configuration(title) == path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc/nginx/sites-enabled").mkdir(parents=True)
    (tmp_path / "etc/nginx/sites-available").mkdir()
    for name in ("sites-available/site", "sites-enabled/b.conf", "sites-enabled/.hidden", "x.conf"):
        (tmp_path / "etc/nginx" / name).write_text("")
    (tmp_path / "etc/nginx/sites-enabled/a.conf").symlink_to("/etc/nginx/sites-available/site")
    (tmp_path / "etc/nginx/sites-enabled/dead").symlink_to("/nowhere")
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("x.conf", ["/etc/nginx/x.conf"]),
        ("missing.conf", ["/etc/nginx/missing.conf"]),
        ("/srv/x.conf", ["/srv/x.conf"]),
        (
            "sites-enabled/*",
            ["/etc/nginx/sites-enabled/a.conf", "/etc/nginx/sites-enabled/b.conf"],
        ),
        ("/etc/nginx/*/[b]*.conf", ["/etc/nginx/sites-enabled/b.conf"]),
        ("conf.d/*.conf", []),
    ],
)
def test_patterns_stand_for_files_of_the_node(root: Path, pattern: str, paths: list[str]) -> None:
    assert nginx_running.matching(root, "/etc/nginx", pattern) == paths


def test_a_draft_has_the_owner_and_mode_of_what_it_is_for_and_leaves_it(tmp_path: Path) -> None:
    # /proc/self/root is this machine's: a node's init is any process.
    path = tmp_path / "nginx.conf"
    path.write_text("old")
    path.chmod(0o640)
    init = int(Path("/proc/self").readlink().name)
    draft = covers.drafted(init, str(path), b"new")
    assert Path(draft).read_text() == "new"
    assert Path(draft).stat().st_mode == path.stat().st_mode
    covers.discard(init, draft)
    assert (path.read_text(), [one.name for one in tmp_path.iterdir()]) == ("old", ["nginx.conf"])
