"""What containerlab answers, recorded in the forms of its versions."""

from __future__ import annotations

import pytest

from lvsnet.containerlab_json import Container, Execution, containers, executions
from lvsnet.errors import LvsnetError

# cmd/inspect.go and types.ContainerDetails of 0.79: since 0.68 by lab.
INSPECT = """\
{
  "dr": [
    {
      "lab_name": "dr",
      "labPath": "dr.clab.yml",
      "absLabPath": "/root/dr/dr.clab.yml",
      "name": "lvsnet-dr-lb01",
      "container_id": "2c70173f3f41",
      "image": "lvsnet/director:0a1b",
      "kind": "linux",
      "state": "running",
      "status": "Up 4 hours",
      "ipv4_address": "N/A",
      "ipv6_address": "N/A",
      "owner": "root"
    }
  ],
  "vlan": [
    {
      "lab_name": "vlan",
      "labPath": "../vlan.clab.yml",
      "absLabPath": "/root/vlan.clab.yml",
      "name": "clab-vlan-client1",
      "container_id": "9a12e9566d8c",
      "image": "alpine:3",
      "kind": "linux",
      "state": "running",
      "status": "Up 4 hours",
      "ipv4_address": "172.20.20.2/24",
      "ipv6_address": "3fff:172:20:20::2/64",
      "ports": [{"port": 80, "host_ip": "", "host_port": 8080, "protocol": "tcp"}],
      "owner": "root"
    }
  ]
}
"""
# types.LabData of 0.60: one list.
INSPECT_0_60 = """\
{
  "containers": [
    {
      "lab_name": "dr",
      "labPath": "dr.clab.yml",
      "name": "clab-dr-lb01",
      "container_id": "2c70173f3f41",
      "image": "alpine:3",
      "kind": "linux",
      "state": "running",
      "ipv4_address": "172.20.20.2/24",
      "ipv6_address": "2001:172:20:20::2/64"
    }
  ]
}
"""
# exec/exec.go: ExecCollection.Dump, by container; Stdout.MarshalJSON passes JSON on as such.
EXEC = """\
{
  "lvsnet-dr-lb01": [
    {
      "cmd": ["ip", "-json", "address"],
      "return-code": 0,
      "stdout": [{"ifindex": 1, "ifname": "lo"}],
      "stderr": ""
    },
    {
      "cmd": ["cat", "/nothing"],
      "return-code": 1,
      "stdout": "",
      "stderr": "cat: /nothing: No such file or directory\\n"
    }
  ],
  "lvsnet-dr-lb02": [
    {"cmd": ["cat", "/proc/uptime"], "return-code": 0, "stdout": "1.5 2.5\\n", "stderr": ""},
    {"cmd": ["echo", "42"], "return-code": 0, "stdout": 42, "stderr": ""}
  ]
}
"""


def test_containers_are_known_by_their_lab() -> None:
    found = containers(INSPECT)
    assert list(found) == ["dr", "vlan"]
    assert found["dr"] == (
        Container(
            lab="dr",
            name="lvsnet-dr-lb01",
            id="2c70173f3f41",
            image="lvsnet/director:0a1b",
            kind="linux",
            state="running",
            status="Up 4 hours",
            ipv4="",
            ipv6="",
            owner="root",
            topology="/root/dr/dr.clab.yml",
        ),
    )
    assert found["vlan"][0].ipv4 == "172.20.20.2/24"


def test_the_list_of_older_versions_is_understood() -> None:
    container = containers(INSPECT_0_60)["dr"][0]
    assert (container.name, container.state) == ("clab-dr-lb01", "running")
    assert (container.status, container.owner, container.topology) == ("", "", "")


def test_a_lab_may_be_called_containers() -> None:
    assert list(containers(INSPECT.replace('"dr"', '"containers"'))) == ["containers", "vlan"]


@pytest.mark.parametrize("text", ["{}", "{}\n", "", "\n"])
def test_no_lab_is_no_container(text: str) -> None:
    assert containers(text) == {}


def test_results_of_commands_have_their_exit_codes() -> None:
    first, second, third, fourth = executions(EXEC)
    assert first == Execution(
        "lvsnet-dr-lb01",
        ("ip", "-json", "address"),
        0,
        '[{"ifindex": 1, "ifname": "lo"}]',
        "",
    )
    assert (second.code, second.errors) == (1, "cat: /nothing: No such file or directory\n")
    assert (third.container, third.output) == ("lvsnet-dr-lb02", "1.5 2.5\n")
    assert fourth.output == "42"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no containers found", "what is not JSON"),
        ("[]", "list instead of an object"),
        ('{"dr": {}}', "dict instead of a list"),
        ('{"dr": ["lb01"]}', "a container is str instead of an object"),
        ('{"dr": [{"lab_name": "dr", "name": "x"}]}', "state is missing"),
    ],
)
def test_another_form_is_told(text: str, said: str) -> None:
    with pytest.raises(LvsnetError, match=said):
        containers(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"lb01": {"stdout": "", "stderr": ""}}', "lb01: dict instead of a list"),
        ('{"lb01": [{"cmd": [], "stdout": ""}]}', "no exit code"),
        ('{"lb01": [{"cmd": [], "return-code": true}]}', "no exit code"),
        ('{"lb01": [{"return-code": 0}]}', "no command"),
        ('{"lb01": [1]}', "a result is int"),
        ("[]", "list instead of an object"),
    ],
)
def test_a_result_without_an_exit_code_is_told(text: str, said: str) -> None:
    with pytest.raises(LvsnetError, match=said):
        executions(text)
