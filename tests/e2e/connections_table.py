"""Programs that run in a lab's nodes, and what its director's IPVS table has of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from e2e.connections import Round, Way, program
from e2e.users import VIP, User


@dataclass(frozen=True)
class Reading:
    """IPVS's table at one time on the clock of /proc/uptime."""

    at: float
    states: dict[tuple[int, int], str]
    """(The client's port, the VIP's port) -> state; the client's port of a template is 0."""
    counts: dict[int, list[tuple[int, int]]]
    """The VIP's port -> ActiveConn and InActConn of each real server."""

    def of(self, way: Way, round_: Round) -> str:
        """The state of a connection; empty if it is not there."""
        return self.states.get((round_.sources[way.title], way.port), "")


def play(user: User, node: str, name: str, *command: str) -> str:
    """A command of ``connections`` that goes on in a node, as ``name``; its first line."""
    begun = f"until [ -s /run/{name} ]; do sleep 0.05; done; head -n 1 /run/{name}"
    start = f'python3 -c "$@" >/run/{name} 2>&1 </dev/null & {begun}'
    return user.does("exec", node, "sh", "-c", start, "sh", *program(*command)[2:])


def rest(user: User, node: str, name: str) -> str:
    """The second line of such a one, once it has come; it is its last."""
    wait = f"until [ $(wc -l </run/{name}) = 2 ]; do sleep 0.05; done; tail -n 1 /run/{name}"
    return user.does("exec", node, "sh", "-c", wait)


def run(user: User, node: str, *command: str) -> str:
    """A command of ``connections`` that ends; what it says."""
    return user.does("exec", node, *program(*command))


def service(name: str, scheduler: str, *real_servers: str) -> str:
    """A service in the form of ``ipvsadm -S``."""
    rules = [f"-A {name} -s {scheduler}\n"] + [f"-a {name} -r {one}\n" for one in real_servers]
    return "".join(rules)


def balance(user: User, lab: str, *services: str) -> None:
    """Add services to the table of a lab's first director."""
    user.does("exec", f"{lab}/lb01", "ipvsadm", "-R", stdin="".join(services).encode())


def look(user: User, lab: str, *times: float) -> list[Reading]:
    """The table of a lab's first director at these times, or later ones."""
    said = json.loads(run(user, f"{lab}/lb01", "sample", *map(str, times)))
    return [_reading(*one) for one in said]


def _reading(at: float, connections: str, services: str) -> Reading:
    states = {
        (int(source), int(port)): state
        for state, source, port in re.findall(
            r"^\w+ \d+:\d+ +(\w+) +[\d.]+:(\d+) +[\d.]+:(\d+) ", connections, re.MULTILINE
        )
    }
    found = re.findall(rf"^\w+ +{VIP}:(\d+) \w+[^\n]*\n((?:  -> .*\n)*)", services, re.MULTILINE)
    return Reading(at, states, {int(port): _counted(lines) for port, lines in found})


def _counted(lines: str) -> list[tuple[int, int]]:
    """ActiveConn and InActConn of each real server."""
    found = re.findall(r"^  -> \S+:\d+ +\w+ +\d+ +(\d+) +(\d+)", lines, re.MULTILINE)
    return [(int(active), int(inactive)) for active, inactive in found]
