"""What a lab remembers of its faults, and what it forgets by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from lvsnet.compiled import compile_file
from lvsnet.engine import deploy, fault_links, faulting
from lvsnet.engine.runtime import About, Record
from lvsnet.errors import LvsnetError
from lvsnet.faults import grammar, model
from lvsnet.faults.model import Dropped, Fault, Frozen
from lvsnet.host import leftovers
from lvsnet.plan.model import Plan
from lvsnet.progress import silent
from lvsnet.resources import example_labs

PLAN: Plan = compile_file(example_labs()["dr"]).plan
LAB = PLAN.lab


class Nodes:
    """Runs nothing, but knows which nodes are on, and which are frozen."""

    def __init__(self, runtime: str = "crun") -> None:
        self.plan = PLAN
        self.about = About("", runtime, "guest", "a test", 0)
        self.on = {node.name for node in PLAN.nodes}
        self.still: set[str] = set()
        self.dead: set[tuple[str, str]] = set()

    def record(self, _lab: str) -> Record:
        return Record(self.about, self.plan)

    def inits(self, _lab: str) -> dict[str, int]:
        return dict.fromkeys(self.on, 1)

    def runs(self, _lab: str, node: str) -> bool:
        return node in self.on

    def frozen(self, _lab: str, node: str) -> bool:
        return node in self.still & self.on

    def freeze(self, _lab: str, nodes: Sequence[str]) -> None:
        self.still.update(nodes)

    def thaw(self, _lab: str, nodes: Sequence[str]) -> None:
        self.still.difference_update(nodes)

    def alive(self, _lab: str, node: str, daemon: str) -> bool:
        return (node, daemon) not in self.dead


class Wires:
    """What is done to cables."""

    def __init__(self) -> None:
        self.filtered: list[list[Fault]] = []
        self.pulled: list[str] = []
        self.failure: LvsnetError | None = None

    def filter_frames(self, faults: Sequence[Fault], _plan: Plan) -> None:
        if self.failure:
            raise self.failure
        self.filtered.append([one for one in faults if isinstance(one, faulting.FILTERED)])

    def pull_out(self, fault: model.LinkDown, _plan: Plan) -> None:
        self.pulled.append(fault.where)

    def plug_in(self, fault: model.LinkDown, _plan: Plan) -> None:
        self.pulled.remove(fault.where)


@pytest.fixture
def nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nodes:
    monkeypatch.setenv("LVSNET_STATE_DIR", str(tmp_path))
    made = Nodes()
    monkeypatch.setattr(deploy, "stop", lambda _plan, node, _runtime: made.on.remove(node))
    monkeypatch.setattr(deploy, "start", lambda record, node, *_: boot(made, record.plan, node))
    return made


@pytest.fixture
def wires(monkeypatch: pytest.MonkeyPatch) -> Wires:
    made = Wires()
    for name in ("filter_frames", "pull_out", "plug_in"):
        monkeypatch.setattr(fault_links, name, getattr(made, name))
    return made


def boot(nodes: Nodes, plan: Plan, name: str) -> None:
    nodes.on.add(name)
    nodes.still.discard(name)
    faulting.before_daemons(plan, [one for one in plan.nodes if one.name == name], nodes)  # type: ignore[arg-type]


def do(nodes: Nodes, *orders: str) -> None:
    for words in orders:
        request = model.to_json(grammar.parse(words))
        faulting.order(LAB, nodes, request, silent)  # type: ignore[arg-type]


def standing(nodes: Nodes) -> list[str]:
    found = faulting.standing(LAB, nodes, {}, silent)  # type: ignore[arg-type]
    return [str(model.fault_from_json(one)) for one in found]


def test_they_stand_in_the_order_in_which_they_were_put(nodes: Nodes, wires: Wires) -> None:
    orders = ["freeze lb01", "link down lb02:eth1", "drop client icmp", "partition lb01 from lb02"]
    do(nodes, *orders)
    assert standing(nodes) == orders
    assert wires.filtered[-1] == [model.fault_from_json(one) for one in kept()[2:]]
    do(nodes, "stop client")
    assert standing(nodes) == ["stop client", *orders]


def kept() -> list[object]:
    content: list[object] = json.loads(leftovers.faults_of(LAB).read_text())
    return content


def test_nothing_is_left_when_all_is_mended(nodes: Nodes, wires: Wires) -> None:
    do(nodes, "freeze lb01", "drop client icmp", "thaw lb01", "pass client icmp")
    assert standing(nodes) == []
    assert wires.filtered[-1] == []
    assert not leftovers.faults_of(LAB).exists()


def test_what_is_on_already_is_fine_and_other_values_replace_it(nodes: Nodes, wires: Wires) -> None:
    do(nodes, "drop client icmp", "freeze lb01", "drop client icmp")
    assert len(wires.filtered) == 1
    do(nodes, "drop client icmp in")
    assert standing(nodes) == ["freeze lb01", "drop client icmp in"]


def test_what_cannot_be_put_does_not_stand(nodes: Nodes, wires: Wires) -> None:
    do(nodes, "drop client icmp")
    wires.failure = LvsnetError("no nftables here")
    with pytest.raises(LvsnetError, match="no nftables"):
        do(nodes, "partition lb01 from lb02")
    with pytest.raises(LvsnetError, match="no nftables"):
        do(nodes, "drop client icmp out")
    assert standing(nodes) == ["drop client icmp"]


def test_what_the_kernel_does_not_show_any_more_is_not_told(nodes: Nodes, wires: Wires) -> None:
    assert wires
    nodes.dead.add(("lb02", "keepalived"))
    do(nodes, "freeze lb01")
    leftovers.faults_of(LAB).write_text(
        json.dumps([*kept(), model.fault_to_json(model.Killed("lb02", "keepalived"))])
    )
    assert standing(nodes) == ["freeze lb01", "kill lb02 keepalived"]
    nodes.still.clear()
    nodes.dead.clear()
    assert standing(nodes) == []
    do(nodes, "freeze lb01")
    assert standing(nodes) == ["freeze lb01"]
    assert [one for one in kept() if one == model.fault_to_json(Frozen("lb01"))] == kept()[1:]


def test_a_boot_ends_what_is_inside_and_puts_again_what_is_outside(
    nodes: Nodes, wires: Wires
) -> None:
    do(nodes, "freeze lb01", "link down lb01:eth1", "drop lb01 vrrp", "freeze lb02", "stop lb01")
    assert standing(nodes) == ["stop lb01", "link down lb01:eth1", "drop lb01 vrrp", "freeze lb02"]
    wires.pulled.clear()
    wires.filtered.clear()
    do(nodes, "start lb01")
    assert standing(nodes) == ["link down lb01:eth1", "drop lb01 vrrp", "freeze lb02"]
    assert wires.pulled == ["lb01:eth1"]
    assert wires.filtered == [[Dropped("lb01", "vrrp")]]


def test_faults_of_what_the_lab_has_no_longer_are_forgotten(nodes: Nodes, wires: Wires) -> None:
    assert wires
    do(nodes, "partition lb01,client from nginx01,nginx02", "freeze lb02", "drop nginx02 icmp")
    do(nodes, "partition nginx02 from client")
    rest = tuple(node for node in PLAN.nodes if node.name not in ("nginx02", "lb02"))
    nodes.plan = replace(PLAN, nodes=rest)
    assert standing(nodes) == ["partition lb01,client from nginx01"]


def test_clear_of_a_node_takes_back_what_it_has_a_part_in(nodes: Nodes, wires: Wires) -> None:
    assert wires
    do(nodes, "partition lb01 from lb02", "freeze client", "link down lb02:eth1", "stop nginx01")
    do(nodes, "clear lb02")
    assert standing(nodes) == ["stop nginx01", "freeze client"]
    do(nodes, "clear", "clear")
    assert standing(nodes) == []


def test_clear_goes_on_after_a_failure_and_tells_all(nodes: Nodes, wires: Wires) -> None:
    do(nodes, "drop client icmp", "partition lb01 from lb02", "freeze client", "stop nginx01")
    wires.failure = LvsnetError("no nftables here")
    with pytest.raises(LvsnetError) as caught:
        do(nodes, "clear")
    assert str(caught.value).splitlines() == [
        "heal lb01 from lb02: no nftables here",
        "pass client icmp: no nftables here",
        "start nginx01: no nftables here",
    ]
    assert "client" not in nodes.still


@pytest.mark.parametrize("words", ["thaw lb01", "link up lb01:eth1", "heal", "pass lb01 vrrp"])
def test_what_is_not_on_cannot_be_mended(nodes: Nodes, wires: Wires, words: str) -> None:
    assert wires
    do(nodes, "freeze lb02")
    with pytest.raises(LvsnetError) as caught:
        do(nodes, words)
    assert str(caught.value) == f"{words}: there is nothing to take back; on are: freeze lb02"


@pytest.mark.parametrize("words", ["freeze lb01", "kill lb01 keepalived", "service fail nginx01"])
def test_nothing_is_broken_inside_a_node_that_is_off(nodes: Nodes, words: str) -> None:
    name = words.split()[1 if "service" not in words else 2]
    do(nodes, f"stop {name}")
    with pytest.raises(LvsnetError, match=f"{name} does not run; `lvsnet start {name}`"):
        do(nodes, words)


@pytest.mark.parametrize(
    "words",
    ["stop lb01", "link down lb01:eth1", "partition lb01 from lb02", "drop lb01 vrrp"],
)
def test_cables_that_containerlab_laid_are_left_alone(nodes: Nodes, words: str) -> None:
    nodes.about = replace(nodes.about, runtime="containerlab")
    with pytest.raises(LvsnetError, match=f"{words}: containerlab has wired lab dr"):
        do(nodes, words)
    do(nodes, "freeze lb01")
    assert standing(nodes) == ["freeze lb01"]


def test_a_lab_leaves_nothing(nodes: Nodes, wires: Wires, tmp_path: Path) -> None:
    assert wires
    do(nodes, "freeze lb01")
    recorded = leftovers.traffic_of(LAB) / "1"
    recorded.parent.mkdir(parents=True)
    recorded.write_text("")
    leftovers.remove(LAB)
    leftovers.remove(LAB)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_is_gone_does_not_come_back_broken(nodes: Nodes, wires: Wires) -> None:
    do(nodes, "link down nginx02:eth1", "drop nginx02 icmp", "drop client icmp")
    rest = tuple(node for node in PLAN.nodes if node.name != "nginx02")
    faulting.after_change(replace(PLAN, nodes=rest))
    assert wires.filtered[-1] == [Dropped("client", "icmp")]
    assert standing(nodes) == ["drop client icmp"]
    times = len(wires.filtered)
    faulting.after_change(PLAN)
    assert len(wires.filtered) == times
