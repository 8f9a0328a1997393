"""Machines of a lab on which nothing is set, and what an export would provision there.

No node has netplan or systemd: in their places are programs that do what the exported files say.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from e2e.plain_machines import netplan_commands
from e2e.users import User
from lvsnet.plan.model import Plan

HERE = "/tmp/lvsnet"
"""Where the Vagrantfile puts a machine's directory."""

_RUN = f'for step in "$@"; do sh {HERE}/$step.sh; done'

_NETPLAN = """\
#!/bin/sh -e
[ "$*" = apply ]
for link in /sys/class/net/eth*; do ip link set "${link##*/}" up; done
"""

_SYSTEMCTL = """\
#!/bin/sh -e
[ "$1" != --quiet ] || shift
unit=/etc/systemd/system/$2
case $1 in
enable | daemon-reload | is-active) ;;
restart)
    if [ ! -e "$unit" ]; then
        "/etc/init.d/${2%.service}" restart </dev/null >/dev/null 2>&1
    elif grep -q ^Type=oneshot "$unit"; then
        $(sed -n s/^ExecStart=//p "$unit")
    else
        setsid $(sed -n s/^ExecStart=//p "$unit") </dev/null >/dev/null 2>&1 &
    fi
    ;;
*) exit 64 ;;
esac
"""


def deploy_bare(user: User, plan: Plan) -> None:
    """Run machines of a plan's names, wires and so MAC addresses, with nothing on them.

    Directors are directors, so that the kernel has IPVS, but have nothing to balance.
    """
    subnets = {one.segment: one.addresses[0] for node in plan.nodes for one in node.interfaces}
    lines = [f"name: {plan.lab}", "segments:"]
    for segment, address in subnets.items():
        lines.append(f"  {segment}: {address.rpartition('.')[0]}.0/24")
    lines.append("nodes:")
    for node in plan.nodes:
        role = "director" if node.role == "director" else "host"
        wires = ", ".join(
            f"{one.segment}: {one.addresses[0].partition('/')[0]}" for one in node.interfaces
        )
        lines.append(f"  {node.name}: {{role: {role}, interfaces: {{{wires}}}}}")
    bare = user.home / "bare.yaml"
    bare.write_text("\n".join(lines) + "\n")
    user.does("deploy", str(bare))


def upload(user: User, machines: Path, node: str, *steps: str) -> None:
    """Put a machine's directory where the Vagrantfile does, and run these scripts of it."""
    home = machines / node
    commands = "\n".join(netplan_commands(home / "files/etc/netplan"))
    programs = {"netplan": f"{_NETPLAN}{commands}\n", "systemctl": _SYSTEMCTL}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.add(home, HERE.lstrip("/"))
        for name, text in programs.items():
            member = tarfile.TarInfo(f"usr/local/sbin/{name}")
            member.mode, member.size = 0o755, len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    run = f"tar -x --no-same-owner -C /; {_RUN}"
    user.does("exec", node, "sh", "-ec", run, "sh", *steps, stdin=stream.getvalue())


def provision(user: User, node: str, *steps: str) -> None:
    """Run these scripts of a machine."""
    user.does("exec", node, "sh", "-ec", _RUN, "sh", *steps)
