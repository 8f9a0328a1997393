"""A director runs a keepalived.conf of the user's own, which `keepalived -t` judges before."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from e2e.sites import moves
from e2e.users import VIP, Done, User, eventually, holds, requests, table

SAID = Path(__file__).parents[1] / "pure/keepalived_said"
NGINX01, NGINX02 = "192.168.10.13", "192.168.10.14"

# As such files are in use: comments of both kinds, a definition, an include that matches nothing.
OWN = """\
! Configuration File for keepalived
$VIP=192.168.10.100

global_defs {
    notification_email {
        root@localhost      # nobody reads it
    }
    notification_email_from lvs@localhost
    smtp_server 127.0.0.1
    router_id LVS_1
    vrrp_garp_master_refresh 60
    script_user root
    enable_script_security
}

include /etc/keepalived/conf.d/*.conf

vrrp_script not_in_maintenance {
    script "/usr/local/bin/not-in-maintenance"
    interval 1
    fall 1
    rise 1
    weight -60
}

vrrp_instance VI_1 {
    state MASTER
    interface eth1
    virtual_router_id 33
    priority 150
    advert_int 1
    virtual_ipaddress {
        ${VIP}/32 dev eth1 label eth1:0
    }
    track_script {
        not_in_maintenance
    }
    notify "/usr/local/bin/note-state"
}

virtual_server 192.168.10.100 80 {
    delay_loop 2
    lb_algo rr
    lb_kind DR
    protocol TCP

    real_server 192.168.10.13 80 {
        weight 1
        HTTP_GET {
            url {
                path /
                status_code 200
            }
            connect_timeout 1
            retry 1
            delay_before_retry 1
        }
    }
    real_server 192.168.10.14 80 {
        weight 1
        TCP_CHECK {
            connect_timeout 1
        }
    }
}
"""
KEEPALIVED = """keepalived: master.conf
    files:
      /usr/local/bin/not-in-maintenance:
        {mode: "0755", content: "#!/bin/sh\\ntest ! -e /run/maintenance\\n"}
      /usr/local/bin/note-state:
        {mode: "0755", content: "#!/bin/sh\\necho $3 >> /run/states\\n"}"""
PATH = "/etc/keepalived/keepalived.conf"
WITH_PASSWORD = OWN.replace(
    "advert_int 1\n",
    "advert_int 1\n    authentication {\n        auth_type PASS\n"
    "        auth_pass netology_secret\n    }\n",
)
TOO_LONG = (
    "lb01: keepalived.conf: warning: (Line 34) Truncating auth_pass to 8 characters; "
    "passwords that begin with the same 8 are the same to it [auth-pass-length]"
)


LB01 = f"""\
  lb01:
    role: director
    interfaces: {{lan: 192.168.10.11}}
    {KEEPALIVED}"""


def own(user: User, name: str, text: str, *changes: tuple[str, str], allow: str = "") -> str:
    """Path of the lab dr with ``text`` as lb01's keepalived.conf."""
    (user.home / "master.conf").write_text(text)
    return user.lab(
        name,
        (f"name: {name}\n", f"name: {name}\nallow: [{allow}]\n"),
        ("  lb01:    {role: director,   interfaces: {lan: 192.168.10.11}}", LB01),
        ("{lb01: 150, lb02: 100}", "{lb02: 100}"),
        *changes,
    )


def message(done: Done) -> str:
    """Of a deploy that failed."""
    assert done.code == 1, done
    assert "Traceback" not in done.err
    return done.err[done.err.index("\nlvsnet: ") + 1 :]


def remarks(done: Done) -> list[str]:
    """What was reported of configurations by a deploy that succeeded."""
    assert done.code == 0, done
    lines = [line.partition(" s  ")[2] for line in done.err.splitlines()]
    return [line for line in lines if "keepalived.conf: " in line]


@pytest.fixture(scope="module")
def site(warm_held: User) -> User:
    lab = own(warm_held, "own", OWN)
    assert remarks(warm_held.tries("deploy", "--no-wait", lab)) == []
    site_is_up = (
        f"vip {VIP} on lb01 and real_server nginx01 in lb01 and real_server nginx02 in lb01"
    )
    warm_held.comes(site_is_up, 10)
    assert set(table(warm_held, "lb01")) == {NGINX01, NGINX02}
    return warm_held


def test_the_configuration_runs_unchanged(site: User) -> None:
    assert site.does("exec", "lb01", "cat", PATH) == OWN
    assert not holds(site, "lb02")
    assert sorted(requests(site, 4)) == ["nginx01", "nginx01", "nginx02", "nginx02"]
    site.does("exec", "nginx02", "nginx", "-s", "stop")
    site.comes("real_server nginx02 out of lb01", 10)
    assert set(table(site, "lb01")) == {NGINX01}
    site.does("exec", "nginx02", "nginx")
    site.comes("real_server nginx02 in lb01", 10)
    assert set(table(site, "lb01")) == {NGINX01, NGINX02}


def test_its_script_and_its_notify_command_run(site: User) -> None:
    site.does("exec", "lb01", "touch", "/run/maintenance")
    moves(site, VIP, "lb02", 10)
    states = site.does("exec", "lb01", "cat", "/run/states").split()
    assert states[-2:] == ["MASTER", "BACKUP"]
    site.does("exec", "lb01", "rm", "/run/maintenance")
    moves(site, VIP, "lb01", 10)


def test_it_is_tested_again_before_a_boot(site: User) -> None:
    site.does("exec", "lb01", "sed", "-i", "s/lb_kind DR/lb_kind dr/", PATH)
    site.does("stop", "lb01")
    said = message(site.tries("start", "lb01"))
    assert said.startswith("lvsnet: lb01: keepalived.conf: (Line 44) PARSER : unknown [dr] routing")
    moves(site, VIP, "lb02", 10)


def test_what_is_broken_is_refused_before_any_daemon_starts(warm_user: User) -> None:
    broken = OWN.replace("lb_kind DR", "lb_kind dr").replace("advert_int", "advert_intt")
    (warm_user.home / "real-server.conf").write_text(
        "vrrp_instance NGINX_01 {\n    interface ens192\n    virtual_router_id 20\n}\n"
    )
    addition = ("{lan: 192.168.10.13}}", "{lan: 192.168.10.13}, keepalived: real-server.conf}")
    done = warm_user.tries("deploy", own(warm_user, "broken", broken, addition))
    assert "start " not in done.err
    wanted = """\
lvsnet: lb01: keepalived.conf: (Line 44) PARSER : unknown [dr] routing method for virtual server; \
keepalived will use NAT: it knows NAT, DR and TUN, in capitals [keepalived-forwarding-method]
lb01: keepalived.conf: Virtual server [192.168.10.100]:tcp:80: no forwarding method set, setting \
default NAT; write lb_kind DR, NAT or TUN [keepalived-forwarding-method]
lb01: keepalived.conf: (Line 31) Unknown keyword 'advert_intt'; keepalived ignores it \
[keepalived-unknown-keyword]
nginx01: keepalived.conf: (Line 2) WARNING - interface ens192 for vrrp_instance NGINX_01 doesn't \
exist; a node's interfaces are eth1, eth2, ... in the order of its `interfaces` in the lab file
nginx01: keepalived.conf: Non-existent interface specified in configuration; keepalived ends at once
What has a name here runs all the same with \
`allow: [keepalived-forwarding-method, keepalived-unknown-keyword]` in the lab file.
"""
    assert message(done) == wanted
    assert (warm_user.processes(), warm_user.left()) == ({}, [])
    assert warm_user.does("inspect") == ""


def test_a_lab_can_allow_itself_what_is_broken(warm_user: User) -> None:
    broken = OWN.replace("lb_kind DR", "lb_kind dr")
    lab = own(warm_user, "allowed", broken, allow="keepalived-forwarding-method")
    assert remarks(warm_user.tries("deploy", "--no-wait", lab)) == []
    eventually(
        lambda: "Masq" in warm_user.does("exec", "lb01", "ipvsadm", "-Ln"),
        10,
        "keepalived uses NAT",
    )


@pytest.fixture(scope="module")
def unwise(warm_resident: User) -> tuple[User, Done]:
    """A lab that runs for all that, and what its deploy said."""
    lab = own(warm_resident, "unwise", WITH_PASSWORD)
    return warm_resident, warm_resident.tries("deploy", "--no-wait", lab)


def test_what_is_unwise_is_a_warning(unwise: tuple[User, Done]) -> None:
    assert remarks(unwise[1]) == [TOO_LONG]


def test_a_strict_deploy_refuses_what_is_unwise_unless_the_lab_allows_it(warm_user: User) -> None:
    refused = warm_user.tries(
        "deploy", "--no-wait", "--strict", own(warm_user, "strict", WITH_PASSWORD)
    )
    assert message(refused).startswith(f"lvsnet: {TOO_LONG}\n")
    assert (warm_user.processes(), warm_user.left()) == ({}, [])
    allowed = own(warm_user, "allowed", WITH_PASSWORD, allow="auth-pass-length")
    assert remarks(warm_user.tries("deploy", "--no-wait", "--strict", allowed)) == []


ENDLESS = OWN.replace("TCP_CHECK {", "SMTP_CHECK {\n            host {\n            }")


def test_one_that_keepalived_reads_for_ever_is_refused(warm_user: User) -> None:
    # It waits at a pipe, for over what comes then it would keep a processor busy for ten seconds.
    waits = ENDLESS.replace("conf.d/*.conf", "conf.d/*.pipe")
    pipe = "mkdir -p /etc/keepalived/conf.d && mkfifo /etc/keepalived/conf.d/a.pipe"
    piped = ("keepalived: master.conf\n", f"keepalived: master.conf\n    exec: [{pipe}]\n")
    said = message(warm_user.tries("deploy", own(warm_user, "endless", waits, piped)))
    assert said.startswith("lvsnet: lb01: keepalived.conf: keepalived ")
    assert " did not end within 10 s: it has an SMTP_CHECK with a `host` block" in said
    assert (warm_user.processes(), warm_user.left()) == ({}, [])


def test_keepalived_reads_an_smtp_check_with_a_host_for_ever(unwise: tuple[User, Done]) -> None:
    script = "cat >/root/endless.conf; timeout 2 keepalived -t -f /root/endless.conf"
    done = unwise[0].tries("exec", "lb02", "sh", "-c", script, stdin=ENDLESS.encode())
    assert done.code == 124, done  # as timeout(1) ends


def test_keepalived_still_says_what_was_recorded(unwise: tuple[User, Done]) -> None:
    """When this fails keepalived is another one: record anew, and read what has changed."""
    recorded = {path.stem: path.read_text() for path in SAID.glob("*.said")}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in SAID.glob("*.conf"):
            archive.add(path, path.name)
    said = unwise[0].does("exec", "lb02", "sh", "-c", RECORD, stdin=packed.getvalue())
    now = dict(one.split("\n", 1) for one in said.split("\0")[1:])
    assert now == recorded


RECORD = """\
mkdir /root/said && cd /root/said && tar x || exit
for file in *.conf; do
    cp "$file" /etc/keepalived/keepalived.conf
    timeout 10 keepalived -t > output 2>&1
    printf '\\0%s\\nexit code %s\\n' "${file%.conf}" $?
    cat output
done
"""
