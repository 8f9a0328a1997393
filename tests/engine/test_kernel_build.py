"""lvsnet's own guest kernel: building it, by a source that takes no minutes, and what it can do."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lvsnet import apt, cache, resources
from lvsnet.engine import kernel, kernel_probes
from lvsnet.errors import LvsnetError
from lvsnet.guest.kernels import archive, building, built, packed, recipe, running
from lvsnet.guest.kernels.model import Kernel
from lvsnet.guest.modules import load_order
from lvsnet.progress import silent

SOURCE = "linux-source-7.2 7.2.9-1"
CONFIG = "CONFIG_IP_VS=y\n# CONFIG_MODULES is not set\n"
PATCH = """\
--- a/seed.c
+++ b/seed.c
@@ -1 +1 @@
-random
+seed
"""
MAKEFILE = """\
allnoconfig:
\tcp "$(KCONFIG_ALLCONFIG)" .config
linux:
\t@grep -q seed seed.c
\t@for n in $$(seq 900); do echo "  CC      file$$n.o"; done
\t@echo "$$KBUILD_BUILD_USER@$$KBUILD_BUILD_HOST $$KBUILD_BUILD_TIMESTAMP"
\t@cp /bin/true linux
\t@echo kernel/net/netfilter/ipvs/ip_vs.ko >modules.builtin
"""
DROPS = 'allnoconfig:\n\tgrep -v IP_VS "$(KCONFIG_ALLCONFIG)" >.config\n'
HANGS = "linux:\n\t@echo $$$$ >pid; sleep 300; true\n"
PATIENCE_S = 10.0


@pytest.fixture
def kernel_recipe(tmp_path: Path) -> Path:
    directory = tmp_path / "recipe"
    (directory / "patches").mkdir(parents=True)
    (directory / "config").write_text(CONFIG)
    (directory / "patches/0001-seed.patch").write_text(PATCH)
    return directory


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What is unpacked, as far as the building of it goes."""
    directory = tmp_path / "work" / "linux"
    for name, text in {
        "Makefile": MAKEFILE,
        "seed.c": "random\n",
        "COPYING": "GPL-2.0 WITH Linux-syscall-note\n",
        "LICENSES/preferred/GPL-2.0": "GPL\n",
        "include/config/kernel.release": "7.2.9-lvsnet\n",
    }.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory


@pytest.fixture
def workshop(tmp_path: Path) -> running.Workshop:
    log = tmp_path / "logs" / "build.log"
    running.begin(log)
    return running.Workshop(log, apt.environment(os.environ), time.monotonic() + 60)


@pytest.fixture
def compiled(
    workshop: running.Workshop, tree: Path, kernel_recipe: Path
) -> Callable[[], list[str]]:
    """Compiles; what was told meanwhile."""

    def compile_it() -> list[str]:
        told: list[str] = []
        building.compile_in(workshop, tree, kernel_recipe, SOURCE, told.append)
        return told

    return compile_it


def test_an_entry_has_what_a_kernel_is_read_from(
    compiled: Callable[[], list[str]],
    workshop: running.Workshop,
    tree: Path,
    kernel_recipe: Path,
    tmp_path: Path,
) -> None:
    told = compiled()
    assert "guest kernel: configuring" in told
    shares = [match[1] for one in told if (match := re.search(r"files, (\d+) %", one))]
    assert shares == [f"{10 * n}" for n in range(1, len(shares) + 1)]
    assert len(shares) > 5
    # Whoever builds it, and whenever, it is the same kernel.
    assert re.search(r"^lvsnet@lvsnet \w{3} \w{3} .* UTC \d{4}$", workshop.log.read_text(), re.M)
    entry = tmp_path / "entry"
    entry.mkdir()
    building.collect(tree, kernel_recipe, entry)
    shutil.copy("/bin/true", entry / packed.BUSYBOX)
    packed.write_about(
        entry, packed.About(packed.FORMAT, building.release(tree), SOURCE, "busybox-static 1")
    )
    found = packed.read(entry, "built", "")
    assert (found.version, found.package) == ("7.2.9-lvsnet", SOURCE)
    assert subprocess.run([found.binary], timeout=10, check=False).returncode == 0
    order = load_order(
        (found.modules / "modules.dep").read_text(),
        (found.modules / "modules.builtin").read_text(),
        ["ip_vs"],
    )
    assert order == ()
    kept = {str(path.relative_to(entry / packed.SOURCE)) for path in entry.rglob("source/**/*")}
    assert kept == {"config", "patches", "patches/0001-seed.patch", "COPYING", "GPL-2.0"}


def test_a_patch_that_does_not_apply_is_named(
    compiled: Callable[[], list[str]], tree: Path
) -> None:
    (tree / "seed.c").write_text("something else\n")
    with pytest.raises(LvsnetError) as caught:
        compiled()
    text = str(caught.value)
    assert text.startswith(f"lvsnet's patch 0001-seed.patch does not apply to {SOURCE}: ")
    assert "FAILED" in text


def test_an_option_without_effect_ends_the_build_before_it_compiles(
    compiled: Callable[[], list[str]], tree: Path, workshop: running.Workshop
) -> None:
    (tree / "Makefile").write_text(DROPS)
    with pytest.raises(LvsnetError, match=f"no effect in {SOURCE}: CONFIG_IP_VS is n, not y"):
        compiled()
    assert "CC" not in workshop.log.read_text()


def test_a_failed_build_shows_the_end_of_its_log(
    compiled: Callable[[], list[str]], tree: Path, workshop: running.Workshop
) -> None:
    (tree / "Makefile").write_text(MAKEFILE.replace("@cp /bin", "@echo 'oh no' >&2; false /bin"))
    with pytest.raises(LvsnetError) as caught:
        compiled()
    text = str(caught.value)
    assert text.startswith(f"{SOURCE} could not be compiled: exit code 2. Its last lines:\n")
    assert "  oh no\n" in text
    assert text.endswith(f"All of them: {workshop.log}")


def gone(pid_file: Path) -> bool:
    """Whether the process that wrote its id there has ended within a while."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid_file.read_text().strip()}/status")
        try:
            if "State:\tZ" in status.read_text():
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


def test_what_takes_too_long_is_ended(workshop: running.Workshop, tree: Path) -> None:
    (tree / "Makefile").write_text(HANGS)
    short = running.Workshop(workshop.log, workshop.environment, time.monotonic() + 2)
    with pytest.raises(LvsnetError, match="It failed: it took too long"):
        running.run(short, ["make", "linux"], tree, "It failed")
    assert gone(tree / "pid")


def test_ctrl_c_ends_what_was_started(workshop: running.Workshop, tree: Path) -> None:
    (tree / "Makefile").write_text("linux:\n\t@echo $$$$ >pid; echo begun; sleep 300; true\n")

    def interrupt(line: str) -> None:
        assert line == "begun"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        running.run(workshop, ["make", "linux"], tree, "It failed", interrupt)
    assert gone(tree / "pid")


def test_what_was_started_ends_with_a_builder_that_is_killed(tree: Path, tmp_path: Path) -> None:
    (tree / "Makefile").write_text(HANGS)
    script = (
        "import os, time\n"
        "from pathlib import Path\n"
        "from lvsnet.guest.kernels import running\n"
        f"log = Path({str(tmp_path / 'log')!r})\n"
        "running.begin(log)\n"
        "shop = running.Workshop(log, dict(os.environ), time.monotonic() + 60)\n"
        f"running.run(shop, ['make', 'linux'], Path({str(tree)!r}), '')\n"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as builder:
        deadline = time.monotonic() + PATIENCE_S
        while not (tree / "pid").exists() or not (tree / "pid").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        builder.send_signal(signal.SIGKILL)
    assert gone(tree / "pid")


def test_without_a_compiler_nothing_is_downloaded_and_nothing_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "SYSTEM", tmp_path / "system")
    monkeypatch.setattr(recipe, "lacking", lambda _keyring: ["bison", "flex"])
    monkeypatch.setattr(archive, "fetch", lambda *_: pytest.fail("it began to fetch"))
    with pytest.raises(LvsnetError, match="packages bison, flex"):
        building.ensure(silent)
    left = [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert left == [".lock"]
    assert built.entries() == []


def test_a_path_that_linux_cannot_be_built_in_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "lacking", lambda _keyring: [])
    monkeypatch.setattr(archive, "fetch", lambda *_: pytest.fail("it began to fetch"))
    with pytest.raises(LvsnetError, match="takes no path with a space"):
        building.build_in(tmp_path / "my cache", silent)


# What follows is about the real one, which `make kernel` builds.


@pytest.fixture(scope="module")
def real() -> Kernel:
    found = built.find()
    if found is None:
        pytest.skip("the guest kernel is not built: make kernel")
    return found


TRIAL = """
import gzip, json, os
from lvsnet.engine import kernel
config = gzip.open("/proc/config.gz", "rt").read()
print("RESULT " + json.dumps([
    os.uname().release, kernel.lacking(json.loads(os.environ["WANTED"])), config,
]))
"""
INIT = """#!/bin/busybox sh
B=%(busybox)s
$B mount -t proc proc /proc
$B mount -t sysfs sysfs /sys
$B ip link set lo up
%(command)s
echo o > /proc/sysrq-trigger
$B sleep 10
"""


def test_every_name_that_a_lab_can_ask_for_is_built_in(real: Kernel) -> None:
    names = ["squashfs", "overlay", "loop", *kernel.USUAL, "ip_vs_pe_sip"]
    names += ["nlmon", "nf_nat", "nft_masq", "nft_ct", "sch_tbf", "sch_htb", "ifb", "bonding"]
    dependencies = (real.modules / "modules.dep").read_text()
    assert load_order(dependencies, (real.modules / "modules.builtin").read_text(), names) == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="trying out a kernel needs root")
def test_it_boots_and_can_do_all_that_a_lab_can_ask_for(real: Kernel, tmp_path: Path) -> None:

    kinds = [name for name in kernel_probes.KINDS if name != "wireguard"]
    wanted = [*kernel.USUAL, *kinds, *kernel_probes.FAMILIES, *kernel_probes.QDISCS]
    command = shlex.join(
        ["env", f"WANTED={json.dumps(wanted)}", f"PYTHONPATH={resources.PACKAGE.parent}",
         sys.executable, "-c", TRIAL]
    )  # fmt: skip
    init = tmp_path / "init"
    init.write_text(INIT % {"busybox": real.busybox, "command": command})
    init.write_text(init.read_text().replace("#!/bin/busybox", f"#!{real.busybox}"))
    init.chmod(0o755)
    done = subprocess.run(
        [
            str(real.binary), "mem=512M", "rootfstype=hostfs", "root=/dev/root", "ro",
            f"init={init}", "con=null", "con0=null,fd:1", "seccomp=on", "quiet",
            f"uml_dir={tmp_path}/", "umid=test", "noreboot", "panic=-1", *real.command_line,
        ],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=60,
        check=False, cwd=real.binary.parents[1],
    )  # fmt: skip
    said = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), "")
    assert said, done.stdout
    release, lacking, config = json.loads(said.removeprefix("RESULT "))
    assert release == real.version
    assert lacking == []
    fragment = (built.files(resources.directory("kernel"))[0]).read_text()
    assert recipe.without_effect(fragment, config) == []
