"""How long a takeover lasts at most, by the keepalived.conf of a plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lvsnet.compiled import compile_file
from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Node, Plan
from lvsnet.resources import example_labs
from lvsnet.scenario.bounds import instances, takeover

CONF = "/etc/keepalived/keepalived.conf"


@pytest.fixture(scope="module")
def dr() -> Plan:
    return compile_file(example_labs()["dr"]).plan


def with_conf(plan: Plan, text: str) -> Plan:
    """The plan with this configuration on all its directors."""

    def changed(node: Node) -> Node:
        files = (replace(one, content=text) if one.path == CONF else one for one in node.files)
        return replace(node, files=tuple(files))

    return replace(plan, nodes=tuple(map(changed, plan.nodes)))


def instance(*lines: str, name: str = "VI_1") -> str:
    return f"vrrp_instance {name} {{\n" + "\n".join(lines) + "\n}\n"


def test_the_lowest_priority_counts(dr: Plan) -> None:
    assert takeover(dr) == 3 + 156 / 256
    assert [one.seconds for one in instances(dr)] == [3 + 106 / 256, 3 + 156 / 256]
    assert {address for one in instances(dr) for address in one.addresses} == {"192.168.10.100"}


@pytest.mark.parametrize("name", example_labs())
def test_every_lab_with_vrrp_has_one(name: str) -> None:
    plan = compile_file(example_labs()[name]).plan
    if any(True for _ in instances(plan)):
        interval = {"vrrp3": 0.05, "bfd": 5}.get(name, 1)
        assert 3 * interval < takeover(plan) <= 4 * interval
    else:
        assert not plan.held


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (instance("priority 100", "advert_int 2"), 6 + 156 / 256),
        (instance("priority 100 # 1", "advert_int 1 ! 2"), 3 + 156 / 256),
        (instance(), 3 + 156 / 256),
        (instance("version 3", "advert_int 0.1", "priority 156"), 0.3 + 0.1 * 100 / 256),
        (
            "global_defs {\n vrrp_version 3\n}\n" + instance("advert_int 0.5", "priority 128"),
            1.75,
        ),
        (
            "global_defs {\n vrrp_version 3\n}\n" + instance("version 2", "priority 128"),
            3.5,
        ),
        ('vrrp_instance "a b"\n{\n priority 128\n virtual_ipaddress { 10.0.0.1/24 }\n}\n', 3.5),
        # What a script takes off is not known: as if all were.
        (instance("priority 200", "track_script {", "chk weight -20", "}"), 3 + 255 / 256),
        (
            "vrrp_script chk {\n weight -20\n}\n"
            + instance("priority 200", "track_script {", "chk", "}"),
            3 + 255 / 256,
        ),
        (
            instance("priority 128") + "virtual_server 10.0.0.1 80 {\n real_server 10.0.0.2 80 "
            "{\n weight 5\n }\n}\n",
            3.5,
        ),
        (instance("priority 128") + instance("priority 128", "advert_int 2", name="B"), 6.5),
    ],
)
def test_what_keepalived_runs_with(dr: Plan, text: str, seconds: float) -> None:
    assert takeover(with_conf(dr, text)) == pytest.approx(seconds)


def test_an_address_chooses_its_instances(dr: Plan) -> None:
    text = instance(
        "priority 128", "virtual_ipaddress {", "10.0.0.1/24 dev eth1", "}", name="A"
    ) + instance("priority 128", "advert_int 5", "virtual_ipaddress {", "10.0.0.2", "}", name="B")
    plan = with_conf(dr, text)
    assert takeover(plan, ["10.0.0.1"]) == 3.5
    assert takeover(plan, ["10.0.0.2"]) == 15.5
    assert takeover(plan, ["10.0.0.3"]) == 15.5


def test_what_cannot_be_known_is_told(dr: Plan) -> None:
    with pytest.raises(LvsnetError, match=r"lb01: vrrp_instance VI_1 has advert_int \$EVERY; wri"):
        takeover(with_conf(dr, instance("advert_int $EVERY")))
    with pytest.raises(LvsnetError, match="lab dr has no VRRP instance"):
        takeover(with_conf(dr, ""))
