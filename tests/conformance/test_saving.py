"""What changed in nodes is seen, and comes back to disk, in every place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.sites import Site

GREETING = "/etc/greeting"


@pytest.fixture(scope="module")
def edited(site: Site) -> Site:
    """A site in whose node web this and that was changed by hand."""
    if site.place.name != "containerlab":
        assert site.quick.tries("diff", site.lab).code == 0
    site.does("web", "sh", "-c", f"echo by hand > {GREETING}; chmod 600 {GREETING}")
    site.does("web", "sh", "-c", "printf 'a\\0\\377' > /srv/binary; ln -s binary /srv/link")
    site.does("web", "sh", "-c", "rm /etc/debian_version; echo x > /var/log/x; echo x > /run/x")
    return site


def test_files_of_nodes_come_back(edited: Site) -> None:
    user, out = edited.quick, edited.user.home / "out"
    told = json.loads(user.does("save", edited.lab, "--node", "web", "-o", str(out), "-f", "json"))
    kinds = {one["path"]: (one["kind"], one["type"], one["mode"]) for one in told["saved"]}
    # Those that the lab file's own commands wrote are as good as anybody's.
    assert kinds.keys() == {
        GREETING, "/srv/binary", "/srv/link", "/root/from-exec", "/root/link",
    }  # fmt: skip
    assert kinds[GREETING] == ("changed", "file", "0600")
    assert kinds["/srv/binary"][:2] == ("added", "file")
    assert told["removed"] == [{"node": "web", "path": "/etc/debian_version"}]
    assert (out / f"web{GREETING}").read_text() == "by hand\n"
    assert (out / f"web{GREETING}").stat().st_mode & 0o7777 == 0o600
    assert (out / "web/srv/binary").read_bytes() == b"a\0\xff"
    assert (out / "web/srv/link").readlink() == Path("binary")


def test_what_is_not_as_it_was_made_is_told(edited: Site) -> None:
    if edited.place.name == "containerlab":
        pytest.skip("containerlab wired it, and it keeps no contents of files")
    user = edited.quick
    done = user.tries("diff", edited.lab)
    assert done.code == 1, done
    assert done.text.splitlines() == [
        f"lab {edited.lab}: in the nodes, not as lvsnet made it",
        f"  ! web: {GREETING} has changed and has mode 0600, not 0644",
        f"--- a/web{GREETING}",
        f"+++ b/web{GREETING}",
        "@@ -1 +1 @@",
        "-from the lab file",
        "+by hand",
    ]
    user.does("stop", f"{edited.lab}/web")
    off = user.tries("diff", edited.lab)
    saved = user.tries("save", edited.lab, "-o", str(user.home / "off"))
    user.does("start", f"{edited.lab}/web")
    assert (off.code, off.text.splitlines()[1:]) == (1, ["  ! web: is stopped"])
    assert (saved.code, saved.text) == (1, "")
    assert saved.err.startswith("lvsnet: web: it is stopped, so its disk cannot be read")
