"""Labs come up whole or not at all, stand side by side, and leave nothing behind."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator

import pytest

from conformance import sites
from conformance.conftest import NewLab
from conformance.places import Place
from conformance.sites import Site, traces
from e2e.users import User, eventually, kill, reads

WEB = "    role: realserver\n"
UP_S = 60.0
GONE_S = 60.0
"""Taking a lab back takes 2 s on an idle machine, and 16 s in a test machine that gets an eighth of
a processor."""


@pytest.fixture(autouse=True)
def _trace(user: User, place: Place, lab: str) -> Iterator[None]:
    """`traces` sees nothing at first, and at the end of no test anything."""
    assert traces(user, place, lab) == []
    yield
    user.tries("destroy", lab)
    eventually(lambda: not traces(user, place, lab), GONE_S, lambda: traces(user, place, lab))


def test_destroy_has_left_nothing_when_it_returns(user: User, place: Place, lab: str) -> None:
    deployed = user.tries("deploy", sites.plain(user, lab))
    assert deployed.code == 0, deployed
    assert f"{lab}: {place.runtime}, kernel {place.kernel} " in deployed.err
    there = traces(user, place, lab)
    if place.kernel == "host":
        assert f"namespace lvsnet-{lab}" in there or place.name == "containerlab"
    if place.by_docker:
        assert sum(one.startswith("container ") for one in there) == 3
    assert there
    done = user.tries("destroy", lab)
    assert (done.code, done.out, done.err) == (0, b"", f"{lab} is gone\n")
    assert traces(user, place, lab) == []
    again = user.tries("destroy", lab)
    assert again.code == 1
    assert f"lab {lab} does not run" in again.err


def test_a_lab_is_deployed_once(site: Site) -> None:
    done = site.user.tries("deploy", site.file)
    assert done.code == 1
    assert f"lvsnet: lab {site.lab} is already running" in done.err
    assert site.does("client", "curl", "-s", "192.168.10.13") == "web\n"


def test_labs_of_equal_addresses_stand_side_by_side(site: Site, new_lab: NewLab) -> None:
    user, other = site.user, new_lab()
    user.does("deploy", sites.plain(user, other))
    user.does("exec", f"{other}/web", "nginx", "-s", "stop")
    fetch = "curl -s -m 2 192.168.10.13 || echo none"
    assert user.does("exec", f"{other}/client", "sh", "-c", fetch) == "none\n"
    assert site.does("client", "sh", "-c", fetch) == "web\n"
    names = [one["lab"] for one in json.loads(user.does("inspect", "-f", "json"))["labs"]]
    assert {site.lab, other} <= set(names)
    user.does("destroy", other)
    assert site.does("client", "sh", "-c", fetch) == "web\n"
    assert not [one for one in traces(user, site.place, other) if other in one]


@pytest.mark.parametrize(
    ("addition", "said"),
    [
        pytest.param(
            "    files: {/etc/nginx/nginx.conf: 'events {} oops'}\n",
            ["web: nginx ended", "its last lines", "/etc/nginx/nginx.conf:1"],
            id="a daemon",
        ),
        pytest.param(
            "    exec: [echo fine, 'echo why >&2; exit 3']\n",
            ["web: ", "exit 3", "code 3", "why"],
            id="a command",
        ),
    ],
)
def test_what_fails_is_told_and_everything_taken_back(
    user: User, place: Place, lab: str, addition: str, said: list[str]
) -> None:
    file = user.home / f"{lab}.yaml"
    file.write_text(
        f"name: {lab}\nsegments: {{lan: 192.168.10.0/24}}\nnodes:\n"
        "  client: {role: client, interfaces: {lan: 192.168.10.10}}\n"
        "  web:\n    role: realserver\n    interfaces: {lan: 192.168.10.13}\n" + addition
    )
    done = user.tries("deploy", str(file))
    assert done.code == 1, done
    message = done.err[done.err.index("\nlvsnet: ") + 1 :]
    for words in said:
        assert words in message
    assert "Traceback" not in done.err
    assert traces(user, place, lab) == []


@pytest.mark.parametrize("name", ["KILL", "INT"])
def test_a_deploy_that_is_ended_on_its_way_leaves_nothing(
    user: User, place: Place, lab: str, name: str
) -> None:
    # Its command goes on for longer than the test, so the deploy is ended in the midst of it.
    file = sites.plain(user, lab, ("- cat /etc/greeting >", "- sleep 50; cat /etc/greeting >"))
    deploy = user.begin("deploy", file, stderr=subprocess.STDOUT)
    try:
        reads(deploy, b"wire and configure", UP_S)
        assert traces(user, place, lab)
        deploy.send_signal(signal.Signals[f"SIG{name}"])
        rest, _ = deploy.communicate(timeout=GONE_S)
        assert b"Traceback" not in rest
        assert deploy.returncode not in (0, 1)
        if name == "INT":
            assert deploy.returncode == 130
            assert traces(user, place, lab) == []  # at once: the roll-back has been waited for
        eventually(lambda: not traces(user, place, lab), GONE_S, lambda: traces(user, place, lab))
    finally:
        kill(deploy)

    def said() -> str:
        return user.tries("exec", f"{lab}/web", "true").err

    # What tells of the lab goes last.
    eventually(lambda: f"lab {lab} does not run" in said(), GONE_S, said)
