"""lvsnet's own guest kernel, built from Debian's source: a few minutes, once, by any user."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from lvsnet import apt, cache, resources
from lvsnet.errors import LvsnetError
from lvsnet.guest.kernels import archive, built, packed, recipe, running
from lvsnet.guest.kernels.model import Kernel, needs_x86_64
from lvsnet.progress import Report

TITLE = "guest kernel"
DEADLINE_S = 1700.0
"""For all of it, less than `cache.WAIT_S`: 165 MB over 2 Mbit/s take 11 minutes, and compiling on
one slow processor takes as many."""
OBJECTS = 1100
"""How many files are compiled for 7.2: of what share of them is told."""
STEPS = 10
"""How often that is told."""
BUILDER = "lvsnet"
"""What the kernel says of who built it and where (KBUILD_BUILD_USER and _HOST): nobody's name."""


def ensure(report: Report, place: Path | None = None) -> Kernel:
    """The kernel of this lvsnet's configuration and patches, built first when it is missing.

    With ``place``, a cache such as `cache.SYSTEM`, it is to be there.

    Raises:
        LvsnetError: programs are missing, all of which are named, or a step failed.
    """

    def build(directory: Path, _final: Path) -> None:
        build_in(directory, report)

    directory = cache.ensure(built.KIND, built.key(), build, report, place)
    return packed.read(directory, "built", built.AGAIN)


def build_in(directory: Path, report: Report) -> None:
    """Fill the directory of an entry. Raises LvsnetError as `ensure`."""
    needs_x86_64()
    if packages := recipe.lacking(archive.KEYRING):
        raise recipe.refusal(packages, os.geteuid() == 0)
    if any(sign in str(directory) for sign in " :"):
        raise LvsnetError(
            f"Linux cannot be built in {directory}: its Makefile takes no path with a space or a "
            "colon. Set XDG_CACHE_HOME to a directory without."
        )
    begun = time.monotonic()
    log = cache.root() / "logs" / "kernel-build.log"
    running.begin(log)
    workshop = running.Workshop(log, apt.environment(os.environ), begun + DEADLINE_S)
    work = directory / "work"
    work.mkdir()
    fetched = archive.fetch(workshop, work, TITLE, report)
    report(f"{TITLE}: unpacking {fetched.source}")
    tree = unpack(workshop, fetched.source, work)
    kernel_recipe = resources.directory("kernel")
    compile_in(workshop, tree, kernel_recipe, str(fetched.source), report)
    collect(tree, kernel_recipe, directory)
    busybox = archive.take(workshop, fetched.busybox, _is_busybox, work / "busybox")
    shutil.copyfile(busybox, directory / packed.BUSYBOX)
    (directory / packed.BUSYBOX).chmod(0o755)
    about = packed.About(
        format=packed.FORMAT,
        version=release(tree),
        package=str(fetched.source),
        busybox=str(fetched.busybox),
    )
    packed.write_about(directory, about)
    shutil.rmtree(work)
    report(f"{TITLE}: built Linux {about.version} in {time.monotonic() - begun:.0f} s")


def unpack(workshop: running.Workshop, source: archive.Package, work: Path) -> Path:
    """The source's tree below ``work``, without most of what this kernel has not got."""
    failure = f"The source of the {TITLE} could not be unpacked"
    tar = archive.take(workshop, source, lambda file: file.name.endswith(".tar.xz"), work / "deb")
    tree = work / "linux"
    tree.mkdir()
    argv = ["tar", "--extract", "--use-compress-program=xz --threads=0", "--strip-components=1"]
    argv += [f"--exclude={pattern}" for pattern in recipe.LEFT_OUT]
    running.run(workshop, [*argv, f"--file={tar}"], tree, failure)
    shutil.rmtree(work / "deb")
    return tree


def compile_in(
    workshop: running.Workshop, tree: Path, kernel_recipe: Path, source: str, report: Report
) -> None:
    """Patch, configure and compile the source in ``tree``; ``source`` is what it is called.

    Raises:
        LvsnetError: a patch does not apply, an option took no effect, or the build failed.
    """
    config, *patches = built.files(kernel_recipe)
    for patch in patches:
        argv = ["patch", "--strip=1", "--batch", "--forward", f"--input={patch}"]
        failure = f"lvsnet's patch {patch.name} does not apply to {source}"
        running.run(workshop, argv, tree, failure)
    report(f"{TITLE}: configuring")
    more = {"KCONFIG_ALLCONFIG": str(config), **_identity(tree)}
    failure = f"{source} could not be configured"
    running.run(workshop, ["make", "ARCH=um", "allnoconfig"], tree, failure, more=more)
    if wrong := recipe.without_effect(config.read_text(), (tree / ".config").read_text()):
        raise LvsnetError(
            f"Options of {config} have no effect in {source}: {'; '.join(wrong)}. "
            "They have another name there, or need another option."
        )
    jobs = len(os.sched_getaffinity(0))
    argv = ["make", "ARCH=um", f"-j{jobs}", "KCFLAGS=-pipe", "linux"]
    report(f"{TITLE}: compiling, {jobs} files at once; log: {workshop.log}")
    failure = f"{source} could not be compiled"
    running.run(workshop, argv, tree, failure, _Told(report), more)
    running.run(workshop, ["strip", "linux"], tree, failure)


class _Told:
    """Tells now and then how far make is."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._begun = time.monotonic()
        self._done = 0
        self._told = 0

    def __call__(self, line: str) -> None:
        if recipe.OBJECT.match(line) is None:
            return
        self._done += 1
        step = self._done * STEPS // OBJECTS
        if self._told < step < STEPS:
            self._told = step
            passed = time.monotonic() - self._begun
            share = 100 * step // STEPS
            self._report(f"{TITLE}: compiled {self._done} files, {share} % ({passed:.0f} s)")


def collect(tree: Path, kernel_recipe: Path, directory: Path) -> None:
    """Take out of a tree that was compiled what makes an entry, but busybox and kernel.json."""
    binary = directory / packed.BINARY
    binary.parent.mkdir()
    shutil.copyfile(tree / "linux", binary)
    binary.chmod(0o755)
    modules = directory / packed.MODULES
    modules.mkdir()
    shutil.copyfile(tree / "modules.builtin", modules / "modules.builtin")
    (modules / "modules.dep").write_bytes(b"")
    source = directory / packed.SOURCE
    (source / "patches").mkdir(parents=True)
    config, *patches = built.files(kernel_recipe)
    shutil.copyfile(config, source / config.name)
    for patch in patches:
        shutil.copyfile(patch, source / "patches" / patch.name)
    for name, target in (("COPYING", "COPYING"), ("LICENSES/preferred/GPL-2.0", "GPL-2.0")):
        shutil.copyfile(tree / name, source / target)


def release(tree: Path) -> str:
    """As uname will say it."""
    return (tree / "include/config/kernel.release").read_text().strip()


def _identity(tree: Path) -> dict[str, str]:
    """So that one source gives one kernel, whoever builds it and when.

    See Documentation/kbuild/reproducible-builds.rst.
    """
    when = time.gmtime((tree / "Makefile").stat().st_mtime)
    return {
        "KBUILD_BUILD_USER": BUILDER,
        "KBUILD_BUILD_HOST": BUILDER,
        "KBUILD_BUILD_VERSION": "1",
        "KBUILD_BUILD_TIMESTAMP": time.strftime("%a %b %e %H:%M:%S UTC %Y", when),
    }


def _is_busybox(file: Path) -> bool:
    return file.name == "busybox" and file.parent.name == "bin"
