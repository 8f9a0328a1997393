"""Real servers that answer 500, answer late, or come and go, as clients and checks see them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from e2e.sites import CHECKED, answers
from e2e.users import User

RIP = "192.168.10.13"
CONF = "/etc/nginx/nginx.conf"
NOTICED = 4 * CHECKED
"""Seconds in which a check that waits for a late answer has given up twice."""

OWN = """\
files:
      /etc/nginx/nginx.conf: |
        # A site of the user's own: { is no block here, and this is no end: }
        user www-data; worker_processes 2; pid /run/nginx.pid; error_log stderr warn;
        events { worker_connections 1024; }
        http {
            log_format braces '{"at": "$time_iso8601", "it\\'s": "$request"}';
            access_log /run/access.log braces;
            include /etc/nginx/sites-own/*;
        }
      /etc/nginx/sites-own/10-site: |
        server {
            listen 80;
            root /srv;
            if ($arg_moved = "yes") { return 301 /elsewhere; }
            rewrite ^/old/(.*)$ /new/$1 last;
            location = / { return 200 "nginx02\\n"; }
            location / { try_files $uri =404; }
            location ~ "^/new/\\d{2}$" { return 200 "new $uri $args\\n"; }
            location /says { return 200 "says ${request_method} $http_x\\n"; }
            location /index/ { index page.html; }
            location /upload { proxy_pass http://127.0.0.1:8081/; }
            location /closed { auth_basic "closed"; auth_basic_user_file /dev/null; }
            error_page 404 /missing.html;
        }
        server {
            # Whoever comes by way of the site, and gets a line back.
            listen 127.0.0.1:8081;
            client_body_in_single_buffer on;
            location / { proxy_pass http://127.0.0.1:8082/; proxy_set_body "$request_body"; }
        }
        server {
            listen 127.0.0.1:8082;
            location / { return 200 "$request_method $content_length\\n"; }
        }
      /srv/index/page.html: "a page in a directory\\n"
      /srv/missing.html: "there is no such page\\n"
"""


@pytest.fixture(scope="module")
def lab(warm_held: User) -> User:
    real = "nginx02: {role: realserver, interfaces: {lan: 192.168.10.14}}"
    own = f"nginx02:\n    role: realserver\n    interfaces: {{lan: 192.168.10.14}}\n    {OWN}"
    warm_held.does("deploy", warm_held.lab("services", (real, own)))
    return warm_held


@pytest.fixture
def site(lab: User) -> Iterator[User]:
    """A site without faults, whose first director has both real servers."""
    lab.comes("real_server nginx01 in lb01 and real_server nginx02 in lb01", NOTICED)
    yield lab
    lab.does("fault", "clear")


def service(user: User, words: str) -> None:
    user.does("fault", "service", *words.split())


def asked(user: User, url: str, *options: str) -> tuple[int, float, str]:
    """Status, seconds of the lab's time, and the body of an answer from nginx's own node."""
    told = user.does(
        "exec", "client", "curl", "-s", "-w", "\n%{http_code} %{time_total}", *options, url
    )
    body, _, numbers = told.rpartition("\n")
    status, seconds = numbers.split()
    return int(status), float(seconds), body


def disk(user: User, node: str = "nginx01") -> str:
    """The configuration, byte for byte, and all that is beside it."""
    script = f"sha256sum {CONF}; stat -c '%a %U %Y' {CONF}; ls -a /etc/nginx /dev/shm"
    return user.does("exec", node, "sh", "-c", script)


def test_a_service_that_fails_answers_500_and_leaves_the_table(site: User) -> None:
    before = disk(site)
    service(site, "fail nginx01")
    assert asked(site, f"http://{RIP}/")[0] == 500
    assert asked(site, f"http://{RIP}/any/path?and=query")[0] == 500
    assert site.comes("real_server nginx01 out of lb01", CHECKED) > 0
    site.comes("vip 192.168.10.100 on lb01", CHECKED)
    assert set(answers(site, 4)) == {"nginx02"}
    service(site, "mend nginx01")
    assert asked(site, f"http://{RIP}/")[::2] == (200, "nginx01\n")
    site.comes("real_server nginx01 in lb01", CHECKED)
    assert disk(site) == before


def test_a_late_answer_is_what_it_would_be_and_so_much_later(site: User) -> None:
    before = disk(site)
    headers = site.does("exec", "client", "curl", "-sI", f"http://{RIP}/page")
    service(site, "slow nginx01 1500ms")
    status, seconds, body = asked(site, f"http://{RIP}/page")
    assert (status, body) == (200, "nginx01\n")
    assert seconds == pytest.approx(1.5, abs=0.05)
    again = site.does("exec", "client", "curl", "-sI", f"http://{RIP}/page")
    assert _lasting(again) == _lasting(headers)
    # Only the answer is late: the handshake is not.
    told = ("-o", "/dev/null", "-w", "%{time_connect} %{time_starttransfer}")
    connected, begun = map(
        float, site.does("exec", "client", "curl", "-s", *told, f"http://{RIP}/").split()
    )
    assert connected < 0.05
    assert begun == pytest.approx(1.5, abs=0.05)
    service(site, "mend nginx01")
    assert asked(site, f"http://{RIP}/")[1] < 0.1
    assert disk(site) == before


def test_late_answers_do_not_wait_for_each_other(site: User) -> None:
    service(site, "slow nginx01")
    script = (
        "begun=$(cut -d' ' -f1 /proc/uptime); "
        f"for i in $(seq 50); do curl -s http://{RIP}/ & done; wait; "
        "cut -d' ' -f1 /proc/uptime; echo $begun"
    )
    *pages, ended, begun = site.does("exec", "client", "sh", "-c", script).splitlines()
    assert pages == ["nginx01"] * 50
    assert 2 <= float(ended) - float(begun) < 4
    assert site.does("logs", "nginx01").count("delaying") == 0


def test_a_service_later_than_the_checks_patience_leaves_the_table(site: User) -> None:
    # keepalived waits 5 s for an answer when nothing else is said (keepalived.conf(5)).
    service(site, "slow nginx01 20s")
    site.comes("real_server nginx01 out of lb01", NOTICED)
    site.never("real_server nginx01 in lb01", 30)
    service(site, "mend nginx01")
    site.comes("real_server nginx01 in lb01", NOTICED)


def test_a_service_comes_and_goes(site: User) -> None:
    before = disk(site)
    service(site, "flap nginx01 2s")
    script = (
        "for i in $(seq 24); do sleep 0.25; "
        f"curl -s -o /dev/null http://{RIP}/ && printf + || printf -; done"
    )
    seen = site.does("exec", "client", "sh", "-c", script)
    # Away first, and then in turns of eight looks, one more or less.
    assert re.fullmatch(r"-{6,8}\+{7,9}-{7,9}\+*", seen), seen
    service(site, "mend nginx01")
    assert site.tries("exec", "nginx01", "pgrep", "-f", "lvsnet-flap").code == 1
    assert asked(site, f"http://{RIP}/")[::2] == (200, "nginx01\n")
    assert disk(site) == before


def test_checks_see_a_service_come_and_go(site: User) -> None:
    service(site, "flap nginx01 15s")
    site.comes("real_server nginx01 out of lb01", CHECKED)
    site.comes("real_server nginx01 in lb01", 30)
    site.comes("real_server nginx01 out of lb01", 30)


def test_one_fault_of_a_service_takes_the_place_of_another(site: User) -> None:
    before = disk(site)
    for words in ("flap nginx01 1s", "slow nginx01 3s", "fail nginx01", "slow nginx01 1s"):
        service(site, words)
        assert site.does("fault").splitlines() == [f"service {words}"]
    status, seconds, _body = asked(site, f"http://{RIP}/")
    assert status == 200
    assert seconds == pytest.approx(1, abs=0.05)
    service(site, "mend nginx01")
    assert disk(site) == before


@pytest.mark.parametrize("words", ["fail nginx01", "slow nginx01 1s", "flap nginx01 1s"])
def test_a_loss_of_power_ends_it_with_nothing_on_the_disk(site: User, words: str) -> None:
    before = disk(site)
    changed = site.does("diff", "--format", "json")
    service(site, words)
    site.does("stop", "nginx01")
    site.does("start", "nginx01")
    assert site.does("fault") == ""
    assert disk(site) == before
    assert asked(site, f"http://{RIP}/")[::2] == (200, "nginx01\n")
    assert site.does("diff", "--format", "json") == changed


def test_a_daemon_that_is_killed_and_revived_fails_as_before(site: User) -> None:
    service(site, "fail nginx01")
    site.does("fault", "kill", "nginx01", "nginx")
    site.does("fault", "revive", "nginx01", "nginx")
    assert asked(site, f"http://{RIP}/")[0] == 500
    service(site, "mend nginx01")
    assert asked(site, f"http://{RIP}/")[0] == 200


def test_a_service_whose_daemon_was_killed_is_mended_before_it_is_revived(site: User) -> None:
    before = disk(site)
    service(site, "fail nginx01")
    site.does("fault", "kill", "nginx01", "nginx")
    service(site, "mend nginx01")
    site.does("fault", "revive", "nginx01", "nginx")
    assert asked(site, f"http://{RIP}/")[0] == 200
    assert disk(site) == before


def test_what_somebody_writes_meanwhile_stays(site: User) -> None:
    # As `lvsnet redeploy` does with the file of another plan.
    site.does("exec", "nginx01", "cp", CONF, "/run/kept")
    service(site, "fail nginx01")
    write = f"sed s/1024/1000/ /run/kept >{CONF}"
    site.does("exec", "nginx01", "sh", "-c", write)
    service(site, "mend nginx01")
    try:
        assert "worker_connections 1000;" in site.does("exec", "nginx01", "cat", CONF)
        assert asked(site, f"http://{RIP}/")[0] == 200
    finally:
        site.does("exec", "nginx01", "sh", "-c", f"cat /run/kept >{CONF}; nginx -s reload")


SITE = "http://192.168.10.14"
REQUESTS = (
    ("a page of a directory", f"{SITE}/index/", ()),
    ("one that is not there", f"{SITE}/nothing", ()),
    ("a redirection of the server's", f"{SITE}/x?moved=yes", ()),
    ("a rewritten path", f"{SITE}/old/42?a=b&c=%20d", ()),
    ("what a location returns", f"{SITE}/says", ("-X", "PUT", "-H", "X: y", "-d", "z")),
    ("an upload", f"{SITE}/upload", ("--data-binary", "12345")),
    ("a page that wants a password", f"{SITE}/closed", ("-u", "ada:secret")),
)


@pytest.fixture(scope="module")
def pages(lab: User) -> dict[str, tuple[int, str]]:
    """What the user's own site answers when it is whole: status and body."""
    return {name: asked(lab, url, *options)[::2] for name, url, options in REQUESTS}


def test_the_users_own_site_is_what_it_is_meant_to_be(pages: dict[str, tuple[int, str]]) -> None:
    assert [status for status, _ in pages.values()] == [200, 404, 301, 200, 200, 200, 401]
    assert pages["an upload"][1] == "POST 5\n"
    assert pages["a rewritten path"][1] == "new /new/42 a=b&c=%20d\n"


def test_a_site_of_the_users_own_is_late_once_whatever_is_asked(
    site: User, pages: dict[str, tuple[int, str]]
) -> None:
    before = disk(site, "nginx02")
    service(site, "slow nginx02 1s")
    for name, url, options in REQUESTS:
        status, seconds, body = asked(site, url, *options)
        assert (status, body) == pages[name], name
        # An upload goes through two servers of the site more, each as late.
        late = 3 if name == "an upload" else 1
        assert seconds == pytest.approx(late, abs=0.1), name
    service(site, "mend nginx02")
    assert disk(site, "nginx02") == before


def test_a_site_of_the_users_own_fails_whatever_is_asked(site: User) -> None:
    service(site, "fail nginx02")
    for name, url, options in REQUESTS:
        assert asked(site, url, *options)[0] == 500, name
    service(site, "mend nginx02")
    assert asked(site, f"{SITE}/says")[0] == 200


def test_a_configuration_that_nginx_does_not_take_is_refused_with_its_words(site: User) -> None:
    site.does("exec", "nginx02", "sh", "-c", f"cp {CONF} /run/kept; echo 'nonsense on;' >>{CONF}")
    try:
        done = site.tries("fault", "service", "fail", "nginx02")
        assert done.code == 1
        assert 'unknown directive "nonsense"' in done.err
        assert asked(site, f"{SITE}/says")[0] == 200
        assert site.does("fault") == ""
        site.does("exec", "nginx02", "sh", "-c", f"echo '{{' >>{CONF}")
        done = site.tries("fault", "service", "fail", "nginx02")
        assert (done.code, done.err.count("\n")) == (1, 1)
        assert f"nginx02: {CONF}:10: unexpected {{" in done.err
    finally:
        site.does("exec", "nginx02", "sh", "-c", f"cat /run/kept >{CONF}; rm /run/kept")


def test_a_node_without_nginx_is_told(site: User) -> None:
    for node in ("lb01", "client"):
        done = site.tries("fault", "service", "fail", node)
        assert done.code in (1, 2)
        assert "nginx" in done.err
    site.does("fault", "kill", "nginx01", "nginx")
    done = site.tries("fault", "service", "fail", "nginx01")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "nginx does not run there; `lvsnet fault revive nginx01 nginx` starts it" in done.err


def _lasting(headers: str) -> list[str]:
    return [line for line in headers.splitlines() if not line.startswith("Date:")]
