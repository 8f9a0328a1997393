"""Runs keepalived in sites of one or two machines, many at once, and tells what came of it.

A program for a privileged node: ``python3 -c PROGRAM <SITES``. Each machine is a network namespace
with ``eth1`` (192.168.10.11, .12) and ``eth2`` (172.16.10.11, .12); a site of one machine has a
neighbour without keepalived. Both streams are JSON: names of sites to `Site`, and to machines to
`Seen`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TypedDict

NEIGHBOUR = "neighbour"
NETWORKS = {"eth1": "192.168.10", "eth2": "172.16.10"}
TRACKED = "uplink"
"""An interface of each machine that has nothing to do with the others."""
TOGETHER = 30
"""Sites at once: a keepalived takes 4 MB."""
EARLY, LATE, LATER = 1.0, 9.0, 6.0
"""Seconds until it is looked at: before checks, after an election, after what is done then."""
CLIENTS = [f"10.9.{high}.{low}" for high in range(3) for low in range(1, 101)]


class Site(TypedDict):
    machines: dict[str, str]
    """Machine -> its keepalived.conf."""
    then: dict[str, str]
    """Machine -> a shell command there, after an election."""
    clients: bool
    """Whether the neighbour is the real servers .13 and .14, and many clients of a VIP. When their
    first connections are open, .14 ends. To UDP's port 53 .13 listens, and says nothing."""


class Seen(TypedDict):
    code: int | None
    """keepalived's exit code; None while it runs."""
    log: str
    tables: list[str]
    """What ``ipvsadm -Sn`` said: early, and at the end."""
    syncs: bool
    """Whether a sync daemon runs."""
    vips: list[list[str]]
    """Addresses that keepalived has added: after an election, and after what was done then."""
    open: list[dict[str, int]]
    """RIP -> connections, after each client's first one, and those that the second ones added."""


def main() -> None:
    sites: dict[str, Site] = json.load(sys.stdin)
    names = list(sites)
    found: dict[str, dict[str, Seen]] = {}
    for first in range(0, len(names), TOGETHER):
        found |= run({name: sites[name] for name in names[first : first + TOGETHER]})
    json.dump(found, sys.stdout)


def run(sites: Mapping[str, Site]) -> dict[str, dict[str, Seen]]:
    spaces = {name: wire(name, site) for name, site in sites.items()}
    listeners = [serve(spaces[name][1]) for name, site in sites.items() if site["clients"]]
    daemons = {
        (name, machine): begin(f"{name}.{machine}", conf)
        for name, site in sites.items()
        for machine, conf in site["machines"].items()
    }
    seen: dict[str, dict[str, Seen]] = {name: {} for name in sites}
    time.sleep(EARLY)
    for name, machine in daemons:
        seen[name][machine] = Seen(
            code=None, log="", tables=[table(name, machine)], syncs=False, vips=[], open=[]
        )
    visit(sites, spaces, seen)
    for *_, last in listeners:
        last.close()
    time.sleep(LATE)
    for name, machine in daemons:
        seen[name][machine]["vips"].append(vips(f"{name}.{machine}"))
    for name, site in sites.items():
        for machine, command in site["then"].items():
            inside(f"{name}.{machine}", "sh", "-c", command)
    visit(sites, spaces, seen)
    time.sleep(LATER)
    for *silent, _ in listeners:
        for each in silent:
            each.close()
    for (name, machine), daemon in daemons.items():
        one = seen[name][machine]
        one["code"] = daemon.poll()
        one["vips"].append(vips(f"{name}.{machine}"))
        one["tables"].append(table(name, machine))
        one["syncs"] = bool(inside(f"{name}.{machine}", "ipvsadm", "-L", "--daemon"))
        with suppress(ProcessLookupError):
            os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()
        with open(f"/run/{name}.{machine}.log", errors="replace") as log:
            one["log"] = log.read()
    batch(f"netns del {space}" for pair in spaces.values() for space in pair)
    return seen


def wire(name: str, site: Site) -> tuple[str, str]:
    """Two namespaces, linked by their eth1 and by their eth2."""
    first, second = [f"{name}.{one}" for one in (*site["machines"], NEIGHBOUR)][:2]
    batch(f"netns add {space}" for space in (first, second))
    batch(
        f"link add {link} netns {first} type veth peer name {link} netns {second}"
        for link in NETWORKS
    )
    for number, space in enumerate((first, second), 11):
        lines = ["link set lo up", f"link add {TRACKED} up type dummy"]
        for link, network in NETWORKS.items():
            lines += [f"link set {link} up", f"addr add {network}.{number}/24 dev {link}"]
        if site["clients"] and space == first:
            lines += ["addr add 192.168.10.100/32 dev eth1", "route add 10.9.0.0/16 dev eth1"]
        elif site["clients"]:
            lines += [f"addr add 192.168.10.{host}/24 dev eth1" for host in (13, 14)]
            lines += ["route add local 10.9.0.0/16 dev lo"]
        with within(space):
            batch(lines)
    return first, second


def begin(space: str, conf: str) -> subprocess.Popen[bytes]:
    path = f"/run/{space}"
    with open(f"{path}.conf", "w") as file:
        file.write(conf)
    pids = (f"-{kind}{path}.{kind}" for kind in "prcb")
    with within(space), open(f"{path}.log", "wb") as log:
        return subprocess.Popen(
            ["keepalived", "-nldD", f"-f{path}.conf", *pids],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def serve(space: str) -> list[socket.socket]:
    with within(space):
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        silent.bind(("192.168.10.13", 53))
        return [silent, *(socket.create_server((f"192.168.10.{host}", 80)) for host in (13, 14))]


def visit(
    sites: Mapping[str, Site],
    spaces: Mapping[str, tuple[str, str]],
    seen: Mapping[str, Mapping[str, Seen]],
) -> None:
    """Each client begins a connection; note which real servers got those."""
    for name, site in sites.items():
        if not site["clients"]:
            continue
        director, clients = spaces[name]
        (one,) = seen[name].values()
        before = {server: sum(each.get(server, 0) for each in one["open"]) for server in RIPS}
        with within(clients):
            for client in CLIENTS:
                with socket.socket() as connection:
                    connection.setblocking(False)
                    connection.bind((client, 0))
                    connection.connect_ex(("192.168.10.100", 80))
        lines = [line.split() for line in inside(director, "ipvsadm", "-Lnc").splitlines()[2:]]
        now = [to for _, _, _, source, _, to, *_ in lines if not source.endswith(":0")]
        one["open"].append({rip: now.count(f"{rip}:80") - before[rip] for rip in RIPS})


RIPS = ("192.168.10.13", "192.168.10.14")


def table(name: str, machine: str) -> str:
    return inside(f"{name}.{machine}", "ipvsadm", "-Sn")


def vips(space: str) -> list[str]:
    shown = json.loads(inside(space, "ip", "-j", "addr", "show", "scope", "global"))
    # Of addresses in another scope an empty entry is left.
    found = [one.get("local") for link in shown for one in link["addr_info"]]
    own = {f"{network}.{number}" for network in NETWORKS.values() for number in (11, 12)}
    return [one for one in found if one is not None and one not in own]


def inside(space: str, *command: str) -> str:
    """What a command in a namespace says, whatever comes of it."""
    with within(space):
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout


def batch(lines: Sequence[str] | Iterator[str]) -> None:
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


@contextmanager
def within(space: str) -> Iterator[None]:
    """What is begun and opened meanwhile is in that network namespace."""
    if sys.version_info < (3, 12):
        raise NotImplementedError("os.setns()")
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    other = os.open(f"/run/netns/{space}", os.O_RDONLY)
    try:
        os.setns(other)
        yield
    finally:
        os.setns(own)
        os.close(own)
        os.close(other)


if __name__ == "__main__":
    main()
