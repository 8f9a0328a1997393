"""What keepalived's log has from before anybody watched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lvsnet.host.journal import Entry
from lvsnet.observe import past
from lvsnet.observe.past import Past, Told

SECOND = 1_000_000_000
NAMES = {"192.168.10.13": "nginx01", "fd00:10::13": "nginx01"}
BOOTED = 1_798_761_600 * SECOND
"""2027-01-01 00:00:00 UTC"""
SAID = """\
Fri Jan  1 00:00:03 2027: Starting Keepalived v2.3.3 (03/30,2025)
nginx: [warn] something else
Fri Jan  1 00:00:03 2027: (VI_1) Entering BACKUP STATE (init)
Fri Jan  1 00:00:04 2027: Adding service [192.168.10.13]:tcp:80 to VS [192.168.10.100]:tcp:80
Fri Jan  1 00:00:07 2027: (VI_1) Entering MASTER STATE
Fri Jan  1 00:00:07 2027: Sending gratuitous ARP on eth1 for 192.168.10.100
Fri Jan  1 00:00:07 2027: Sending gratuitous ARP on eth1 for 192.168.10.100
Fri Jan  1 00:00:12 2027: Sending gratuitous ARP on eth1 for 192.168.10.100
Fri Jan  1 01:00:00 2027: Removing service [192.168.10.13]:tcp:80 from VS [192.168.10.100]:tcp:80
Fri Jan  1 01:00:01 2027: Stopping
Fri Jan  1 01:00:02 2027: Stopped Keepalived v2.3.3 (03/30,2025)
Fri Jan  1 01:00:03 2027: (VI_1) Entering MASTER ST"""
SEEN = [
    (3, "daemon", "started", "keepalived", "keepalived runs"),
    (3, "vrrp", "backup", "VI_1", "VI_1 enters BACKUP (init)"),
    (4, "ipvs", "in", "192.168.10.13:80", "nginx01 (192.168.10.13:80) in tcp 192.168.10.100:80"),
    (7, "vrrp", "master", "VI_1", "VI_1 enters MASTER"),
    (7, "arp", "gratuitous", "192.168.10.100", "sends ARPs for 192.168.10.100 on eth1"),
    (12, "arp", "gratuitous", "192.168.10.100", "sends ARPs for 192.168.10.100 on eth1"),
    (
        *(3600, "ipvs", "out", "192.168.10.13:80"),
        "nginx01 (192.168.10.13:80) out of tcp 192.168.10.100:80",
    ),
    (3601, "vrrp", "stopped", "VI_1", "VI_1 stops"),
    (3602, "daemon", "exited", "keepalived", "keepalived has ended"),
]


def told(content: bytes) -> list[Past]:
    return list(Told("lb01", BOOTED, NAMES).receive(content))


def lines(*said: str) -> list[str]:
    """The texts of what lines say, each in a second of its own."""
    text = "".join(f"Fri Jan  1 00:00:{n:02} 2027: {one}\n" for n, one in enumerate(said))
    return [one.event.text for one in told(text.encode())]


def test_from_start_to_stop() -> None:
    found = [one.event for one in told(SAID.encode())]
    assert [(e.at // SECOND, e.kind, e.what, e.subject, e.text) for e in found] == SEEN
    assert {e.node for e in found} == {"lb01"}
    assert all(one.within == SECOND - 1 for one in told(SAID.encode()))


def test_a_process_that_was_killed_says_its_state_again() -> None:
    state = "(VI_1) Entering MASTER STATE"
    assert lines(state, state, "Starting Keepalived v2.2.7", state) == [
        "VI_1 enters MASTER",
        "keepalived runs",
        "VI_1 enters MASTER",
    ]


def test_real_servers_of_every_kind_of_service() -> None:
    assert lines(
        "Adding service [fd00:10::13]:udp:53 to VS [fd00:10::100]:udp:53",
        "Adding service [192.168.10.13]:tcp:0 to VS FWM 7",
        "Removing service [192.168.10.99]:tcp:80 from VS [group]:0",
        "Disabling service [192.168.10.13]:tcp:80 of VS [192.168.10.100]:tcp:80",
        "Enabling service [192.168.10.13]:tcp:80 of VS [192.168.10.100]:tcp:80",
        "Changing weight from 10 to 3 for inactive service [192.168.10.13]:tcp:80 of VS FWM 1",
    ) == [
        "nginx01 ([fd00:10::13]:53) in udp [fd00:10::100]:53",
        "nginx01 (192.168.10.13:0) in fwmark 7",
        "192.168.10.99:80 out of [group]:0",
        "nginx01 (192.168.10.13:80) in tcp 192.168.10.100:80: weight 0, for its check fails",
        "nginx01 (192.168.10.13:80) in tcp 192.168.10.100:80: weight as it was",
        "nginx01 (192.168.10.13:80) in fwmark 1: weight 10 -> 3",
    ]


def test_neighbour_advertisements() -> None:
    said = "Sending unsolicited Neighbour Advert on eth1 for fd00:10::100"
    assert lines(said) == ["sends neighbour advertisements for fd00:10::100 on eth1"]


def test_what_comes_and_goes_within_a_second_is_all_told() -> None:
    date = "Fri Jan  1 00:00:03 2027: "
    states = ("MASTER", "BACKUP", "MASTER")
    text = "".join(f"{date}(VI_1) Entering {state} STATE\n" for state in states)
    assert [one.event.what for one in told(text.encode())] == ["master", "backup", "master"]


@given(st.binary())
def test_any_bytes_tell_something_or_nothing(content: bytes) -> None:
    told(content)
    told(b"Fri Jan  1 00:00:03 2027: Adding service " + content + b"\n")


def test_what_was_noted_meanwhile_tells_when_it_was() -> None:
    """By how long the log was then."""
    second = [one for one in told(SAID.encode()) if one.event.at == 7 * SECOND]
    offset = SAID.index("(VI_1) Entering MASTER") - len("Fri Jan  1 00:00:07 2027: ")
    assert second[0].offset == offset

    def spans(*noted: tuple[int, int]) -> list[tuple[int, int]]:
        """From 7 s on; of ``noted`` times after it, and lengths beyond the first line's begin."""
        entries = [
            Entry(7 * SECOND + at, "fault", "lb02", "put", "x", "x", {"lb01": offset + size})
            for at, size in noted
        ]
        found = [past.narrowed(one, entries) for one in second]
        return [(one.event.at - 7 * SECOND, one.latest - 7 * SECOND) for one in found]

    whole = (0, SECOND - 1)
    assert spans() == [whole, whole]
    assert spans((500, 0)) == [(500, SECOND - 1)] * 2
    assert spans((500, 1)) == [(0, 499), (500, SECOND - 1)]
    assert spans((500, 900)) == [(0, 499)] * 2
    assert spans((300, 0), (500, 1), (800, 900)) == [(300, 499), (500, 799)]
    assert spans((-SECOND, 0), (SECOND, 900)) == [whole, whole]


def test_json_gives_it_back() -> None:
    for one in told(SAID.encode()):
        assert past.from_json(past.to_json(one)) == one
