"""Direct routing works: requests are shared evenly, and the daemons accept what they were given."""

from __future__ import annotations

from collections import Counter

import pytest

from e2e.users import User, requests, table

NGINX01, NGINX02 = "192.168.10.13", "192.168.10.14"


@pytest.fixture(scope="module")
def site(held: User) -> User:
    held.does("deploy", held.lab("balancing"))
    return held


def test_fifty_requests_by_round_robin_are_25_and_25(site: User) -> None:
    # Deploying waits for the site without sending anything to the VIP.
    assert table(site, "lb01") == {NGINX01: (0, 0), NGINX02: (0, 0)}
    answers = Counter(requests(site, 50))
    assert sorted(answers.values()) == [25, 25]
    assert table(site, "lb01") == {NGINX01: (0, 25), NGINX02: (0, 25)}


def test_the_backup_director_has_the_same_real_servers_and_no_connections(site: User) -> None:
    assert table(site, "lb02") == {NGINX01: (0, 0), NGINX02: (0, 0)}


def test_a_real_server_says_which_it_is(site: User) -> None:
    assert site.does("exec", "client", "curl", "-s", NGINX02).strip() == "nginx02"


@pytest.mark.parametrize("director", ["lb01", "lb02"])
def test_keepalived_has_nothing_to_say_of_its_configuration(site: User, director: str) -> None:
    # Exit code 5 would be a warning of any kind.
    done = site.tries("exec", director, "keepalived", "-t", "-f", "/etc/keepalived/keepalived.conf")
    assert (done.code, done.err) == (0, "")


def test_nginx_has_nothing_to_say_of_its_configuration(site: User) -> None:
    done = site.tries("exec", "nginx01", "nginx", "-t")
    assert done.code == 0
    assert "test is successful" in done.err
    assert "warn" not in done.err


def test_what_render_writes_is_what_the_machines_have(site: User) -> None:
    site.does("render", str(site.home / "balancing.yaml"), "-o", str(site.home / "rendered"))
    for node in ("lb01", "nginx02"):
        tree = site.home / "rendered" / node
        files = [path for path in tree.rglob("*") if path.is_file()]
        assert files
        for path in files:
            on_node = site.does("exec", node, "cat", f"/{path.relative_to(tree)}")
            assert on_node == path.read_text(), path


def test_a_lab_with_the_forwarding_of_a_host_is_no_part_of_the_host(site: User) -> None:
    """The node's sysctls are its own, and the kernel is another than this machine's."""
    assert site.does("exec", "nginx01", "sysctl", "-n", "net.ipv4.conf.all.arp_ignore") == "1\n"
    assert site.does("exec", "client", "sysctl", "-n", "net.ipv4.conf.all.arp_ignore") == "0\n"
