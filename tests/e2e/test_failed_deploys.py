"""A deploy that fails says where and why, and takes everything back.

So does one whose daemon ends, or whose lab file's own command fails, wherever labs run:
tests/conformance/test_labs.py.
"""

from __future__ import annotations

import pytest

from e2e.users import User

LB01 = "  lb01:    {role: director,   interfaces: {lan: 192.168.10.11}"
LB02 = "  lb02:    {role: director,   interfaces: {lan: 192.168.10.12}"
NGINX01 = "  nginx01: {role: realserver, interfaces: {lan: 192.168.10.13}"
SMALL = f"""\
name: fails
segments: {{lan: 192.168.10.0/24}}
nodes:
{LB01}}}
{NGINX01}}}
vrrp:
  VI_1:
    {{segment: lan, virtual_router_id: 33, addresses: [192.168.10.100], priority: {{lb01: 9}}}}
services:
  web:
    {{address: 192.168.10.100, port: 80, method: dr, scheduler: rr, real_servers: [nginx01]}}
"""


def wrong(node: str, addition: str) -> tuple[str, str]:
    """A change that adds to a node."""
    return (f"{node}}}", f"{node}, {addition}}}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            wrong(LB01, "exec: [[no-such-command, x]]"),
            ["lb01: ", "no-such-command", "code 127"],
            id="a command that is not there",
        ),
        pytest.param(
            wrong(LB01, "sysctls: {net.ipv4.no_such_key: 1}"),
            ["lb01: ", "sysctl net.ipv4.no_such_key = 1: No such file"],
            id="a sysctl that is not there",
        ),
        pytest.param(
            wrong(LB01, "sysctls: {net.ipv4.ip_forward: many}"),
            ["lb01: ", "sysctl net.ipv4.ip_forward = many: Invalid argument"],
            id="a sysctl's value",
        ),
        pytest.param(
            wrong(NGINX01, "files: {/proc/nowhere/x: ''}"),
            ["nginx01: ", "files", "/proc/nowhere"],
            id="a file where none can be",
        ),
        pytest.param(
            wrong(LB01, "routes: [{to: 192.168.10.0/24, via: 192.168.10.1}]"),
            ["lb01: ", "route to 192.168.10.0/24 via 192.168.10.1: File exists"],
            id="a route that is there already",
        ),
    ],
)
def test_node_step_and_reason_are_told_and_nothing_is_left(
    warm_resident: User, change: tuple[str, str], said: list[str]
) -> None:
    assert SMALL.count(change[0]) == 1
    file = warm_resident.home / "fails.yaml"
    file.write_text(SMALL.replace(*change))
    done = warm_resident.tries("deploy", str(file))
    assert done.code == 1, done
    message = done.err[done.err.index("\nlvsnet: ") + 1 :]
    for words in said:
        assert words in message
    assert "Traceback" not in done.err
    assert (warm_resident.processes(), warm_resident.left()) == ({}, [])
    assert warm_resident.does("inspect") == ""


def test_a_keepalived_that_ends_at_once_is_told_with_its_words(warm_resident: User) -> None:
    (warm_resident.home / "own.conf").write_text(
        "net_namespace nothere\n"
        "vrrp_instance VI_1 {\n  interface eth1\n  virtual_router_id 33\n  priority 150\n"
        "  virtual_ipaddress {\n    192.168.10.100\n  }\n}\n"
    )
    lab = warm_resident.lab(
        "fails", wrong(LB01, "keepalived: own.conf"), ("{lb01: 150, lb02: 100}", "{lb02: 100}")
    )
    done = warm_resident.tries("deploy", lab)
    assert done.code == 1, done
    message = done.err[done.err.index("\nlvsnet: ") + 1 :]
    assert message.startswith("lvsnet: lb01: keepalived ended")
    assert "its last lines:\n  " in message
    assert "nothere" in message
    assert (warm_resident.processes(), warm_resident.left()) == ({}, [])


def test_a_site_that_does_not_come_up_is_told_what_it_lacks(warm_resident: User) -> None:
    unplugged = "exec: [ip link set eth1 down]"
    lab = warm_resident.lab("dark", wrong(LB01, unplugged), wrong(LB02, unplugged))
    done = warm_resident.tries("deploy", "--timeout", "2", lab)
    assert done.code == 1
    assert "the site is not up after 2 s: VIP 192.168.10.100 is on none of lb01, lb02" in done.err
    assert (warm_resident.processes(), warm_resident.left()) == ({}, [])
