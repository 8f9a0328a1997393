"""What a user adds to the machines: daemons, and configurations to run as they are."""

from __future__ import annotations

import pytest
from plans import compiled, content, node, replaced

from lvsnet.errors import LvsnetError

SITE = """
name: site
segments: {lan: 192.0.2.0/24}
nodes:
  client: {role: client, interfaces: {lan: 192.0.2.1}}
  lb01: {role: director, interfaces: {lan: 192.0.2.2}}
  rs1: {role: realserver, interfaces: {lan: 192.0.2.11}}
vrrp:
  VI_1: {segment: lan, virtual_router_id: 1, addresses: [192.0.2.100], priority: {lb01: 9}}
services:
  web: {address: 192.0.2.100, port: 80, method: dr, real_servers: [rs1]}
"""
PATH = "/etc/keepalived/keepalived.conf"


def with_setting(name: str, setting: str) -> str:
    return replaced(SITE, (f"{name}: {{", f"{name}: {{{setting}, "))


def test_daemons_run_after_nginx_and_before_keepalived() -> None:
    setting = (
        "daemons: {cron: [cron, -f], other: echo $HOME; exec sleep 9}, keepalived: {content: x}"
    )
    daemons = node(compiled(with_setting("rs1", setting)), "rs1").daemons
    assert [(one.name, one.stage) for one in daemons] == [
        ("nginx", 1),
        ("cron", 1),
        ("other", 1),
        ("keepalived", 2),
    ]
    assert daemons[1].argv == ("cron", "-f")
    assert daemons[2].argv == ("sh", "-c", "echo $HOME; exec sleep 9")


def test_any_machine_can_have_a_daemon() -> None:
    plan = compiled(with_setting("client", "daemons: {cron: [cron, -f]}"))
    assert [one.name for one in node(plan, "client").daemons] == ["cron"]


@pytest.mark.parametrize(("name", "daemon"), [("rs1", "nginx"), ("lb01", "keepalived")])
def test_a_daemon_that_is_there_anyway_is_an_error(name: str, daemon: str) -> None:
    with pytest.raises(LvsnetError, match=f"node {name}: {daemon} runs there anyway"):
        compiled(with_setting(name, f"daemons: {{{daemon}: x}}"))


@pytest.mark.parametrize("name", ["lb01", "rs1"])
@pytest.mark.parametrize("setting", ["keepalived: {content: own}", f"files: {{{PATH}: own}}"])
def test_a_configuration_of_the_users_own_is_tested_before_it_is_run(
    name: str, setting: str
) -> None:
    plan = compiled(with_setting(name, setting))
    keepalived = node(plan, name).daemons[-1]
    assert keepalived.name == "keepalived"
    assert content(plan, name, PATH) == "own"
    (test,) = keepalived.tests
    assert test.judge == "keepalived"
    assert {"--config-test", f"--use-file={PATH}"} <= set(test.argv)


def test_a_generated_configuration_needs_no_test() -> None:
    assert node(compiled(SITE), "lb01").daemons[0].tests == ()


def test_the_plan_knows_what_the_lab_allows_itself() -> None:
    assert compiled(SITE).allow == ()
    assert compiled(f"{SITE}allow: [dr-port, auth-pass-length]\n").allow == (
        "dr-port",
        "auth-pass-length",
    )
