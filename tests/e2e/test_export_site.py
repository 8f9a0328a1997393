"""Exported virtual machines, provisioned by their own scripts, are the site that the lab is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from e2e.exported_machines import deploy_bare, provision, upload
from e2e.plain_machines import EVEN, answers
from e2e.users import User
from e2e.warm import Warm
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.resources import example_labs


@pytest.mark.parametrize("name", ["nat", "source-vrrp"])
def test_the_site_works_and_fails_over(held_user: User, warm: Warm, name: str) -> None:
    user = replace(held_user, warm=warm)
    plan = compile_lab(load(example_labs()[name]))
    deploy_bare(user, plan)
    user.does("export", name, "--to", "vagrant", "-o", str(user.home / "out"))
    for node in plan.nodes:
        machines = user.home / "out/machines"
        upload(user, machines, node.name, "interfaces", "configure", "services")
    assert answers(user) == EVEN
    # What is provisioned anew works as before.
    provision(user, "lb01", "configure", "services")
    assert answers(user) == EVEN
    user.does("stop", "lb01")
    assert answers(user) == EVEN
