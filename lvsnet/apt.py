"""What this machine's apt knows: from which mirror it takes Debian, and how it reaches that."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from lvsnet.errors import LvsnetError

MIRROR_VARIABLE = "LVSNET_DEBIAN_MIRROR"
QUERY_S = 20.0
"""For apt-config and apt-get indextargets."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
KEPT_VARIABLES = (
    "HOME", "TMPDIR", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY",
    "NO_PROXY", "all_proxy",
)  # fmt: skip

APT_SETTINGS = re.compile(
    r"Acquire::(Check-Valid-Until|Check-Date|Max-FutureTime|Retries|ForceIPv[46]|Queue-Mode|"
    r"https?(::\S*)?) \"(?!\")"
)
"""How this machine reaches its mirror, and how old an index it takes; see apt.conf(5)."""


def settings() -> tuple[str, ...]:
    """How this machine's apt reaches and judges its mirror, as options for mmdebstrap's."""
    return settings_of(_answer("apt-config", "dump"))


def mirror() -> str | None:
    """The mirror to use; None leaves it to mmdebstrap.

    ``$LVSNET_DEBIAN_MIRROR``, else on a Debian machine what its apt uses.
    """
    named = os.environ.get(MIRROR_VARIABLE)
    if named:
        return named
    form = "$(ORIGIN) $(REPO_URI) $(RELEASE)"
    found = mirror_of_indexes(_answer("apt-get", "indextargets", "--format", form))
    if found:
        return found
    # Before the first apt-get update apt knows its sources, but not whose they are.
    release = _os_release()
    if release.get("ID") != "debian":
        return None
    directory = Path("/etc/apt")
    files = [directory / "sources.list", *sorted(directory.glob("sources.list.d/*"))]
    texts = [
        file.read_text() for file in files if file.suffix in (".list", ".sources") and file.exists()
    ]
    return mirror_of_sources(texts, release.get("VERSION_CODENAME", ""))


def usual_mirror(suite: str) -> str | None:
    """The mirror that mmdebstrap takes where it is left to it; None when it is not known.

    As it writes it before it fetches anything, in a tree that it then gives up.
    """
    hook = 'cat "$1/etc/apt/sources.list" "$1"/etc/apt/sources.list.d/*; exit 1'
    options = ("--mode=chrootless", "--variant=custom", f"--setup-hook={hook}")
    try:
        done = subprocess.run(
            ["mmdebstrap", *options, suite, "/dev/null"], env=environment(os.environ),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", timeout=QUERY_S, check=False,
        )  # fmt: skip
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return mirror_of_sources([done.stdout], suite)


def mirror_of_indexes(targets: str) -> str | None:
    """From ``apt-get indextargets``: lines of origin, URI and release as the source names it."""
    for line in targets.splitlines():
        origin, _, rest = line.partition(" ")
        uri, _, release = rest.partition(" ")
        if origin == "Debian" and _is_main(release) and not uri.startswith("cdrom:"):
            return uri.rstrip("/")
    return None


def mirror_of_sources(texts: Iterable[str], codename: str) -> str | None:
    """From the text of sources.list(5) files, of either kind: Debian's own entry for ``codename``.

    Other archives name their suites after Debian's too, so the path must be Debian's as well.
    """
    for text in texts:
        for uri, suites, components in [*_one_line(text), *_stanzas(text)]:
            if codename in suites and "main" in components and uri.rstrip("/").endswith("/debian"):
                return uri.rstrip("/")
    return None


def settings_of(dump: str) -> tuple[str, ...]:
    """From ``apt-config dump``: how this machine's apt reaches and judges its mirror."""
    return tuple(line.rstrip(";") for line in dump.splitlines() if APT_SETTINGS.match(line))


def _is_main(release: str) -> bool:
    return not release.endswith(("-security", "-updates", "-backports", "/updates"))


def _one_line(text: str) -> Iterable[tuple[str, list[str], list[str]]]:
    for match in re.finditer(r"^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)(.*)$", text, re.M):
        yield match[1], [match[2]], match[3].partition("#")[0].split()


def _stanzas(text: str) -> Iterable[tuple[str, list[str], list[str]]]:
    without_comments = re.sub(r"^#.*\n?", "", text, flags=re.M)
    for stanza in re.split(r"\n\s*\n", without_comments):
        fields = {
            match[1].lower(): match[2].split()
            for match in re.finditer(r"^([\w-]+):((?:.*)(?:\n[ \t].*)*)", stanza, re.M)
        }
        if "deb" in fields.get("types", []) and fields.get("enabled") != ["no"]:
            for uri in fields.get("uris", []):
                yield uri, fields.get("suites", []), fields.get("components", [])


def _os_release() -> dict[str, str]:
    """os-release(5)."""
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name: value.strip("\"'") for name, _, value in pairs}


def _answer(*argv: str) -> str:
    """What a tool of apt's prints. Raises LvsnetError when it is not there, fails or hangs."""
    try:
        done = subprocess.run(
            argv, env=environment(os.environ), stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", timeout=QUERY_S, check=True,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise LvsnetError(f"{argv[0]} is not installed: mmdebstrap needs apt.") from error
    except subprocess.TimeoutExpired as error:
        raise LvsnetError(f"{' '.join(argv[:2])} has not ended after {QUERY_S:.0f} s.") from error
    except subprocess.CalledProcessError as error:
        raise LvsnetError(f"{' '.join(argv[:2])} failed:\n{error.stderr.strip()}") from error
    return done.stdout


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """What mmdebstrap sees of the user's environment: proxies and directories."""
    kept = {name: variables[name] for name in KEPT_VARIABLES if name in variables}
    return {**kept, "PATH": PATH, "LC_ALL": "C"}
