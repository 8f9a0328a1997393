"""nginx on a real server: one page that says which machine answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from string import Template

from lvsnet.plan.model import Daemon, File
from lvsnet.plan.reading import included

DIRECTORY = "/etc/nginx/"
PATH = f"{DIRECTORY}nginx.conf"

# In nginx's own variables the dollar is doubled: this is a string.Template.
_CONF = Template("""\
user www-data;
# One is plenty for a page of a few bytes, and leaves the processor to the others.
worker_processes 1;
pid /run/nginx.pid;
error_log stderr warn;

events {
    worker_connections 1024;
}

http {
    include /etc/nginx/mime.types;
    default_type text/plain;
    # A load test would fill the disk with it.
    access_log off;

    server {
$listens        root /var/www/html;

        # Whatever is asked for, the answer names the machine: a check may use any path.
        location / {
            try_files $$uri /index.html;
        }
    }
}
""")


def nginx_files(node: str, ports: Sequence[int], versions: Collection[int]) -> tuple[File, ...]:
    """Configuration and page of a real server that listens on ``ports`` of these versions of IP."""
    forms = {4: "{}", 6: "[::]:{}"}
    listens = "".join(
        f"        listen {form.format(port)};\n"
        for port in ports
        for version, form in forms.items()
        if version in versions
    )
    return (
        File(PATH, _CONF.substitute(listens=listens)),
        File("/var/www/html/index.html", f"{node}\n"),
    )


def nginx_daemon(ports: Sequence[int], own: Iterable[tuple[str, str]] = ()) -> Daemon:
    """The daemon, which is ready once it listens on ``ports``; with none, once it runs.

    ``own``: path and text of the user's files on its machine. Of these it reads what its
    configuration includes or names, such as a certificate.
    """
    files = dict(own)
    texts = [text for path, text in files.items() if path.startswith(DIRECTORY)]
    named = [path for path in files if any(path in text for text in texts)]
    others = [place for text in texts for place in included(text, DIRECTORY)] + named
    further = dict.fromkeys(place for place in others if not place.startswith(DIRECTORY))
    # The foreground is asked for here and not in the file, which a real machine's systemd unit
    # starts as a daemon.
    return Daemon(
        "nginx",
        ("nginx", "-g", "daemon off;"),
        stage=1,
        listens=tuple(ports),
        reads=(DIRECTORY, *further),
        reload="HUP",
    )
