"""What tests of labs ask of a running one."""

from __future__ import annotations

import json
from collections import Counter

from e2e.users import VIP, User, eventually

TAKEOVER = 9.0
"""Seconds: 3 x advert_int + skew is 3.80 s for priority 50 (RFC 3768 6.1); the rest is margin."""
CHECKED = 12.0
"""Seconds in which a check every 2 s, with a retry, sees a change, and margin."""


def answers(user: User, count: int) -> Counter[str]:
    """Who answered requests from the client to the VIP; ``no answer`` for one that failed."""
    loop = f"for i in $(seq {count}); do curl -s -m 2 {VIP} || echo no answer; done"
    return Counter(user.does("exec", "client", "sh", "-c", loop).splitlines())


def holders(user: User, address: str = VIP) -> list[str]:
    """The nodes that hold an address that VRRP moves."""
    (shown,) = json.loads(user.does("inspect", "--format", "json"))["labs"]
    found: list[str] = shown["vips"][address]
    return found


def moves(user: User, address: str, node: str, within: float = TAKEOVER) -> float:
    """Seconds of the lab's time until ``node`` alone holds ``address``; fails after ``within``."""
    if user.holds_clocks:
        return user.comes(f"vip {address} on {node} and vip {address} on one node", within)
    return eventually(
        lambda: holders(user, address) == [node],
        within,
        lambda: f"{address} is on {holders(user, address)}, not on {node}",
    )


def listed(user: User, director: str) -> dict[str, tuple[str, str]]:
    """RIP and port -> forwarding method and weight, as ipvsadm shows them on a director."""
    lines = user.does("exec", director, "ipvsadm", "-Ln").splitlines()
    real_servers = [
        line.split() for line in lines if line.startswith("  -> ") and ":Port" not in line
    ]
    return {words[1]: (words[2], words[3]) for words in real_servers}


def listen(user: User, node: str, watch: str, name: str = "heard") -> None:
    """Have tcpdump watch packets in a node until they are asked for.

    ``watch``: its options and filter. ``name``: which of several that watch there.
    """
    begun = f"until grep -q listening /run/{name}.says; do sleep 0.05; done"
    script = f"tcpdump -nl {watch} >/run/{name} 2>/run/{name}.says & {begun}"
    user.does("exec", node, "sh", "-c", script)


def heard(user: User, node: str, seconds: float, name: str = "heard") -> list[str]:
    """What tcpdump has shown since, and shows in so many more ``seconds`` of the lab's time."""
    ended = f"pkill -x tcpdump; while pgrep -x tcpdump >/run/{name}.says; do sleep 0.05; done"
    return user.does(
        "exec", node, "sh", "-c", f"sleep {seconds}; {ended}; cat /run/{name}"
    ).splitlines()
