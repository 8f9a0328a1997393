"""Machines without a configuration, and a lab's rendered files put on them as on real ones."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML

from e2e.users import User
from lvsnet.lab.load import load
from lvsnet.lab.model import Lab
from lvsnet.resources import example_labs

INIT = ("ipvsadm", "nginx", "cron", "keepalived")
"""Services of Debian's own init scripts, in the order in which they are started."""


def plain_lab(lab: Lab) -> str:
    """A lab file of the same machines, wired the same, with nothing on them but their addresses."""
    lines = [f"name: {lab.name}-plain", "segments:"]
    lines += [f"  {name}: {segment.subnet}" for name, segment in lab.segments.items()]
    lines.append("nodes:")
    for name, node in lab.nodes.items():
        wires = ", ".join(f"{segment}: {address}" for segment, address in node.interfaces.items())
        lines.append(f"  {name}: {{role: host, interfaces: {{{wires}}}}}")
    return "\n".join(lines) + "\n"


def install(user: User, name: str) -> None:
    """Deploy the plain machines of an example lab and put its rendered files on them."""
    file = example_labs()[name]
    lab = load(file)
    plain = user.home / f"{name}-plain.yaml"
    plain.write_text(plain_lab(lab))
    user.does("deploy", str(plain))
    files = user.home / f"{name}-files"
    user.does("render", str(file), "-o", str(files))
    for node in lab.nodes:
        user.does("exec", node, "tar", "-x", "-C", "/", stdin=_packed(files / node))
        # It fails for what a container may not set; what the lab needs is looked at by itself.
        user.tries("exec", node, "sysctl", "--system")
        for command in netplan_commands(files / node / "etc/netplan"):
            user.does("exec", node, "sh", "-c", command)


def start(user: User, node: str, files: Path) -> list[str]:
    """Start by Debian's init scripts what the node has files for; the services, in this order."""
    started = []
    for service in INIT:
        if (files / node / CONFIGURED[service]).exists():
            started.append(service)
            # Daemons keep what they are given open.
            script = f"/etc/init.d/{service} start >/dev/null 2>&1 </dev/null"
            user.does("exec", node, "sh", "-c", script)
    return started


CONFIGURED = {
    "ipvsadm": "etc/ipvsadm.rules",
    "nginx": "etc/nginx/nginx.conf",
    "cron": "etc/cron.d",
    "keepalived": "etc/keepalived/keepalived.conf",
}
"""Service -> the file or directory that shows that a machine has it."""


def netplan_commands(directory: Path) -> Iterator[str]:
    """What netplan would have networkd do: interfaces' addresses, then routes."""
    for file in sorted(directory.glob("*.yaml")):
        document = YAML(typ="safe").load(file.read_text())
        for name, interface in document["network"]["ethernets"].items():
            for address in interface.get("addresses", []):
                ((written, options),) = (
                    address.items() if isinstance(address, dict) else [(address, {})]
                )
                label = f" label {options['label']}" if "label" in options else ""
                yield f"ip address replace {written} dev {name}{label}"
            for route in interface.get("routes", []):
                yield f"ip route replace {route['to']} via {route['via']}"


def _packed(directory: Path) -> bytes:
    """A directory's files as a tar file, root's."""
    stream = io.BytesIO()

    def roots(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member

    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                archive.add(path, str(path.relative_to(directory)), filter=roots)
    return stream.getvalue()
