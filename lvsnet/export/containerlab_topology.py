"""A lab as a containerlab topology (https://containerlab.dev/manual/topo-def-file/).

`topology` gives the text of the topology and the files that lie beside it. It needs containerlab
0.78, the first that runs nodes without all privileges (``privileged: false``).

A segment is a node of kind linux that makes a bridge, so that nothing of it lies in the host's
network namespace. Nodes have no management network: nothing of it collides with a segment, and
eth1 is a node's first interface as elsewhere. containerlab has no barrier between nodes, only
``wait-for`` without circles, so nodes are made in groups, after the segments
(`lvsnet.export.order`), and a node starts its daemons of all stages one after the other. They wait
with their creation, since one that waits later occupies one of containerlab's workers, of which
there are as many as processors. Commands are in ``stages``, because ``wait-for`` does not wait for
those in ``exec``.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_interface

from lvsnet.engine.runtime import Record
from lvsnet.engine.runtimes import oci
from lvsnet.errors import LvsnetError
from lvsnet.export import containerlab_files as beside
from lvsnet.export import shell, tunnels
from lvsnet.export.containerlab_text import Value, written
from lvsnet.export.order import daemons, in_order
from lvsnet.plan.model import File, Node, Plan, Segment

OLDEST = (0, 78, 0)
"""The containerlab that has all keys that are used; unknown ones are fatal."""
PREFIX = "lvsnet"
USUAL_PREFIX = "clab"
"""containerlab's own, where a topology names none."""
RESERVED = ("host", "mgmt-net", "macvlan")
"""What cannot be a node's name: containerlab's own ends of links (links/link_brief.go)."""
SEGMENT_LABEL = "lvsnet.segment"

Keys = dict[str, Value]


@dataclass(frozen=True)
class Dress:
    """What containers are called and made from; nothing of it changes the site."""

    prefix: str
    """Containers are called PREFIX-LAB-NODE."""
    images: Mapping[str, str]
    """Name of a node -> its image. One of the user's own needs sh, ip, sleep and cp."""
    segment_image: str
    """One with ``ip``."""
    labels: Callable[[Node], Mapping[str, str]]
    """Those of a node's container."""


def file_name(lab: str) -> str:
    """Of the topology; the ending is the one by which containerlab finds topologies."""
    return f"{lab}.clab.yml"


def topology(
    record: Record,
    images: Mapping[str, str],
    segment_image: str,
    labels: Callable[[Node], Mapping[str, str]],
) -> tuple[File, ...]:
    """The files of a lab that lvsnet has containerlab run; as `described`."""
    return described(record.plan, Dress(PREFIX, images, segment_image, labels))


def described(plan: Plan, dress: Dress) -> tuple[File, ...]:
    """The files of a lab's topology, the topology itself first; paths are relative. Pure.

    Raises:
        LvsnetError: something in the lab cannot be expressed.
    """
    for node in plan.nodes:
        _check(node)
    switches = _switch_names(plan)
    segments: Keys = {}
    for segment in plan.segments:
        # No node could load what the host's kernel lacks; the first that is made has it done.
        loading = [] if segments else _load_modules(plan.kernel)
        segments[switches[segment.name]] = _segment(plan, segment, dress.segment_image, loading)
    nodes: Keys = {}
    before = _wait_for(switches.values(), "create-links")
    for group in in_order(plan.nodes):
        for node in group:
            nodes[node.name] = _node(plan.lab, node, dress, before)
        before = _wait_for((node.name for node in group), "configure")
    # In the order of the lab file, which is easier to read than that of their creation.
    everything = segments | {node.name: nodes[node.name] for node in plan.nodes}
    prefix = {} if dress.prefix == USUAL_PREFIX else {"prefix": dress.prefix}
    text = written(
        {
            "name": plan.lab,
            **prefix,
            "mgmt": {"skip-when-unused": True},
            "topology": {
                "defaults": _defaults(),
                "nodes": everything,
                "links": list(_links(plan, switches)),
            },
        }
    )
    head = f"# {plan.lab}: written by lvsnet for containerlab {oldest()} or newer\n"
    files = [file for node in plan.nodes for file in beside.files_of(node)]
    return (File(file_name(plan.lab), head + text), *files)


def oldest() -> str:
    """The version of containerlab that is needed at least."""
    return ".".join(map(str, OLDEST[:2]))


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
    command = beside.load_modules(kernel)
    return [{"command": command, "phase": "on-enter", "target": "host"}] if command else []


def _node(lab: str, node: Node, dress: Dress, before: list[Keys]) -> Keys:
    early, late = _sysctls(node)
    stages: Keys = {"create": {"wait-for": before}}
    if not node.privileged:
        opened = {
            **_after(beside.open_sysctls(f"{dress.prefix}-{lab}-{node.name}")),
            "target": "host",
        }
        stages["create"] = {"wait-for": before, "exec": [opened]}
    network = [*tunnels.devices(node), *late, *_addresses(node)]
    if node.files:
        network.append(beside.INSTALL)
    stages["create-links"] = {"exec": [_after(command) for command in network]}
    own = map(shell.command, node.commands)
    if started := [*own, *(beside.start(daemon.name) for daemon in daemons(node))]:
        stages["configure"] = {"exec": [_after(command) for command in started]}
    keys: Keys = {"image": dress.images[node.name]}
    if node.image:
        # What it would run by itself would run before there is a network.
        keys |= {"entrypoint": "sleep", "cmd": "infinity"}
    if node.privileged:
        keys["privileged"] = True
    keys["cap-add"] = [name.removeprefix("CAP_") for name in node.capabilities]
    if early:
        keys["sysctls"] = dict(early)
    if node.environment:
        keys["env"] = dict(node.environment)
    if node.files or node.daemons:
        keys["binds"] = [beside.bind(node)]
    return keys | {"labels": dict(dress.labels(node)), "stages": stages}


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
    names |= {device.name for device in node.devices}
    return parts[0] != "net" or not names.isdisjoint(parts)


def _addresses(node: Node) -> Iterator[str]:
    for interface in node.interfaces:
        for address in interface.addresses:
            yield _address(address, interface.name)
    yield "ip link set lo up"
    yield from tunnels.up(node)
    for extra in node.addresses:
        yield _address(extra.address, extra.interface)
    for route in node.routes:
        device = f" dev {route.interface}" if route.interface else ""
        yield f"ip route replace {route.destination} via {route.via}{device}"


def _address(address: str, interface: str) -> str:
    network = ip_interface(address).network
    broadcast = " broadcast +" if network.version == 4 and network.prefixlen < 31 else ""
    # An IPv6 address would wait a second for somebody to say that it is his.
    unasked = " nodad" if network.version == 6 else ""
    return f"ip address replace {address}{broadcast}{unasked} dev {interface}"


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
    if node.process:
        raise LvsnetError(
            f"node {node.name}: it comes from a containerlab topology, which `containerlab deploy` "
            "runs as it is; lvsnet runs it by any of its other runtimes"
        )
