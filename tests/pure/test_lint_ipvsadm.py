"""ipvsadm's lines as the linter reads them: as popt does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.lint import from_ipvsadm, ipvsadm_line
from lvsnet.lint.from_conf import machine
from lvsnet.lint.model import Place
from lvsnet.lint.site import Machine

HERE = Place("rules", 1)


def added(*lines: str) -> Machine:
    nothing = machine("lb01", "lb01.conf", ())
    return from_ipvsadm.added(nothing, [(line, HERE) for line in lines])


@pytest.mark.parametrize(
    "line",
    [
        "-a -t 192.168.10.100:80 -r 192.168.10.13:80 -m -w 5 -x 9",
        "-at192.168.10.100:80 -r192.168.10.13:80 -mw5 -x9",
        "-a -t=192.168.10.100:80 -r=192.168.10.13:80 -mw=5 -x=9",
        (
            "--add-server --tcp-service 192.168.10.100:80 --real-server 192.168.10.13:80"
            " --masquerading --weight 5 --u-threshold 9"
        ),
        (
            "/sbin/ipvsadm --add-server --tcp-service=192.168.10.100:80"
            " --real-server=192.168.10.13:80 --masquerading --weight=5 --u-threshold=9"
        ),
        (
            "test -x /sbin/ipvsadm && ipvsadm -a -t '192.168.10.100:80' -r \"192.168.10.13:80\" -m"
            " -w 5 -x 9 2>&1 >/dev/null | logger"
        ),
    ],
)
def test_a_value_may_be_joined_to_its_option(line: str) -> None:
    site = added("-A -t 192.168.10.100:80 -s sh -b sh-port -p 60 -M 255.255.255.0", line)
    assert site.refused == ()
    (server,) = site.servers
    assert [one.text for one in server.written.block or ()] == [
        "lb_algo sh",
        "sh-port",
        "persistence_timeout 60",
        "persistence_granularity 255.255.255.0",
    ]
    (real,) = server.real_servers
    assert (str(real.address), real.port, real.kind, real.weight) == ("192.168.10.13", 80, "NAT", 5)
    limit = real.written.number("uthreshold")
    assert limit is not None
    assert limit.value == 9


def test_services_of_all_kinds_are_read() -> None:
    site = added(
        "-A -u [fd00::1]:53 -o",
        "-A --sctp-service 192.168.10.100:9",
        "-A -f 5",
        "-A -f 5 -6 -s rr",
        "-a -f 5 -r 192.168.10.13",
        "-a -f 5 -6 -r [fd00::13]",
    )
    assert [one.name for one in site.servers] == [
        "fd00::1 53",
        "192.168.10.100 9",
        "fwmark 5",
        "fwmark 5 inet6",
    ]
    protocols = [one.protocol.value if one.protocol else "" for one in site.servers]
    assert protocols == ["UDP", "SCTP", "", ""]
    assert [len(one.real_servers) for one in site.servers] == [0, 0, 1, 1]


def test_persistence_without_a_time_has_ipvsadms() -> None:
    (server,) = added("-A -t 10.0.0.1:80 -s rr -p").servers
    assert [one.text for one in server.written.block or ()][1:] == ["persistence_timeout 360"]


def test_what_is_deleted_is_not_there() -> None:
    site = added("-A -t 10.0.0.1:80", "-A -t 10.0.0.2:80", "-D -t 10.0.0.1:80")
    assert [one.name for one in site.servers] == ["10.0.0.2 80"]
    assert added("-A -t 10.0.0.1:80", "ipvsadm -C").servers == ()


def test_a_sync_daemon_may_have_its_values_joined() -> None:
    sync = added("ipvsadm --start-daemon=master --mcast-interface=eth1 --syncid=7").sync
    assert sync is not None
    assert (sync.interface, sync.sync_id, sync.roles) == ("eth1", 7, frozenset({"master"}))


def test_what_a_shell_fills_in_is_not_judged() -> None:
    assert added("ipvsadm $COMMAND -t $VIP:80 -z", "ipvsadm `cat rules`").refused == ()
    assert added("echo ipvsadm -z").refused == ()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("-z", "ipvsadm knows no option -z"),
        ("--wieght=1", "ipvsadm knows no option --wieght; did you mean '--weight'?"),
        ("-a -t 10.0.0.1:80 -r 10.0.0.2 -m=1", "-m takes no value, and '1' is one"),
        ("-a -t 10.0.0.1:80 -r 10.0.0.2 --weight", "--weight has no value"),
        ("-A -t 10.0.0.1:80 -u 10.0.0.1:80", "-u and -t are two of which there can be one"),
        ("-A -t 10.0.0.1:80 -a", "-a is another command beside --add-service"),
    ],
)
def test_what_ipvsadm_refuses_is_named(line: str, fault: str) -> None:
    assert [one.value for one in added(line).refused] == [fault]


@given(st.lists(st.text(alphabet="-=Aatrwpsx6f1.: 'z$;", max_size=8), max_size=8))
def test_any_words_are_read(words: list[str]) -> None:
    ipvsadm_line.read(words)
    added(f"ipvsadm {' '.join(words)}")
