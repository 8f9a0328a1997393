"""What differs on a container's disk, from what an engine says of it."""

from __future__ import annotations

import pytest

from lvsnet.docker import api, archives, changes
from lvsnet.engine.runtime import Change

CONTAINER = api.Container("0123", "lvsnet-dr-web", "image", False, {})
STATE = api.State("0123", False, False, 0, "/usr/bin/tini", "", {})
TYPES = {
    "/etc": "directory",
    "/etc/motd": "file",
    "/srv/new": "directory",
    "/srv/new/link": "link",
    "/var/cache/app": "directory",
    "/opt/gone-meanwhile": "",
    "/opt/mode": "directory",
}
DETAILS = {
    "HostConfig": {"Tmpfs": {"/run": "rw", "/tmp": "rw"}},
    "Mounts": [{"Destination": "/data"}],
}
SAID = [
    ("/etc", 0), ("/etc/motd", 0), ("/etc/hosts", 0), ("/etc/issue", 2), ("/dev", 0),
    ("/dev/console", 1), ("/run", 0), ("/run/nginx.pid", 1), ("/data", 1), ("/data/x", 1),
    ("/.lvsnet", 1), ("/.lvsnet/record.json.z", 1), ("/.dockerenv", 1), ("/srv/new", 1),
    ("/srv/new/link", 1), ("/var/cache/app", 2), ("/opt/gone-meanwhile", 1), ("/opt/mode", 0),
]  # fmt: skip


def test_only_what_is_a_users_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def call(_method: str, path: str) -> object:
        said: list[object] = [{"Path": path, "Kind": kind} for path, kind in SAID]
        return said if path.endswith("/changes") else DETAILS

    monkeypatch.setattr(api, "call", call)
    monkeypatch.setattr(api, "inspect", lambda _container: STATE)
    monkeypatch.setattr(archives, "type_of", lambda _container, path: TYPES.get(path, ""))
    assert changes.of(CONTAINER) == [
        Change("/etc/issue", "removed", ""),
        Change("/etc/motd", "changed", "file"),
        Change("/opt/gone-meanwhile", "added", "other"),
        Change("/opt/mode", "changed", "directory"),
        Change("/srv/new", "added", "directory"),
        Change("/srv/new/link", "added", "link"),
        Change("/var/cache/app", "changed", "directory"),
    ]
