"""What keepalived is given in test_lint_truths.py: examples of rules, and what comes of them."""

from __future__ import annotations

import re
from pathlib import Path

from e2e import lint_box
from e2e.lint_box import Site

EXAMPLES = Path(__file__).parents[1] / "pure/lint"
VIP, OTHER, INSIDE = "192.168.10.100", "192.168.10.101", "172.16.10.1"
FIRST, SECOND = lint_box.RIPS
DOWN = "ip link set eth2 down"
FAULT = f"ip link set {lint_box.TRACKED} down"
"""The neighbour's link stays up."""

TWO_MASTERS = ("version-differs", "multicast-group-differs", "unicast-not-mutual")
ENDS = ("router-id-missing", "router-id-twice", "interface-missing")
LATE = ("takeover-slow", "advert-int-range")
LEFT_OUT = {
    "auth-incomplete": "",
    "auth-type-unknown": "",
    "auth-version-3": "version 3",
    "keepalived-unicast-peers": "",
}
"""What keepalived leaves out, a neighbour without it does not miss; what such a one has."""
TABLES = {
    "keepalived-forwarding-method": ("-m", "-g"),
    "protocol-missing": ("-A -u", "-A -t"),
    "scheduler-missing": ("-s wlc$", "-s rr$"),
    "scheduler-unknown": ("-s wlc$", "-s rr$"),
    "scheduler-flag": ("-s rr$", "-s sh -b sh-port$"),
    "ops-not-udp": ("-s rr$", "-s rr -o$"),
    "port-zero": ("-p 360$", "-p 300$"),
    "virtual-server-empty": (r"\A\Z", "-A"),
    "real-server-address": (r"\A\Z", "-A"),
    "real-server-family": (r"\A\Z", "-A"),
    "real-server-twice": (r"\A.*\n-a .*\n\Z", r"\A.*\n-a .*\n-a .*\n\Z"),
    "thresholds": (r"\A-A .*\n\Z", r"\A-A .*\n-a .*\n\Z"),
    "dr-port": (r":80 -g", r":8080 -m"),
    "tun-port": (r"-a .*:80 -i", r"-a .*:80 -i"),
    "fwmark-ignored": (r"-r 192\.168\.10\.13:0 -g", r"-r 192\.168\.10\.13:0 -g"),
    "tunnel-options": (
        r"\A-A .*\n(-a .* --tun-type ipip\n){4}\Z",
        "--tun-type gue --tun-port 6080",
    ),
    "vip-held-by-nobody": (r"-A -t 192\.168\.10\.110:80", f"-A -t {re.escape(VIP)}:80"),
}
"""Rule -> what IPVS's table has by the wrong example, and by the right one."""
SAID = {
    "priority-range": ("   Priority = 100$", "   Priority = 254$"),
    "priority-default": ("   Priority = 100$", "   Priority = 150$"),
    "nopreempt-owner": ("Preempt = enabled$", "Preempt = disabled$"),
    "preempt-delay-master": ("preempt delay will not work", "Preempt delay = 60 secs$"),
    "preempt-delay-nopreempt": ("preempt_delay is incompatible", "Preempt delay = 60 secs$"),
    "advert-int-fraction": ("Advert interval = 1 sec$", "Advert interval = 500 milli-sec$"),
    "state-unknown": ("Wantstate = BACKUP$", ""),
    "strict-ignored": ("preempt_delay is incompatible", ""),
    "keyword-twice": ("   Gratuitous ARP delay = 6$", "   Gratuitous ARP delay = 5$"),
    "delay-loop-default": ("Delay loop = 60000000 us$", "Delay loop = 2000000 us$"),
    "hysteresis-quorum": ("hysteresis 2 >= quorum 2; setting hysteresis to 1$", ""),
    "quorum-weights": ("reducing quorum to 2$", ""),
    "sorry-server-order": ("Adding sorry server", "Enabling sorry server"),
    "check-incomplete": ("no urls specified - ignoring", "Activating healthchecker for"),
    "track-interface-own": ("Ignoring track_interface eth1", ""),
    "keepalived-track-weight": ("ignoring tracked script", "Changing effective priority"),
    "track-weight-sync-group": ("ignoring tracked script", "Changing effective priority"),
    "unicast-peer-self": ("equal priority advert .* with our IP address", ""),
    "ha-suspend-fwmark": ("clearing ha_suspend", ""),
    "keepalived-duplicate": ("vrrp instance VI_1 already defined", r"\(VI_2\) Entering MASTER"),
    "vrrp-without-effect": ("vmac_xmit_base is only valid with a vmac", "creating VMAC interface"),
    "keepalived-unknown-name": ("track script chck not found, ignoring", ""),
    "keepalived-unused": ("script chk is not used", "Script `chk` now returning"),
    "ipv6-link-local-first": ("first IPv6 VIP address should be link local", ""),
    "auth-ah-master": ("state master is incompatible with AH", ""),
    "keepalived-unknown-keyword": ("Unknown keyword 'garp_master_dealy'", ""),
    "keepalived-value": ("invalid number '5s'", ""),
    "keepalived-include": ("Config files missing", ""),
    "unicast-peer-left-out": (
        r"(?s)\.12 - duplicate unicast_peer.*::12\] MUST be of the same family",
        r" 192\.168\.10\.12 min_ttl .*\n.* 192\.168\.10\.13 min_ttl",
    ),
    "track-twice": ("duplicate track_script chk - ignoring", ""),
    "process-quorum": ("quorum_max is less than quorum - ignoring", "Max processes = 4$"),
    "sync-group-owner": (r"some member\(s\) as address owner .* This won't work", ""),
    "bfd-left-out": (
        "(?s)instance one has no neighbor.*two source address.*four has duplicate neighbor",
        "BFD Instance = one$",
    ),
    "check-address-family": ("bindto address .* does not match address family of connect_ip", ""),
    "keepalived-deprecated": ("lvs_sync_daemon_interface .* is deprecated", ""),
}
"""Rule -> what keepalived says, of what it does or of what it has read: of the wrong example and
not of the right one, and the other way about."""
LACKING = {
    "virtual-server-missing": f"-A -t {VIP}:443 ",
    "virtual-server-differs": "-s rr",
    "real-servers-differ": f"-r {SECOND}:80 ",
}
"""What the second director's table has not, in the wrong example."""
SHARES = {
    # Of a table of 256 the last one, which is first, has its 100 places, the other the rest.
    "sh-weights": ((117, 183, 10), (100, 200, 10)),
    # 100 and 1 become 50 and, as none is to be without, 1 of some 30.
    "mh-weights": ((10, 290, 5), (100, 200, 5)),
    "weight-unused": ((150, 150, 0), (225, 75, 0)),
}
"""Rule -> connections to the second and to the first real server, and how many more or fewer."""
IPVSADM = "lb01/etc/ipvsadm.rules"
ANSWERING = """timeout 8 python3 -c "
import socket
asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asked.bind(('', 53))
while True: asked.sendto(bytes.fromhex('abcdef12'), asked.recvfrom(99)[1])
" >/dev/null 2>&1 &"""


def example(rule: str, which: str) -> dict[str, str]:
    """The machines' configurations of a rule's wrong or right example."""
    text = (EXAMPLES / f"{rule}.txt").read_text()
    _, *parts = re.split(r"^==== (wrong|right): (\S+)\n", text, flags=re.MULTILINE)
    found = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return {name: conf for each, name, conf in found if each == which}


def changed(rule: str, which: str, old: str, new: str) -> dict[str, str]:
    """An example with something else in it."""
    found = example(rule, which)
    assert any(old in conf for conf in found.values())
    return {name: conf.replace(old, new) for name, conf in found.items()}


def tracking(rule: str, which: str, router_id: int) -> dict[str, str]:
    """An example whose virtual routers of an id track one more interface, and swap their machines
    where the first one has a sync group that the second has not."""
    line = f"virtual_router_id {router_id}"
    found = changed(rule, which, line, f"{line}\ntrack_interface {{\n{lint_box.TRACKED}\n}}")
    if rule == "sync-groups-differ":
        other = {"100": "150", "150": "100"}
        found = {
            after: re.sub(r"(?<=priority )\d+", lambda seen: other[seen[0]], found[before])
            for after, before in zip(found, reversed(found), strict=True)
        }
    return found


def partner(more: str) -> str:
    """A neighbour with the examples' virtual router, of a lower priority."""
    return (
        "vrrp_instance VI_1 {\nstate BACKUP\ninterface eth1\nvirtual_router_id 33\npriority 50\n"
        f"advert_int 1\n{more}\nvirtual_ipaddress {{\n{VIP}/24\n}}\n}}\n"
    )


def sites() -> dict[str, Site]:
    found: dict[str, Site] = {}

    def add(rule: str, which: str, machines: dict[str, str] | None = None, **then: str) -> None:
        machines = machines or example(rule, which)
        found[f"{rule}.{which}"] = Site(machines=machines, then=then, clients=False)

    def clients(rule: str) -> None:
        for which in ("wrong", "right"):
            machines = example(rule, which)
            found[f"{rule}.{which}"] = Site(machines=machines, then={}, clients=True)

    for rule in ("priorities-equal", "owner-twice", "master-twice", "strict-unicast"):
        add(rule, "wrong")
    for which in ("wrong", "right"):
        for rule in (*TWO_MASTERS, *ENDS, *LATE, *TABLES, *SAID, "sync-group-priority"):
            add(rule, which)
        for rule in ("vip-families-mixed", "sync-daemon-instance", "script-user-default"):
            add(rule, which)
        for rule, more in LEFT_OUT.items():
            add(rule, which, {**example(rule, which), "lb02": partner(more)})
        for rule in ("real-server-unchecked", "sorry-unused", "tracking-differs"):
            add(rule, which)
        for rule in ("vip-repeated", "tracked-incomplete"):
            add(rule, which)
        near = changed("reply-length", which, "require", "connect_ip 192.168.10.11\nrequire")
        add("reply-length", which, near, lb01=ANSWERING)
        lines = example("ipvsadm-line", which)[IPVSADM].splitlines()
        add("ipvsadm-line", which, {"lb01": ""}, lb01="\n".join(f"ipvsadm {one}" for one in lines))
        add("script-shell", which, changed("script-shell", which, "nginx", "keepalived"))
        slow = changed("script-timeout", which, "/usr/bin/pgrep -x nginx", "/usr/bin/sleep 9")
        add("script-timeout", which, slow)
        add("sync-group-empty", which, lb01=DOWN)
        add("sync-group-twice", which, lb01=DOWN)
        add("sync-groups-differ", which, tracking("sync-groups-differ", which, 34), lb01=FAULT)
        add("nat-gateway-apart", which, tracking("nat-gateway-apart", which, 33), lb01=FAULT)
        with_sorry = f"lb_kind DR\nsorry_server {OTHER} 80"
        hysteresis = changed("hysteresis-weights", which, "lb_kind DR", with_sorry)
        add("hysteresis-weights", which, hysteresis)
        add("vips-differ", which, lb01=f"kill $(cat /run/vips-differ.{which}.lb01.p)")
        tracks = "virtual_router_id 34\ntrack_interface {\neth2\n}"
        twice = changed("vip-twice", which, "virtual_router_id 34", tracks)
        add("vip-twice", which, twice, lb01=DOWN)
    for rule in LACKING:
        add(rule, "wrong", lb01=f"kill $(cat /run/{rule}.wrong.lb01.p)")
    for rule in (*SHARES, "weights-zero", "inhibit-hash", "inhibit-persistence"):
        clients(rule)
    clients("udp-check-no-reply")
    groups = example("server-group-entries", "wrong")["lb01"].replace(
        "192.168.10.100-90 80", f"192.168.10.100-90 80\n{OTHER} 80"
    )
    servers = (
        f"virtual_server group {name} {{\nlb_algo rr\nlb_kind DR\nprotocol TCP\n"
        f"real_server {FIRST} 80 {{\n}}\n}}\n"
        for name in ("web", "all", "range")
    )
    add("server-group-entries", "wrong", {"lb01": "".join([groups, *servers])})
    version_3 = changed("vip-missing", "wrong", "advert_int 1", "advert_int 1\nversion 3")
    add("vip-missing", "wrong", version_3)
    other_tail = changed("auth-pass-length", "wrong", "priority 150", "priority 50")["lb01"]
    (password,) = re.findall(r"auth_pass (\S+)", other_tail)
    other_tail = other_tail.replace(password, f"{password[:8]}another")
    add("auth-pass-length", "wrong", {**example("auth-pass-length", "wrong"), "lb02": other_tail})
    first, last = example("virtual-server-twice", "wrong")["lb01"].split("}\nvirtual_server", 1)
    twice = {"lb01": f"{first}}}\nvirtual_server{last.replace('lb_algo rr', 'lb_algo lc')}"}
    add("virtual-server-twice", "wrong", twice)
    return found
