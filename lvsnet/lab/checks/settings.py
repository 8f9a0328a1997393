"""Checks of a VRRP instance's settings: states, preemption, authentication, its VIPs' prefixes."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.addressing import is_of_link, subnet_of, version_of
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.suggest import hint

LONGEST_PASSWORD = 8
"""Bytes of VRRP's authentication data (RFC 2338, 5.3.10)."""
_HEADERS = {4: 42, 6: 62}
"""Version of IP -> bytes before the addresses of an advertisement: Ethernet's, IP's and VRRP's, of
which keepalived counts the first against the MTU, too."""
_AUTHENTICATION_V2 = 8
"""Bytes, which version 2 sends with or without any (RFC 3768, 5.3)."""
_OF_AH = 24
"""Bytes of the header of auth_type AH (RFC 2402, 2)."""
_MOST_CARRIED = 255
"""Addresses; their number is one byte (RFC 5798, 5.2.5)."""


def states(lab: Lab) -> Iterator[Finding]:
    """Who has a state is one of the instance's machines."""
    for name, instance in lab.vrrp.items():
        for node in instance.state:
            if node not in instance.priority:
                yield Finding(
                    ("vrrp", name, "state", node),
                    f"VRRP instance {name}: {node} has a state and no priority, so it is none of"
                    f" the instance's machines{hint(node, instance.priority)}",
                    "key",
                    (("vrrp", name, "priority"),),
                )


def unicast_peers(lab: Lab) -> Iterator[Finding]:
    """Without a peer keepalived would go on by multicast."""
    for name, instance in lab.vrrp.items():
        if instance.unicast and len(instance.priority) == 1:
            (only,) = instance.priority
            yield Finding(
                ("vrrp", name, "unicast"),
                f"VRRP instance {name}: unicast needs a machine to send to, but only {only} has a"
                " priority; give another one a priority, or take unicast out",
                "key",
                (("vrrp", name, "priority"),),
            )


def auth_pass_length(lab: Lab) -> Iterator[Finding]:
    """VRRP's authentication data has room for 8 bytes (RFC 2338, 5.3.10)."""
    for name, instance in lab.vrrp.items():
        if instance.authentication is None:
            continue
        password = instance.authentication.auth_pass.encode()
        if len(password) > LONGEST_PASSWORD:
            kept = password[:LONGEST_PASSWORD].decode(errors="replace")
            yield Finding(
                ("vrrp", name, "authentication", "auth_pass"),
                f"VRRP instance {name}: auth_pass has {len(password)} bytes; keepalived uses the"
                f" first {LONGEST_PASSWORD}, '{kept}'",
                rule="auth-pass-length",
            )


def master_at_first(lab: Lab) -> Iterator[Finding]:
    """What keepalived takes back because of ``state MASTER``: vrrp_complete_instance()."""
    for name, instance in lab.vrrp.items():
        for node, state in instance.state.items():
            if state != "MASTER" or node not in instance.priority:
                continue
            where = f"VRRP instance {name}: {node} has state MASTER"
            loc = ("vrrp", name, "state", node)
            if instance.nopreempt:
                yield Finding(
                    loc,
                    f"{where} with nopreempt; keepalived clears nopreempt there, and {node} takes"
                    " the addresses back when it returns; write BACKUP, the priorities decide all"
                    " the same",
                    rule="nopreempt-master",
                )
            if instance.preempt_delay is not None:
                yield Finding(
                    loc,
                    f"{where} with preempt_delay; keepalived clears the delay there, and {node}"
                    " takes the addresses back at once; write BACKUP, the priorities decide all"
                    " the same",
                    rule="preempt-delay-master",
                )
            if instance.authentication and instance.authentication.auth_type == "AH":
                yield Finding(
                    loc,
                    f"{where} with auth_type AH; keepalived starts as BACKUP, since it has to hear"
                    " the sequence number of the others first; write BACKUP",
                    rule="auth-ah-master",
                )


def preempt_delay(lab: Lab) -> Iterator[Finding]:
    """With nopreempt there is nothing to delay."""
    for name, instance in lab.vrrp.items():
        if instance.nopreempt and instance.preempt_delay is not None:
            yield Finding(
                ("vrrp", name, "preempt_delay"),
                f"VRRP instance {name}: with nopreempt nobody takes the addresses back, so"
                " keepalived sets preempt_delay to 0; keep one of the two",
                "key",
                rule="preempt-delay-nopreempt",
            )


def vips_in_packet(lab: Lab) -> Iterator[Finding]:
    """How many addresses an advertisement has room for: vrrp_complete_instance()."""
    for name, instance in lab.vrrp.items():
        if instance.segment not in lab.segments:
            continue
        version = version_of(instance)
        mtu = lab.segments[instance.segment].mtu
        rest = mtu - _HEADERS[version]
        if instance.version == 2:
            rest -= _AUTHENTICATION_V2
            if instance.authentication and instance.authentication.auth_type == "AH":
                rest -= _OF_AH
        most = min(rest // (4 if version == 4 else 16), _MOST_CARRIED)
        if len(instance.addresses) > most:
            yield Finding(
                ("vrrp", name, "addresses", most),
                f"VRRP instance {name}: an advertisement in segment {instance.segment} (MTU {mtu})"
                f" has room for {most} addresses, and there are {len(instance.addresses)};"
                " keepalived leaves those from here on out of it; write them in"
                " virtual_ipaddress_excluded",
                because=(("segments", instance.segment),),
                rule="vips-beyond-packet",
            )


def vip_prefix(lab: Lab) -> Iterator[Finding]:
    """The kernel makes a route to the prefix of each address that it gets."""
    for name, instance in lab.vrrp.items():
        for held in instance.vips:
            vip, segment = held.address, lab.segments.get(held.segment)
            subnet = None if segment is None else subnet_of(segment, vip.version)
            whole = vip.max_prefixlen
            if subnet is None or is_of_link(vip):
                continue
            if vip.network.prefixlen not in (whole, subnet.prefixlen):
                yield Finding(
                    ("vrrp", name, *held.loc),
                    f"VRRP instance {name}: {vip} is neither a /{whole} nor has it the prefix"
                    f" length of segment {held.segment}, {subnet.prefixlen}; whoever holds it"
                    f" gets a route to {vip.network} by that interface",
                    because=(("segments", held.segment),),
                    rule="vip-prefix",
                )
