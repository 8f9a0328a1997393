"""Which files daemons read, as plans say it."""

from __future__ import annotations

import pytest
from plans import compiled, node

from lvsnet.plan.own_keepalived import asked
from lvsnet.plan.reading import included

SITE = """\
name: site
segments: {lan: 192.0.2.0/24}
nodes:
  rs: {role: realserver, interfaces: {lan: 192.0.2.13}, files: {%s}}
"""


@pytest.mark.parametrize(
    ("configuration", "places"),
    [
        ("include /etc/keepalived/conf.d/*.conf\n", ()),
        ("include conf.d/*.conf\n", ()),
        ("  includew /srv/a.conf\n", ("/srv/a.conf",)),
        ("include /srv/a.conf\ninclude /srv/a.conf # twice\n", ("/srv/a.conf",)),
        ("include /srv/*/a.conf\n", ("/srv/",)),
        ("include {/srv,/opt}/a.conf\n", ("/srv/a.conf", "/opt/a.conf")),
        ("@lb01 include /srv/a.conf\n@lb02 include /srv/b.conf\n", ("/srv/a.conf",)),
        ("$D=/srv\ninclude $D/a.conf\ninclude ${D}/b.conf\n", ("/srv/b.conf",)),
        ("include /*.conf\n", ("/",)),
        ("# include /srv/a.conf\n", ()),
    ],
)
def test_what_keepalived_includes_from_elsewhere(
    configuration: str, places: tuple[str, ...]
) -> None:
    assert asked("lb01", configuration, {}).reads == places


def test_what_nginx_includes_from_elsewhere() -> None:
    configuration = "include /srv/*/a.conf;\ninclude b.conf;\n# include /opt/a.conf;\n"
    assert included(configuration, "/etc/nginx/") == ("/srv/",)


def test_schedulers_are_those_that_the_machine_reads() -> None:
    main = (
        "@lb01 $S=mh\n@lb02 $S=sh\nvirtual_server 192.0.2.100 80 {\nlb_algo $S\n}\ninclude *.d/*\n"
    )
    files = {"/etc/keepalived/conf.d/a": "virtual_server 192.0.2.101 80 { lvs_sched dh }\n"}
    assert asked("lb01", main, files).schedulers == ("mh", "dh")
    assert asked("lb02", "lb_algo rr {", {}).schedulers == ()


def test_nginx_reads_what_a_configuration_of_the_users_names() -> None:
    files = (
        '/etc/nginx/nginx.conf: "ssl_certificate /srv/a.pem;\\ninclude /opt/*.conf;\\n", '
        "/srv/a.pem: x, /srv/b.pem: x"
    )
    (nginx,) = node(compiled(SITE % files), "rs").daemons
    assert nginx.reads == ("/etc/nginx/", "/opt/", "/srv/a.pem")
    assert nginx.reload == "HUP"
