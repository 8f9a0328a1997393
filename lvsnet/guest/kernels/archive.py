"""Linux's source and busybox from Debian's archive: an apt of its own, as an ordinary user.

Its state lies beside what is built of the packages, and goes with it. apt checks the archive's
signature and with it each package's hash; nothing here switches that off.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lvsnet import apt
from lvsnet.errors import LvsnetError
from lvsnet.guest.kernels import running
from lvsnet.guest.kernels.model import TESTED
from lvsnet.progress import Report

SUITES = ("forky", "sid")
"""Looked through in this order for the tested series; the first lets packages ripen."""
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
BUSYBOX = "busybox-static"
SERIES = re.compile(r"linux-source-(\d+)\.(\d+)")


@dataclass(frozen=True)
class Package:
    """A package as a file."""

    file: Path
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Fetched:
    source: Package
    busybox: Package


def fetch(workshop: running.Workshop, directory: Path, title: str, report: Report) -> Fetched:
    """Both packages, downloaded into ``directory``, a new one.

    Raises:
        LvsnetError: no mirror is known or it cannot be reached, or it has no source of Linux.
    """
    mirror = apt.mirror() or apt.usual_mirror(SUITES[-1])
    if mirror is None:
        raise LvsnetError(
            "The guest kernel is built from Debian's source, and neither this machine's apt nor "
            f"mmdebstrap knows a mirror of Debian. Name one: {apt.MIRROR_VARIABLE}=URL"
        )
    failure = (
        f"apt-get could not get the source of the {title} from {mirror} "
        f"({apt.MIRROR_VARIABLE}=URL names another mirror)"
    )
    for count in range(1, len(SUITES) + 1):
        report(f"{title}: reading the package lists of Debian {' and '.join(SUITES[:count])}")
        conf = _lay_out(directory, mirror, SUITES[:count])
        running.run(workshop, _apt_get(conf, "update", "--error-on=any"), directory, failure)
        names = running.answer(
            workshop, ["apt-cache", "-c", str(conf), "pkgnames", "linux-source-"], failure
        ).split()
        name = source_package(names)
        if name == source_name(TESTED):
            break
    if not name:
        raise LvsnetError(
            f"{mirror} has no package linux-source-* in Debian {' or '.join(SUITES)}."
        )
    if name != source_name(TESTED):
        report(
            f"{title}: Debian has no {source_name(TESTED)} any more, with which lvsnet is tested; "
            f"taking {name}"
        )
    report(f"{title}: downloading {name} (160 MB) and {BUSYBOX}")
    downloads = directory / "packages"
    downloads.mkdir(exist_ok=True)
    running.run(workshop, _apt_get(conf, "download", name, BUSYBOX), downloads, failure)

    def package(wanted: str) -> Package:
        file = next(downloads.glob(f"{wanted}_*.deb"))
        form = "--showformat=${Version}"
        version = running.answer(workshop, ["dpkg-deb", "--show", form, str(file)], failure)
        return Package(file, wanted, version)

    return Fetched(package(name), package(BUSYBOX))


def source_name(series: str) -> str:
    """``linux-source-7.2``"""
    return f"linux-source-{series}"


def source_package(names: Iterable[str]) -> str:
    """Of the names of packages the tested series' source, else the next newer, else the newest.

    Empty when none is a source of Linux.
    """
    found = {
        (int(match[1]), int(match[2])): match[0] for match in map(SERIES.fullmatch, names) if match
    }
    major, minor = TESTED.split(".")
    newer = [series for series in found if series >= (int(major), int(minor))]
    if newer:
        return found[min(newer)]
    return found[max(found)] if found else ""


def configuration(directory: Path, settings: Sequence[str]) -> str:
    """An apt.conf(5) under which apt keeps everything in ``directory``.

    ``settings`` are the machine's own ways to reach a mirror, as `apt.settings` gives them.
    """
    lines = [
        f'Dir "{directory}/"',
        'Dir::State "state"',
        'Dir::State::status "/dev/null"',
        'Dir::Cache "cache"',
        'Dir::Etc "etc"',
        'Dir::Log "log"',
        # This is run by users who may not change to another one, in a directory of theirs.
        'APT::Sandbox::User ""',
        'APT::Architecture "amd64"',
        "#clear APT::Architectures",
        'Acquire::Languages "none"',
        *settings,
    ]
    return "".join(f"{line};\n" for line in lines)


def sources(mirror: str, suites: Sequence[str]) -> str:
    """A sources.list(5)."""
    return "".join(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n" for suite in suites)


def _lay_out(directory: Path, mirror: str, suites: Sequence[str]) -> Path:
    for name in ("state/lists/partial", "cache/archives/partial", "log"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    for name in ("apt.conf.d", "preferences.d", "sources.list.d", "trusted.gpg.d"):
        (directory / "etc" / name).mkdir(parents=True, exist_ok=True)
    (directory / "etc/sources.list").write_text(sources(mirror, suites))
    conf = directory / "apt.conf"
    conf.write_text(configuration(directory, apt.settings()))
    return conf


def _apt_get(conf: Path, *arguments: str) -> list[str]:
    return ["apt-get", "-c", str(conf), "-q", *arguments]


def take(
    workshop: running.Workshop, package: Package, wanted: Callable[[Path], bool], target: Path
) -> Path:
    """Unpack a package into ``target``; its first file that is wanted. The package is removed.

    Raises:
        LvsnetError: it has none, or cannot be unpacked.
    """
    failure = f"dpkg-deb could not unpack {package}"
    argv = ["dpkg-deb", "--extract", str(package.file), str(target)]
    running.run(workshop, argv, target.parent, failure)
    package.file.unlink()
    found = next((path for path in sorted(target.rglob("*")) if wanted(path)), None)
    if found is None:
        shutil.rmtree(target)
        raise LvsnetError(
            f"Debian's package {package} is not as lvsnet knows it. "
            "Look for a newer lvsnet, or report this."
        )
    return found
