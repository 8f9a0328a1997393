"""Exported virtual machines, provisioned by their own scripts, are the site that the lab is."""

from __future__ import annotations

import pytest

from e2e.exported_machines import deploy_bare, provision, upload
from e2e.users import VIP, User, eventually
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.resources import example_labs

BOUND = 30.0
"""Seconds until a VIP is held at first, or again: 3 x advert_int + skew is 4 s at most, and ten
requests that nobody answers take 10 s."""


def answers(site: User) -> str:
    loop = f"for i in $(seq 10); do curl -s -m 1 {VIP} || echo none; done | sort | uniq -c"
    return " ".join(site.does("exec", "client", "sh", "-c", loop).split())


@pytest.mark.parametrize("name", ["nat", "source-vrrp"])
def test_the_site_works_and_fails_over(user: User, name: str) -> None:
    plan = compile_lab(load(example_labs()[name]))
    deploy_bare(user, plan)
    user.does("export", name, "--to", "vagrant", "-o", str(user.home / "out"))
    for node in plan.nodes:
        upload(user, user.home / "out/machines", node.name)
        provision(user, node.name, "interfaces", "configure", "services")
    even = "5 nginx01 5 nginx02"
    eventually(lambda: answers(user) == even, BOUND, lambda: answers(user))
    # What is provisioned anew works as before.
    provision(user, "lb01", "configure", "services")
    eventually(lambda: answers(user) == even, BOUND, lambda: answers(user))
    user.does("stop", "lb01")
    eventually(lambda: answers(user) == even, BOUND, lambda: answers(user))
