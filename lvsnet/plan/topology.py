"""A containerlab topology -> Plan.

A pure function, as that for lab files: the same topology gives the same bytes. Addresses are what
the topology's own commands set, so the engine sets none, and waits for no VIPs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lvsnet.lab.topology.model import OWN_LABELS
from lvsnet.plan.addressing import mac_address, unique_names
from lvsnet.plan.keepalived import SCHEDULERS
from lvsnet.plan.model import Command, File, Interface, Node, Plan, Process, Segment
from lvsnet.plan.sysctls import dotted

if TYPE_CHECKING:
    from lvsnet.lab.topology.model import Machine, Topology

ROLES = ("client", "director", "host", "realserver", "router")
ROLE_LABEL = "lvsnet.role"
"""Among the labels that lvsnet gives the nodes that it exports."""
LABEL_VARIABLE = "CLAB_LABEL_"
_IPVS = re.compile(r"\bipvsadm\b|^[ \t]*virtual_server(_group)?\b", re.MULTILINE)

_HOSTS = """\
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
127.0.1.1\t{name}
"""


def compile_topology(topology: Topology) -> Plan:
    """The plan of a topology that ``lvsnet.lab.topology`` has found valid."""
    ends = [(machine.name, port) for machine in topology.machines for port in machine.ports]
    bridges = [wire.bridge for wire in topology.wires]
    names = unique_names([*bridges, *(f"{node}-{port.interface}" for node, port in ends)])
    interfaces: dict[str, list[Interface]] = {machine.name: [] for machine in topology.machines}
    for (node, port), name in zip(ends, names[len(bridges) :], strict=True):
        interfaces[node].append(
            Interface(
                name=port.interface,
                segment=port.wire,
                port=name,
                mac=port.mac or mac_address(topology.name, node, port.interface),
                addresses=(),
                mtu=port.mtu,
            )
        )
    return Plan(
        lab=topology.name,
        segments=tuple(
            Segment(wire.name, bridge, wire.mtu)
            for wire, bridge in zip(topology.wires, names, strict=False)
        ),
        nodes=tuple(
            _node(topology.name, machine, tuple(interfaces[machine.name]))
            for machine in topology.machines
        ),
        kernel=tuple(dict.fromkeys(_kernel(topology))),
        held=(),
        listed=(),
    )


def _node(lab: str, machine: Machine, interfaces: tuple[Interface, ...]) -> Node:
    labels = dict(machine.labels)
    role = labels.get(ROLE_LABEL, "")
    bound = (File(file.path, file.content, file.mode) for file in machine.files)
    files = {file.path: file for file in (*_own_files(machine), *bound)}
    process = Process(machine.entrypoint, machine.command, machine.user, machine.stage)
    return Node(
        name=machine.name,
        role=role if role in ROLES else "host",
        interfaces=interfaces,
        addresses=(),
        routes=(),
        sysctls=tuple((dotted(key), value) for key, value in machine.sysctls),
        files=tuple(files.values()),
        daemons=(),
        commands=tuple(("mkdir", "-p", path) for path in machine.tmpfs if path.count("/") > 1),
        environment=tuple(_environment(lab, machine).items()),
        # The default of containers, of which runtimes leave the last to the plan.
        capabilities=tuple(sorted({*machine.capabilities, "CAP_NET_RAW"})),
        privileged=machine.privileged,
        image=machine.image,
        afterwards=tuple(Command(argv, machine.stage) for argv in machine.commands),
        process=(process,),
        tmpfs=tuple(dict.fromkeys("/" + path.split("/")[1] for path in machine.tmpfs)),
    )


def _own_files(machine: Machine) -> Iterator[File]:
    """The files that a container engine gives a container, and lvsnet a node."""
    yield File("/etc/hostname", f"{machine.name}\n")
    yield File("/etc/hosts", _HOSTS.format(name=machine.name))
    if machine.name_service is not None:
        service = machine.name_service
        lines = [f"nameserver {server}\n" for server in service.servers]
        lines += [
            f"{keyword} {' '.join(words)}\n"
            for keyword, words in (("search", service.search), ("options", service.options))
            if words
        ]
        yield File("/etc/resolv.conf", "".join(lines))


def _schedulers(text: str) -> Iterator[str]:
    """What a text names as keepalived.conf does, which may be a script that writes one."""
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] in SCHEDULERS:
            yield words[1]


def _environment(lab: str, machine: Machine) -> dict[str, str]:
    """With what containerlab adds: labels, and the number of links (core/config.go, kind linux)."""
    labels = {
        "containerlab": lab,
        "clab-node-name": machine.name,
        "clab-node-kind": "linux",
        **{name: text for name, text in machine.labels if not name.startswith(OWN_LABELS)},
    }
    promoted = {LABEL_VARIABLE + _variable(name): text for name, text in labels.items()}
    return {**promoted, "CLAB_INTFS": str(len(machine.ports)), **dict(machine.environment)}


def _variable(label: str) -> str:
    """As ToEnvKey() of utils/env.go."""
    return re.sub(r"[^A-Za-z0-9_]", "", re.sub(r"[-+./]", "_", label)).upper()


def _kernel(topology: Topology) -> Iterator[str]:
    """Modules: those of wires, those that are asked for, and IPVS where something speaks of it."""
    yield from ("veth", "bridge")
    yield from (module.replace("-", "_") for module in topology.modules)
    for machine in topology.machines:
        commands = (machine.entrypoint, machine.command, *machine.commands)
        texts = [" ".join(argv) for argv in commands] + [file.content for file in machine.files]
        for text in texts:
            if _IPVS.search(text):
                yield "ip_vs"
                yield from (f"ip_vs_{name}" for name in _schedulers(text))
