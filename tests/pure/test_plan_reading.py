"""Which files daemons read, as plans say it."""

from __future__ import annotations

import pytest
from plans import compiled, node

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
        ('include "/srv/a.conf"\ninclude /srv/a.conf\n', ("/srv/a.conf",)),
        ("include /srv/*/a.conf;\n", ("/srv/",)),
        ("include /*.conf\n", ("/",)),
        ("# include /srv/a.conf\n", ()),
    ],
)
def test_what_is_included_from_elsewhere(configuration: str, places: tuple[str, ...]) -> None:
    assert included(configuration, "/etc/keepalived/") == places


def test_nginx_reads_what_a_configuration_of_the_users_names() -> None:
    files = (
        '/etc/nginx/nginx.conf: "ssl_certificate /srv/a.pem;\\ninclude /opt/*.conf;\\n", '
        "/srv/a.pem: x, /srv/b.pem: x"
    )
    (nginx,) = node(compiled(SITE % files), "rs").daemons
    assert nginx.reads == ("/etc/nginx/", "/opt/", "/srv/a.pem")
    assert nginx.reload == "HUP"
