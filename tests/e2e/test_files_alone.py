"""The rendered files stand alone: on machines that lvsnet has not configured the site is the same.

They get the files, ``sysctl --system``, netplan's addresses and routes, and the start scripts of
Debian's packages; nothing of what the compiler says to the engine.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from e2e.plain_machines import EVEN, answers, deploy_plain, install
from e2e.users import User
from e2e.warm import Warm
from lvsnet.lab.load import load
from lvsnet.resources import example_labs

pytestmark = pytest.mark.parametrize(
    "name",
    ["dr", "nat", "source-cron", "source-virtual-server", "source-vrrp", "two-networks"],
)


@pytest.fixture
def site(held_user: User, warm: Warm, name: str) -> User:
    user = replace(held_user, warm=warm)
    files = deploy_plain(user, name)
    nodes = load(example_labs()[name]).nodes
    services = {"client": (), "host": (), "realserver": ("nginx",), "director": ("keepalived",)}
    assert {spec.role for spec in nodes.values()} <= services.keys()
    for role, needed in services.items():
        for node in (one for one, spec in nodes.items() if spec.role == role):
            assert set(needed) <= set(install(user, node, files))
    return user


def test_the_site_works_and_fails_over(site: User) -> None:
    assert answers(site) == EVEN
    site.does("stop", "lb01")
    assert answers(site) == EVEN
