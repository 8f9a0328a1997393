"""VRRP's transitions in what keepalived 2.3.3 said."""

from __future__ import annotations

import pytest

from lvsnet.observe.transitions import LONGEST, Log, Transition

DATE = "Fri Jan  1 00:00:03 2027: "
SAID = """\
Starting VRRP child process, pid=5
Registering gratuitous ARP shared channel
(VI_1) removing VIPs.
(VI_1) Entering BACKUP STATE (init)
Startup complete
(VI_1) Receive advertisement timeout
(VI_1) Entering MASTER STATE
(VI_1) setting VIPs.
Sending gratuitous ARP on eth1 for 192.168.10.100
Stopping
(VI_1) sent 0 priority
(VI_1) removing VIPs.
Stopped - used 0.000000 user time, 0.000000 system time
Stopped Keepalived v2.3.3 (03/30,2025)
"""
SEEN = [
    Transition("VI_1", "backup", "VI_1 enters BACKUP (init)"),
    Transition("VI_1", "master", "VI_1 enters MASTER"),
    Transition("VI_1", "stopped", "VI_1 stops"),
]


def received(text: str) -> list[Transition]:
    return list(Log().receive(text.encode()))


@pytest.mark.parametrize("date", [DATE, ""])
def test_from_start_to_stop(date: str) -> None:
    text = "".join(f"{date}{line}\n" for line in SAID.splitlines())
    assert received(text) == SEEN


def test_in_any_pieces_it_is_the_same() -> None:
    log = Log()
    found = [one for byte in SAID.encode() for one in log.receive(bytes([byte]))]
    assert found == SEEN


def test_a_line_without_its_end_is_not_told_yet() -> None:
    log = Log()
    assert list(log.receive(b"(VI_1) Entering MASTER")) == []
    assert [one.state for one in log.receive(b" STATE\n")] == ["master"]


def test_a_fault_is_told_once_with_its_reason() -> None:
    text = f"{DATE}(VI_1): entering FAULT state (interface eth1 down)\n"
    text += f"{DATE}(VI_1) Entering FAULT STATE\n"
    assert received(text) == [
        Transition("VI_1", "fault", "VI_1 enters FAULT (interface eth1 down)")
    ]
    (script,) = received("(VI_1): entering FAULT state due to script chk\n")
    assert script.text == "VI_1 enters FAULT (due to script chk)"


def test_all_instances_of_a_keepalived_stop() -> None:
    text = "(VI_1) Entering MASTER STATE\n(VI_2) Entering BACKUP STATE\nStopping\nStopping\n"
    assert [(one.instance, one.state) for one in received(text)][2:] == [
        ("VI_1", "stopped"),
        ("VI_2", "stopped"),
    ]


def test_what_others_say_is_no_transition() -> None:
    text = '192.168.10.10 - - "GET /(VI_1) Entering MASTER STATE HTTP/1.1" 200\n'
    assert received(f"{text}VRRP_Group(G) Syncing instances to MASTER state\n") == []


def test_one_that_was_killed_and_comes_back_is_told_again() -> None:
    log = Log()
    line = b"(VI_1) Entering MASTER STATE\n"
    assert len(list(log.receive(line))) == 1
    assert list(log.receive(line)) == []
    log.forget()
    assert len(list(log.receive(line))) == 1


def test_a_line_without_end_is_not_kept_for_ever() -> None:
    log = Log()
    assert list(log.receive(b"x" * (LONGEST + 1))) == []
    assert log.partial == b""
