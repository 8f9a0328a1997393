"""NAT with a client in the real servers' subnet: broken by itself, mended by a route."""

from __future__ import annotations

from e2e.sites import answers
from e2e.users import User

LAB = """\
name: {name}
segments:
  lan: 192.168.10.0/24
nodes:
  client:  {{role: client,     interfaces: {{lan: 192.168.10.10}}}}
  lb01:    {{role: director,   interfaces: {{lan: 192.168.10.11}}}}
  lb02:    {{role: director,   interfaces: {{lan: 192.168.10.12}}}}
  nginx01: {{role: realserver, interfaces: {{lan: 192.168.10.13}}{routes}}}
vrrp:
  FRONT: {{segment: lan, virtual_router_id: 33, addresses: [192.168.10.100],
          priority: {{lb01: 150, lb02: 100}}}}
  BACK: {{segment: lan, virtual_router_id: 34, addresses: [192.168.10.1],
          priority: {{lb01: 150, lb02: 100}}}}
vrrp_sync_group: {{SITE: [FRONT, BACK]}}
services:
  web:
    address: 192.168.10.100
    port: 80
    method: nat
    real_servers: [nginx01]
    check: {{type: tcp}}
{further}
"""
MENDED = ", routes: [{to: 192.168.10.10/32, via: 192.168.10.1}]"


def written(user: User, name: str, routes: str, further: str) -> str:
    path = user.home / f"{name}.yaml"
    path.write_text(LAB.format(name=name, routes=routes, further=further))
    return str(path)


def test_without_a_route_the_lab_is_refused_and_by_allow_seen_to_fail(held_user: User) -> None:
    refused = held_user.tries("deploy", written(held_user, "refused", "", ""))
    assert refused.code == 2
    assert "[nat-client-subnet]" in refused.err
    held_user.does("deploy", written(held_user, "broken", "", "allow: [nat-client-subnet]"))
    # The answer goes round the director; the client does not know it and resets it.
    assert answers(held_user, 2) == {"no answer": 2}


def test_a_route_through_the_director_mends_it(held_user: User) -> None:
    held_user.does("deploy", written(held_user, "mended", MENDED, ""))
    assert answers(held_user, 6) == {"nginx01": 6}
    # Without it the director would tell the real server of a shorter way (RFC 1812 5.2.7.2).
    assert (
        held_user.does("exec", "lb01", "sysctl", "-n", "net.ipv4.conf.eth1.send_redirects") == "0\n"
    )
    assert "redirected" not in held_user.does(
        "exec", "nginx01", "ip", "route", "get", "192.168.10.10"
    )
