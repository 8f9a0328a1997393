"""A guest's hostfs root and its kernel's command line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import lvsnet
from lvsnet.guest import carried, places
from lvsnet.plan import codec

LINE_IN, LINE_OUT = 10, 11
"""The serial line's ends have fixed numbers, since the command line feeds the random pool."""

IMAGE = "node.squashfs"
"""The node file system: a disk of the guest's, or in virtual time the file behind a loop device,
which keeps it in memory twice. A disk answers when the host has read, and until then a guest in
virtual time has nothing to do, so that its clock runs away; hostfs makes it wait.
"""
CLOCK = "clock"
"""The controller's socket of a guest in virtual time, beside what UML makes for itself."""

EARLY = ("squashfs",)
"""Modules that the init needs to mount the root."""
LATER = ("overlay",)
"""Modules that every lab needs."""

AGENT = (
    "__init__.py",
    "endpoint.py",
    "errors.py",
    "json_shapes.py",
    "progress.py",
    "engine/__init__.py",
    "engine/capabilities.py",
    "engine/cgroups.py",
    "engine/covers.py",
    "engine/daemons.py",
    "engine/deploy.py",
    "engine/devices.py",
    "engine/dial.py",
    "engine/fault_links.py",
    "engine/fault_netem.py",
    "engine/fault_processes.py",
    "engine/fault_service.py",
    "engine/faulting.py",
    "engine/files.py",
    "engine/generic.py",
    "engine/judges.py",
    "engine/link_counters.py",
    "engine/links.py",
    "engine/logs.py",
    "engine/namespaces.py",
    "engine/netlink.py",
    "engine/network.py",
    "engine/nftables.py",
    "engine/nginx_running.py",
    "engine/nginx_text.py",
    "engine/noting.py",
    "engine/processes.py",
    "engine/qdiscs.py",
    "engine/ready.py",
    "engine/reconfigure.py",
    "engine/runtime.py",
    "engine/runtimes/__init__.py",
    "engine/runtimes/crun.py",
    "engine/runtimes/disks.py",
    "engine/runtimes/oci.py",
    "engine/runtimes/overlay.py",
    "engine/syscalls.py",
    "guest/__init__.py",
    "guest/agent.py",
    "guest/carried.py",
    "guest/children.py",
    "guest/console.py",
    "guest/modules_loader.py",
    "guest/mounts.py",
    "guest/process.py",
    "guest/requests.py",
    "guest/wire.py",
    "faults/__init__.py",
    "faults/checking.py",
    "faults/model.py",
    "faults/text.py",
    "host/__init__.py",
    "host/acts.py",
    "host/journal.py",
    "host/leftovers.py",
    "host/lock.py",
    "host/state.py",
    "keepalived/__init__.py",
    "keepalived/definitions.py",
    "keepalived/endless.py",
    "keepalived/expanding.py",
    "keepalived/including.py",
    "keepalived/lexing.py",
    "keepalived/messages.py",
    "keepalived/reading.py",
    "keepalived/tree.py",
    "keepalived/verdict.py",
    "keepalived/writer.py",
    "lab/__init__.py",
    "lab/suggest.py",
    "observe/__init__.py",
    "observe/acts.py",
    "observe/arp.py",
    "observe/beside.py",
    "observe/capture_aims.py",
    "observe/capture_ears.py",
    "observe/capture_loop.py",
    "observe/capture_model.py",
    "observe/capturing.py",
    "observe/conditions.py",
    "observe/connection_table.py",
    "observe/decode.py",
    "observe/event.py",
    "observe/event_loop.py",
    "observe/events.py",
    "observe/first.py",
    "observe/frame_order.py",
    "observe/inotify.py",
    "observe/ipvs.py",
    "observe/journal_watch.py",
    "observe/lab_watch.py",
    "observe/log_files.py",
    "observe/logs_watch.py",
    "observe/model.py",
    "observe/nd.py",
    "observe/node_watch.py",
    "observe/nodes.py",
    "observe/notices.py",
    "observe/outlet.py",
    "observe/packet.py",
    "observe/packet_filter.py",
    "observe/packet_ip.py",
    "observe/packet_words.py",
    "observe/past.py",
    "observe/sample.py",
    "observe/sampling.py",
    "observe/screen.py",
    "observe/settling.py",
    "observe/site.py",
    "observe/table_looking.py",
    "observe/table_model.py",
    "observe/table_reading.py",
    "observe/tables.py",
    "observe/taps.py",
    "observe/telling.py",
    "observe/transitions.py",
    "observe/watching.py",
    "plan/__init__.py",
    "plan/codec.py",
    "plan/difference.py",
    "plan/model.py",
    "scenario/__init__.py",
    "scenario/acts.py",
    "scenario/bench.py",
    "scenario/carrying.py",
    "scenario/course.py",
    "scenario/expecting.py",
    "scenario/key_packets.py",
    "scenario/model.py",
    "scenario/recording.py",
    "scenario/result.py",
    "scenario/running.py",
    "scenario/steps.py",
    "scenario/watch.py",
    "scenario/wire.py",
    "scenario/words.py",
    "scenario/world.py",
    "signals.py",
    "traffic/__init__.py",
    "traffic/acts.py",
    "traffic/analysis.py",
    "traffic/checking.py",
    "traffic/connection.py",
    "traffic/detached.py",
    "traffic/generator.py",
    "traffic/homes.py",
    "traffic/http.py",
    "traffic/lines.py",
    "traffic/model.py",
    "traffic/nodes.py",
    "traffic/records.py",
    "traffic/responder.py",
    "traffic/running.py",
    "traffic/schedule.py",
    "traffic/story.py",
)
"""What of lvsnet runs in the guest."""


@dataclass(frozen=True)
class VirtualTime:
    """The clock of a guest whose time its supervisor keeps."""

    start: int
    """The calendar's time at boot, in nanoseconds since 1970 (UTC)."""
    seed: int
    """What all randomness in the guest is drawn from."""


@dataclass(frozen=True)
class Machine:
    """What a guest is made of."""

    kernel: str
    """Path of the UML binary; its C library lies beside it."""
    parameters: tuple[str, ...]
    """Beyond those that every guest gets."""
    busybox: str
    image: str
    release: str
    """The kernel's, as uname says it: ``7.2.7``."""
    module_tree: str
    """Directory of all its modules, with what depmod made of them."""
    early_modules: tuple[str, ...]
    """Paths below ``module_tree``, in the order to load them, of what `EARLY` names."""
    memory: str
    """As the kernel's mem= takes it: ``512M``."""
    window: int
    """Bytes that its line takes before it has acknowledged any (`lvsnet.guest.wire`)."""
    virtual: VirtualTime | None = None
    """None: the host's clock is the guest's too."""
    code: str = ""
    """The agent's modules in one file (`lvsnet.guest.agent_code`); empty: they are not compiled."""


def machine(configuration: Mapping[str, object]) -> Machine:
    """The machine that a supervisor is told to run."""
    return codec.decode(Machine, configuration["machine"], "machine")


def lay_out(machine: Machine, root: Path) -> None:
    """Make the hostfs root: links where the file system allows, for the image is 100 MB.

    Raises:
        OSError: no room, or the cache was taken away meanwhile.
    """
    directories = ("bin", "dev", "early", "kernel", "new", "proc", places.SHARE)
    for directory in directories:
        (root / directory).mkdir(parents=True)
    for file in Path(machine.kernel).parent.iterdir():
        _link(file, root / "kernel" / file.name)
    _link(Path(machine.busybox), root / "bin/busybox")
    _point(machine.image, root / IMAGE)
    for number, path in enumerate(machine.early_modules):
        source = Path(machine.module_tree) / path
        _link(source, root / "early" / f"{number:03}-{source.name}")
    tree = root / "lib/modules" / machine.release
    _link_tree(machine.module_tree, tree)
    package = Path(lvsnet.__file__).parent
    for program, target in (("init", root / "init"), ("modprobe", root / "bin/modprobe")):
        shutil.copyfile(package / "guest" / program, target)
        target.chmod(0o755)
    _lay_out_agent(machine, root / "agent")


def sources() -> Iterator[tuple[str, Path]]:
    """What of lvsnet runs in the guest: each module's path below the package, and where it is."""
    package = Path(lvsnet.__file__).parent
    return ((name, package / name) for name in AGENT)


def _lay_out_agent(machine: Machine, directory: Path) -> None:
    """Copies, and no links: what is in the cache is out of every guest's reach."""
    directory.mkdir()
    shutil.copyfile(Path(carried.__file__), directory / "carried.py")
    if machine.code:
        shutil.copyfile(machine.code, directory / carried.CODE)
        return
    for name, path in sources():
        target = directory / "lvsnet" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def command(machine: Machine) -> list[str]:
    """The guest's command line (Documentation/virt/uml/user_mode_linux_howto_v2.rst).

    It is to be run in the hostfs root, and names no other directory: the user whom the guest runs
    as may not be able to come there by its path. ``hostfs=`` takes absolute paths only, and is the
    inner fence (``..`` leads over it; see `lvsnet.guest.landlock`). ``seccomp=on`` is 1.5 times as
    fast as ptrace.
    """
    return [
        f"kernel/{Path(machine.kernel).name}",
        f"mem={machine.memory}",
        "hostfs=/proc/self/cwd",
        "rootfstype=hostfs",
        "root=/dev/root",
        "ro",
        "init=/init",
        "con=null",
        "con0=null,fd:1",
        f"ssl0=fd:{LINE_IN},fd:{LINE_OUT}",
        "seccomp=on",
        "quiet",
        f"uml_dir=../{places.UML}/",
        "umid=guest",
        "noreboot",
        "panic=-1",
        *(_in_virtual_time(machine.virtual) if machine.virtual else (f"ubd0r={IMAGE}",)),
        *machine.parameters,
    ]


def _in_virtual_time(virtual: VirtualTime) -> tuple[str, ...]:
    return (
        f"time-travel=ext:../{places.UML}/{CLOCK}",
        f"time-travel-start={virtual.start}",
        f"seed={virtual.seed}",
    )


def processors(allowed: Sequence[int], labs: int) -> set[int]:
    """The one processor for the next guest when ``labs`` run already: they take turns.

    A guest that wanders between processors is up to four times as slow.
    """
    return {sorted(allowed)[labs % len(allowed)]}


def _link_tree(source: str, target: Path) -> None:
    """Hundreds of files, which `shutil.copytree` takes 0.03 s for."""
    for directory, _below, files in os.walk(source):
        there = target / os.path.relpath(directory, source)
        there.mkdir(parents=True)
        for file in files:
            _link(f"{directory}/{file}", f"{there}/{file}")


def _point(source: str, target: Path) -> None:
    """A link, or else, of what a symbolic link can lead to, that: nobody copies 100 MB for a lab.

    The guest of a lab of root's is run by another user, who may not be able to follow one.
    """
    try:
        os.link(source, target)
    except OSError:
        if os.geteuid() == 0:
            shutil.copyfile(source, target)
        else:
            # Such as the system's cache: files of others may not be linked (proc_sys_fs(5)).
            target.symlink_to(source)


def _link(source: Path | str, target: Path | str) -> None:
    try:
        os.link(source, target)
    except OSError:
        # Another file system, or one without links.
        shutil.copy(source, target)
