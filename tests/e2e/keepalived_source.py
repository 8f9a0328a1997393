"""keepalived's source as Debian has it, in lvsnet's cache: its parsers and its samples.

Fetched once, with apt's own check of its signature. Nothing of it is part of lvsnet.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from lvsnet import apt, cache
from lvsnet.errors import LvsnetError
from lvsnet.guest.kernels import archive
from lvsnet.progress import on_stderr

SUITE = "trixie"
"""The nodes' own."""
KIND = "keepalived-source"
DEADLINE_S = 120.0


def directory() -> Path:
    """The unpacked source. Raises LvsnetError when there is no mirror, or no answer from it."""
    return cache.ensure(KIND, SUITE, _build, on_stderr)


def samples() -> list[Path]:
    """The configurations of doc/samples."""
    return sorted((directory() / "doc/samples").glob("keepalived.conf.*"))


def parsers() -> list[Path]:
    return sorted((directory() / "keepalived").rglob("*.c"))


def _build(target: Path, _final: Path) -> None:
    mirror = apt.mirror() or apt.usual_mirror(SUITE)
    if mirror is None:
        raise LvsnetError(
            "keepalived's source is Debian's, and neither this machine's apt nor mmdebstrap knows "
            f"a mirror of it. Name one: {apt.MIRROR_VARIABLE}=URL"
        )
    work = target / "work"
    for name in ("state/lists/partial", "cache/archives/partial", "log"):
        (work / name).mkdir(parents=True)
    for name in ("apt.conf.d", "preferences.d", "sources.list.d", "trusted.gpg.d"):
        (work / "etc" / name).mkdir(parents=True)
    source = f"deb-src [signed-by={archive.KEYRING}] {mirror} {SUITE} main\n"
    (work / "etc/sources.list").write_text(source)
    (work / "apt.conf").write_text(archive.configuration(work, apt.settings()))
    for words in (["update", "--error-on=any"], ["source", "--download-only", "keepalived"]):
        done = subprocess.run(
            ["apt-get", "-c", str(work / "apt.conf"), "-q", *words],
            cwd=work, env=apt.environment(os.environ), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=DEADLINE_S, check=False,
        )  # fmt: skip
        if done.returncode:
            raise LvsnetError(f"apt-get could not get keepalived's source:\n{done.stderr}")
    with tarfile.open(next(work.glob("keepalived_2.3*.orig.tar.*"))) as packed:
        packed.extractall(work, filter="data")
    for name in ("doc", "keepalived", "lib"):
        shutil.move(next(work.glob("keepalived-*/")) / name, target / name)
    shutil.rmtree(work)
