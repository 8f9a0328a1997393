"""The rendered files stand alone: on machines that lvsnet has not configured the site is the same.

They get the files, ``sysctl --system``, netplan's addresses and routes, and the start scripts of
Debian's packages; nothing of what the compiler says to the engine.
"""

from __future__ import annotations

import pytest

from e2e.plain_machines import install, start
from e2e.users import VIP, User, eventually
from lvsnet.lab.load import load
from lvsnet.resources import example_labs

BOUND = 30.0
"""Seconds until a VIP is held at first, or again: 3 x advert_int + skew is 4 s at most, and ten
requests that nobody answers take 10 s."""

pytestmark = pytest.mark.parametrize(
    "name",
    ["dr", "nat", "source-cron", "source-virtual-server", "source-vrrp", "two-networks"],
)


@pytest.fixture
def site(user: User, name: str) -> User:
    install(user, name)
    files = user.home / f"{name}-files"
    nodes = load(example_labs()[name]).nodes
    for role in ("realserver", "director"):
        for node in (one for one, spec in nodes.items() if spec.role == role):
            started = start(user, node, files)
            assert {"realserver": "nginx", "director": "keepalived"}[role] in started
    return user


def answers(site: User) -> str:
    loop = f"for i in $(seq 10); do curl -s -m 1 {VIP} || echo none; done | sort | uniq -c"
    return " ".join(site.does("exec", "client", "sh", "-c", loop).split())


def test_the_site_works_and_fails_over(site: User, name: str) -> None:
    even = "5 nginx01 5 nginx02"
    eventually(lambda: answers(site) == even, BOUND, lambda: f"{name}: {answers(site)}")
    site.does("stop", "lb01")
    eventually(lambda: answers(site) == even, BOUND, lambda: f"{name}: {answers(site)}")
