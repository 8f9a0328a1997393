"""A lab as a containerlab topology (https://containerlab.dev/manual/topo-def-file/).

`topology` gives the text of the topology and the files that lie beside it. It needs containerlab
0.78, the first that runs nodes without all privileges (``privileged: false``).

A segment is a node of kind linux that makes a bridge, so that nothing of it lies in the host's
network namespace. Nodes have no management network: nothing of it collides with a segment, and
eth1 is a node's first interface as elsewhere. containerlab has no barrier between nodes, only
``wait-for`` without circles, so the order is: segments, routers, other nodes without daemons, the
nodes of each daemon stage, clients. They wait with their creation, since one that waits later
occupies one of containerlab's workers, of which there are as many as processors. Commands are in
``stages``, because ``wait-for`` does not wait for those in ``exec``.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_interface
from itertools import groupby

from lvsnet.engine.runtime import Record
from lvsnet.engine.runtimes import oci
from lvsnet.errors import LvsnetError
from lvsnet.export import containerlab_files as beside
from lvsnet.export.containerlab_text import Value, written
from lvsnet.plan.model import File, Node, Plan, Segment

OLDEST = (0, 78, 0)
"""The containerlab that has all keys that are used; unknown ones are fatal."""
PREFIX = "lvsnet"
RESERVED = ("host", "mgmt-net", "macvlan")
"""What cannot be a node's name: containerlab's own ends of links (links/link_brief.go)."""
COMMAND_S = 60
"""Seconds that one of the user's own commands may take, as in the engine."""
SEGMENT_LABEL = "lvsnet.segment"
MODULES_OF_THE_RUNTIME = ("veth", "bridge")

Keys = dict[str, Value]


def file_name(lab: str) -> str:
    """Of the topology; the ending is the one by which containerlab finds topologies."""
    return f"{lab}.clab.yml"


def topology(
    record: Record,
    images: Mapping[str, str],
    segment_image: str,
    labels: Callable[[Node], Mapping[str, str]],
) -> tuple[File, ...]:
    """The files of a lab's topology, the topology itself first; paths are relative.

    ``images`` has each node's image by the node's name; ``segment_image`` one with ``ip``. An image
    of the user's own needs ``sh``, ``ip``, ``sleep`` and ``cp``. Pure.

    Raises:
        LvsnetError: something in the lab cannot be expressed.
    """
    plan = record.plan
    for node in plan.nodes:
        _check(node)
    switches = _switch_names(plan)
    segments: Keys = {}
    for segment in plan.segments:
        # No node could load what the host's kernel lacks; the first that is made has it done.
        loading = [] if segments else _load_modules(plan.kernel)
        segments[switches[segment.name]] = _segment(plan, segment, segment_image, loading)
    nodes: Keys = {}
    before = _wait_for(switches.values(), "create-links")
    for group in _in_order(plan.nodes):
        for node in group:
            nodes[node.name] = _node(plan.lab, node, images[node.name], before, labels(node))
        before = _wait_for((node.name for node in group), "configure")
    # In the order of the lab file, which is easier to read than that of their creation.
    everything = segments | {node.name: nodes[node.name] for node in plan.nodes}
    text = written(
        {
            "name": plan.lab,
            "prefix": PREFIX,
            "mgmt": {"skip-when-unused": True},
            "topology": {
                "defaults": _defaults(),
                "nodes": everything,
                "links": list(_links(plan, switches)),
            },
        }
    )
    head = f"# {plan.lab}: written by lvsnet for containerlab 0.78 or newer\n"
    files = [file for node in plan.nodes for file in beside.files_of(node)]
    return (File(file_name(plan.lab), head + text), *files)


def _defaults() -> Keys:
    return {
        "kind": "linux",
        "entrypoint": shlex.join(oci.INIT[:2]),
        "cmd": shlex.join(oci.INIT[2:]),
        "network-mode": "none",
        "restart-policy": "no",
        "privileged": False,
        # Docker's own profile denies writing to /proc/sys/net.
        "security-opts": ["apparmor=unconfined"],
        "tmpfs": {
            "/run": "rw,exec,nosuid,nodev,mode=0755",
            "/tmp": "rw,exec,nosuid,nodev,mode=1777",
        },
        # What the kernel gives a new network namespace, and Docker changes.
        "sysctls": {
            "net.ipv4.ip_unprivileged_port_start": "1024",
            "net.ipv4.ping_group_range": "1 0",
        },
    }


def _segment(plan: Plan, segment: Segment, image: str, loading: list[Keys]) -> Keys:
    bridge = segment.bridge
    ports = [
        interface.port
        for node in plan.nodes
        for interface in node.interfaces
        if interface.segment == segment.name
    ]
    # As the engine's: no spanning tree, so a port forwards as soon as it is up.
    options = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
    commands = [
        f"ip link add {bridge} mtu {segment.mtu} {options}",
        *(f"ip link set {port} master {bridge}" for port in ports),
        f"ip link set {bridge} up",
    ]
    stages: Keys = {"create": {"exec": loading}} if loading else {}
    return {
        "image": image,
        "cap-add": ["NET_ADMIN"],
        "labels": {SEGMENT_LABEL: segment.name},
        "stages": stages | {"create-links": {"exec": [_after(command) for command in commands]}},
    }


def _load_modules(kernel: Sequence[str]) -> list[Keys]:
    command = beside.load_modules([name for name in kernel if name not in MODULES_OF_THE_RUNTIME])
    return [{"command": command, "phase": "on-enter", "target": "host"}] if command else []


def _node(lab: str, node: Node, image: str, before: list[Keys], labels: Mapping[str, str]) -> Keys:
    early, late = _sysctls(node)
    stages: Keys = {"create": {"wait-for": before}}
    if not node.privileged:
        opened = {**_after(beside.open_sysctls(f"{PREFIX}-{lab}-{node.name}")), "target": "host"}
        stages["create"] = {"wait-for": before, "exec": [opened]}
    network = [*late, *_addresses(node)]
    if node.files:
        network.append(beside.INSTALL)
    stages["create-links"] = {"exec": [_after(command) for command in network]}
    if started := [*_commands(node), *(beside.start(daemon) for daemon in _daemons(node))]:
        stages["configure"] = {"exec": [_after(command) for command in started]}
    described: Keys = {"image": image}
    if node.image:
        # What it would run by itself would run before there is a network.
        described |= {"entrypoint": "sleep", "cmd": "infinity"}
    if node.privileged:
        described["privileged"] = True
    described["cap-add"] = [name.removeprefix("CAP_") for name in node.capabilities]
    if early:
        described["sysctls"] = dict(early)
    if node.environment:
        described["env"] = dict(node.environment)
    if node.files or node.daemons:
        described["binds"] = [beside.bind(node)]
    return described | {"labels": dict(labels), "stages": stages}


def _links(plan: Plan, switches: Mapping[str, str]) -> Iterator[Value]:
    for node in plan.nodes:
        for interface in node.interfaces:
            inner: Keys = {"node": node.name, "interface": interface.name, "mac": interface.mac}
            outer: Keys = {"node": switches[interface.segment], "interface": interface.port}
            yield {"type": "veth", "mtu": interface.mtu, "endpoints": [inner, outer]}


def _sysctls(node: Node) -> tuple[list[tuple[str, str]], list[str]]:
    """Those that the runtime sets with the node's creation, and commands for the others.

    Before there are links it can set ``net.*`` that are of no interface; as their order matters,
    what follows the first that it cannot set follows by command, too.
    """
    early: list[tuple[str, str]] = []
    late: list[str] = []
    for key, value in node.sysctls:
        if late or _is_late(node, key):
            late.append(shlex.join(("sysctl", "-w", f"{key}={value}")))
        else:
            early.append((key, value))
    return early, late


def _is_late(node: Node, key: str) -> bool:
    # In a key of sysctl.d(5) a slash stands for the dot of an interface's name.
    parts = key.split(".")
    names = {interface.name.replace(".", "/") for interface in node.interfaces}
    return parts[0] != "net" or not names.isdisjoint(parts)


def _addresses(node: Node) -> Iterator[str]:
    for interface in node.interfaces:
        for address in interface.addresses:
            yield _address(address, interface.name)
    yield "ip link set lo up"
    for extra in node.addresses:
        yield _address(extra.address, extra.interface)
    for route in node.routes:
        yield f"ip route replace {route.destination} via {route.via}"


def _address(address: str, interface: str) -> str:
    network = ip_interface(address).network
    broadcast = " broadcast +" if network.version == 4 and network.prefixlen < 31 else ""
    return f"ip address replace {address}{broadcast} dev {interface}"


def _commands(node: Node) -> Iterator[str]:
    for argv in node.commands:
        yield shlex.join(("timeout", str(COMMAND_S), *argv))


def _daemons(node: Node) -> list[str]:
    return [daemon.name for daemon in sorted(node.daemons, key=lambda daemon: daemon.stage)]


def _in_order(nodes: Sequence[Node]) -> list[list[Node]]:
    """Groups of nodes, each of which is made when the one before is configured and runs.

    Routers come first and clients last, since nodes' own commands may need the others' addresses.
    """

    def rank(node: Node) -> tuple[bool, int, bool]:
        stage = max((daemon.stage for daemon in node.daemons), default=0)
        return node.role == "client", stage, node.role != "router"

    return [list(group) for _, group in groupby(sorted(nodes, key=rank), key=rank)]


def _switch_names(plan: Plan) -> dict[str, str]:
    """Segment -> name of the node that is its switch; no node of the lab's has it."""
    taken = {node.name for node in plan.nodes}
    names = {}
    for segment in plan.segments:
        name = segment.bridge
        while name in taken:
            name += "-segment"
        taken.add(name)
        names[segment.name] = name
    return names


def _wait_for(nodes: Iterable[str], stage: str) -> list[Keys]:
    return [{"node": node, "stage": stage} for node in nodes]


def _after(command: str) -> Keys:
    """A command at the end of its stage."""
    return {"command": command, "phase": "on-exit"}


def _check(node: Node) -> None:
    if node.name in RESERVED:
        raise LvsnetError(
            f"node {node.name}: containerlab keeps this name for itself; give the node another one"
        )
    stages = {daemon.stage for daemon in node.daemons}
    if len(stages) > 1:
        raise LvsnetError(
            f"node {node.name}: its daemons start in several stages "
            f"({', '.join(map(str, sorted(stages)))}), between which containerlab cannot wait for "
            "other nodes; run them on nodes of their own"
        )
