"""What happens in a site, as its own kernel and daemons tell it, in virtual time."""

from __future__ import annotations

import json
import subprocess
import sys

from e2e.users import DEADLINE, SEED, VIP, User

SECONDS = 15
PROGRAM = """
import json, sys
from lvsnet.guest import labs
lab, seconds = sys.argv[1:]
print(json.dumps(labs.act(lab, "look.events", {"seconds": float(seconds)}, lambda _: None)))
"""
Told = tuple[int, str, str, str, str, str]
"""The fields of an `lvsnet.observe.event.Event`."""


def happens(user: User, lab: str, seconds: float) -> list[Told]:
    """All that happens in so many seconds of a lab's time."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, lab, str(seconds)],
        capture_output=True,
        env=user.environment,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [(at, *rest) for at, *rest in json.loads(done.stdout)]


def later(user: User, node: str, seconds: float, command: str) -> None:
    """Have something done in a node, so many seconds of its time from now."""
    script = f"(sleep {seconds}; {command}) > /run/later 2>&1 < /dev/null &"
    user.does("exec", node, "sh", "-c", script)


def broken(user: User, lab: str) -> list[Told]:
    """Keepalived ends on the master, then nginx on a real server, then a cable."""
    user.does("deploy", user.lab(lab), "--seed", str(SEED))
    later(user, "lb01", 2.25, "kill -TERM $(cat /run/keepalived.pid)")
    later(user, "nginx01", 3.5, "nginx -s stop")
    later(user, "lb02", 12, "ip link set eth1 down")
    found = happens(user, lab, SECONDS)
    user.does("destroy", lab)
    return found


def first(found: list[Told], *wanted: str) -> float:
    """Seconds from the first event to the first one of this kind, node, word and subject."""
    at = next(one[0] for one in found if one[1:5] == wanted)
    return (at - found[0][0]) / 1e9


def test_a_failover_is_told_with_its_times_and_again_the_same(held_user: User) -> None:
    found = broken(held_user, "told")
    times = [one[0] for one in found if one[1] != "arp"]
    assert times == sorted(times)
    assert first(found, "vrrp", "lb01", "stopped", "VI_1") == 0
    assert first(found, "vip", "lb01", "lost", VIP) < 0.001
    # Priority 100: a skew of 156/256 s after the advertisement of priority 0 (RFC 3768, 6.1).
    takeover = first(found, "vrrp", "lb02", "master", "VI_1")
    assert 0.6 < takeover < 0.62
    assert takeover <= first(found, "vip", "lb02", "gained", VIP) < takeover + 0.001
    assert abs(first(found, "arp", "lb02", "gratuitous", VIP) - takeover) < 0.001
    gone = first(found, "ipvs", "lb01", "out", "192.168.10.13:80")
    assert gone <= 0.1001
    exited = first(found, "daemon", "nginx01", "exited", "nginx")
    assert 1.2 < exited < 1.5
    # Checked each 2 s, and once again.
    assert exited < first(found, "ipvs", "lb02", "out", "192.168.10.13:80") < exited + 4.2
    down = first(found, "link", "lb02", "down", "eth1")
    assert 9.7 < down < 10
    assert down <= first(found, "vrrp", "lb02", "fault", "VI_1") < down + 1
    assert broken(held_user, "told") == found
