"""Machines without a configuration, and a lab's rendered files put on them as on real ones."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from ruamel.yaml import YAML

from e2e.users import VIP, User
from lvsnet.lab.load import load
from lvsnet.lab.model import Lab
from lvsnet.resources import example_labs

INIT = ("ipvsadm", "nginx", "cron", "keepalived")
"""Services of Debian's own init scripts, in the order in which they are started."""

EVEN = "5 nginx01 5 nginx02"
_BOUND = 30
"""Seconds of the lab until a VIP is held at first, or again: 3 x advert_int + skew is 4 s at most,
and ten requests that nobody answers take 10 s."""
_ANSWERS = f"""\
ask() {{ for i in $(seq 10); do curl -s -m 1 {VIP} || echo none; done | sort | uniq -c | xargs; }}
begun=$(date +%s)
while seen=$(ask); [ "$seen" != "{EVEN}" ] && [ $(($(date +%s) - begun)) -lt {_BOUND} ]; do
    sleep 1
done
echo $seen
"""
"""Ten requests, until they are answered evenly."""


def plain_lab(lab: Lab) -> str:
    """A lab file of the same machines, wired the same, with nothing on them but their addresses."""
    lines = [f"name: {lab.name}-plain", "segments:"]
    lines += [f"  {name}: {_listed(segment.subnet)}" for name, segment in lab.segments.items()]
    lines.append("nodes:")
    for name, node in lab.nodes.items():
        wires = ", ".join(f"{segment}: {_listed(own)}" for segment, own in node.interfaces.items())
        lines.append(f"  {name}: {{role: host, interfaces: {{{wires}}}}}")
    return "\n".join(lines) + "\n"


def _listed(values: Iterable[object]) -> str:
    """As a list of YAML's."""
    return f"[{', '.join(map(str, values))}]"


def deploy_plain(user: User, name: str) -> Path:
    """Deploy the plain machines of an example lab; a directory of the lab's rendered files."""
    file = example_labs()[name]
    plain = user.home / f"{name}-plain.yaml"
    plain.write_text(plain_lab(load(file)))
    user.does("deploy", str(plain))
    files = user.home / f"{name}-files"
    user.does("render", str(file), "-o", str(files))
    return files


def answers(site: User) -> str:
    """What the client gets from the VIP: ten requests' answers, counted, as soon as they are
    even."""
    return site.does("exec", "client", "sh", "-c", _ANSWERS).strip()


def install(user: User, node: str, files: Path) -> list[str]:
    """Put its files on a machine, take them into use, and start by Debian's init scripts what the
    node has files for; the services, in this order."""
    started = [service for service in INIT if (files / node / CONFIGURED[service]).exists()]
    commands = [
        "set -e",
        "tar -x -C /",
        # It fails for what a container may not set; what the lab needs is looked at by itself.
        "sysctl --system >/dev/null 2>&1 || true",
        *netplan_commands(files / node / "etc/netplan"),
        # Daemons keep what they are given open.
        *(f"/etc/init.d/{service} start >/dev/null 2>&1 </dev/null" for service in started),
    ]
    user.does("exec", node, "sh", "-c", "\n".join(commands), stdin=_packed(files / node))
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
                # networkd would ask for a second whether an IPv6 address is somebody else's.
                unasked = " nodad" if ":" in written else ""
                yield f"ip address replace {written} dev {name}{label}{unasked}"
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
