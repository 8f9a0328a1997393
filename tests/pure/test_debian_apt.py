"""Which mirror this machine's apt uses, and which of its settings are carried over."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsnet import apt
from lvsnet.apt import environment, mirror_of_indexes, mirror_of_sources, settings_of

DEB822 = """\
Types: deb deb-src
# A comment within the stanza
URIs: http://first.example/debian/ http://second.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://first.example/debian-security
Suites: bookworm-security
Components: main
"""
ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main
deb https://vendor.example/linux/debian bookworm stable
deb https://releases.example bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mine.example/debian bookworm main # mine
"""


def test_debians_own_main_archive_is_taken() -> None:
    targets = (
        "Vendor http://vendor.example/debian/ bookworm\n"
        "Debian http://mirror.example/debian-security/ bookworm-security\n"
        "Debian http://mirror.example/debian/ bookworm-updates\n"
        "Debian http://mirror.example/debian/ bookworm\n"
    )
    assert mirror_of_indexes(targets) == "http://mirror.example/debian"


@pytest.mark.parametrize(
    "targets",
    ["", " http://mirror.example/debian/ bookworm\n", "Ubuntu http://u.example/ubuntu/ noble\n",
     "Debian cdrom:[Debian]/ bookworm\n"],
)  # fmt: skip
def test_no_other_archive_is_taken(targets: str) -> None:
    assert mirror_of_indexes(targets) is None


def test_before_the_first_update_the_sources_are_read() -> None:
    assert mirror_of_sources([ONE_LINE], "bookworm") == "http://mine.example/debian"
    assert mirror_of_sources(["", DEB822], "bookworm") == "http://first.example/debian"


@pytest.mark.parametrize(
    "text",
    [DEB822.replace("Types", "Enabled: no\nTypes"), DEB822.replace("deb deb-src", "deb-src")],
)
def test_sources_that_are_off_are_not_used(text: str) -> None:
    assert mirror_of_sources([text], "bookworm") is None


def test_another_release_is_not_this_machines() -> None:
    assert mirror_of_sources([DEB822, ONE_LINE], "trixie") is None


def test_settings_for_reaching_the_mirror_are_kept_and_signature_checks_are_not_touched() -> None:
    dump = (
        'APT "";\n'
        'Acquire "";\n'
        'Acquire::AllowInsecureRepositories "1";\n'
        'Acquire::http "";\n'
        'Acquire::http::Proxy "http://proxy.example:3128/";\n'
        'Acquire::https::CaInfo "/etc/ca.pem";\n'
        'Acquire::Check-Valid-Until "false";\n'
        'Acquire::Languages:: "none";\n'
        'Acquire::Retries "3";\n'
        'APT::Get::AllowUnauthenticated "true";\n'
    )
    assert settings_of(dump) == (
        'Acquire::http::Proxy "http://proxy.example:3128/"',
        'Acquire::https::CaInfo "/etc/ca.pem"',
        'Acquire::Check-Valid-Until "false"',
        'Acquire::Retries "3"',
    )


def test_the_environment_is_clean_but_for_proxies_and_directories() -> None:
    users = {"DEBIAN_FRONTEND": "gtk", "LC_ALL": "de_DE.UTF-8", "APT_CONFIG": "/x", "PATH": "/x",
             "http_proxy": "http://proxy.example", "HOME": "/root"}  # fmt: skip
    seen = environment(users)
    assert seen.pop("PATH").endswith("/usr/sbin:/usr/bin:/sbin:/bin")
    assert seen == {"LC_ALL": "C", "http_proxy": "http://proxy.example", "HOME": "/root"}


MMDEBSTRAP = """\
#!/bin/sh
# Runs the hook as mmdebstrap does: behind its own words, and then ends with an error.
for word; do case $word in --setup-hook=*) hook=${word#*=};; esac; done
echo "I: running --setup-hook in shell" >&2
tree=$(mktemp -d)
mkdir -p "$tree/etc/apt/sources.list.d"
echo "deb http://usual.example/debian trixie main" >"$tree/etc/apt/sources.list"
sh -c "$hook" exec "$tree" >&2 || { rm -r "$tree"; echo "E: command failed" >&2; exit 25; }
"""


def test_where_apt_knows_no_mirror_it_is_mmdebstraps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "PATH", f"{tmp_path}:/usr/bin:/bin")
    program = tmp_path / "mmdebstrap"
    program.write_text(MMDEBSTRAP)
    program.chmod(0o755)
    assert apt.usual_mirror("trixie") == "http://usual.example/debian"
    assert apt.usual_mirror("sid") is None
    monkeypatch.setattr(apt, "PATH", str(tmp_path / "empty"))
    assert apt.usual_mirror("trixie") is None
