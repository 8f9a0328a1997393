"""containerlab (https://containerlab.dev) from Python: its commands, with typed results.

    tool = containerlab.find()
    topology = Path("dr.clab.yml")
    for container in containerlab.deploy(tool, topology):
        print(container.name, container.state)
    for done in containerlab.execute(tool, topology, "lb01", ["ipvsadm", "-Ln"]):
        print(done.code, done.output)
    containerlab.destroy(tool, topology)

It runs as the program on PATH, or in its own image through Docker, as its documentation says. Every
call has a deadline. What it says on standard error is quoted when it fails, and given to ``report``
line by line while it works. Checked against the sources of version 0.79.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lvsnet.containerlab_json import Container, Execution, containers, executions
from lvsnet.containerlab_process import Ended, run
from lvsnet.errors import LvsnetError
from lvsnet.progress import Report, silent

__all__ = [
    "Container",
    "Containerlab",
    "Execution",
    "LeftoverError",
    "deploy",
    "destroy",
    "destroy_named",
    "execute",
    "find",
    "inspect",
    "save",
    "version",
]

PROGRAM = "containerlab"
IMAGE_VARIABLE = "LVSNET_CONTAINERLAB_IMAGE"
INSTALLATION = "https://containerlab.dev/install/"

DEPLOY_S = 1800.0
"""Seconds for a deployment, in which images may be pulled; with them here it takes seconds."""
DESTROY_S = 300.0
SAVE_S = 300.0
LOOK_S = 60.0
EXEC_S = 120.0

NODE_LABEL = "clab-node-name"
"""The label with which containerlab marks a container with its node's name in the topology."""
FAILED_EXEC = re.compile(r"failed to execute c|error on exec in node|error parsing command", re.I)
"""How its log tells that a command of the topology's failed: its exit code does not.

The words of exec/exec.go, nodes/default_node.go and core/dependency_manager/dependency_node.go.
"""


class LeftoverError(LvsnetError):
    """A deployment failed, and so did taking it back: something of the lab is left."""


@dataclass(frozen=True)
class Containerlab:
    """How containerlab is run."""

    program: str = PROGRAM
    """The local program, a name on PATH or a path; not used when ``image`` is given."""
    image: str = ""
    """containerlab's own image, to be run by ``docker run``; empty for the local program."""
    socket: str = "/var/run/docker.sock"
    """The Docker engine's socket, for ``image``."""


def find(environment: Mapping[str, str] = os.environ) -> Containerlab:
    """The image that ``$LVSNET_CONTAINERLAB_IMAGE`` names, else the program on ``$PATH``.

    Raises LvsnetError when there is neither, with what to install.
    """
    if image := environment.get(IMAGE_VARIABLE, ""):
        if shutil.which("docker", path=environment.get("PATH")) is None:
            raise LvsnetError(
                f"{IMAGE_VARIABLE} is set, but there is no program docker to run {image} with; "
                f"install it, or unset the variable and install containerlab: {INSTALLATION}"
            )
        host = environment.get("DOCKER_HOST", "")
        if host and not host.startswith("unix://"):
            raise LvsnetError(
                f"DOCKER_HOST is {host}, but containerlab wires nodes on the machine that it runs "
                "on; set it to a unix:// socket, or unset it"
            )
        return Containerlab(image=image, socket=host.removeprefix("unix://") or Containerlab.socket)
    if shutil.which(PROGRAM, path=environment.get("PATH")) is None:
        raise LvsnetError(
            f"There is no program {PROGRAM}. Install it ({INSTALLATION}), or set {IMAGE_VARIABLE} "
            "to containerlab's own image, whose name is in the section Container of that page. "
            "`--runtime docker` runs the same lab and needs neither."
        )
    return Containerlab()


def version(tool: Containerlab) -> tuple[int, int, int]:
    """Such as ``(0, 79, 0)``; a build without a version says ``(0, 0, 0)``."""
    said = _answer(tool, Path.cwd(), ["version"], LOOK_S)
    match = re.search(r"^\s*version: *v?(\d+)\.(\d+)\.(\d+)", said, re.MULTILINE)
    if match is None:
        raise LvsnetError(f"`{PROGRAM} version` says no version: {said.strip()[-200:]}")
    return int(match[1]), int(match[2]), int(match[3])


def deploy(
    tool: Containerlab, topology: Path, report: Report = silent, deadline: float = DEPLOY_S
) -> tuple[Container, ...]:
    """Deploy the lab of a topology file; its containers.

    What fails is destroyed again, a command in the topology's ``exec`` too, which for containerlab
    itself is no failure; so is everything on Ctrl-C and when ``deadline`` seconds have passed.

    Raises:
        LvsnetError: containerlab's own last lines; or a lab of this name runs already, which is
            left alone (containerlab itself would change it).
        LeftoverError: it failed, and could not be destroyed.
    """
    if there := _running(tool, topology):
        raise LvsnetError(
            f"{topology}: lab {there.lab} runs already: {there.name} is {there.state}; "
            f"`{PROGRAM} destroy --name {there.lab}` ends it"
        )
    arguments = ["deploy", "--topo", topology.name, "--format", "json"]
    try:
        ended = _run(tool, topology.parent, arguments, deadline, report)
        if said := failed_commands(ended.log):
            raise LvsnetError(f"{topology.name}: a command of the topology's failed:\n{said}")
        return _flat(containers(ended.output))
    except BaseException as error:
        _take_back(tool, topology, error)
        raise


def destroy(tool: Containerlab, topology: Path, deadline: float = DESTROY_S) -> None:
    """Destroy a topology's lab, and the directory that containerlab made for it.

    A lab that does not run is fine.
    """
    arguments = ["destroy", "--topo", topology.name, "--cleanup"]
    _run(tool, topology.parent, arguments, deadline, silent)


def destroy_named(tool: Containerlab, lab: str, deadline: float = DESTROY_S) -> None:
    """Destroy a lab that runs, by its name; for one whose topology file is gone."""
    _run(tool, Path.cwd(), ["destroy", "--name", lab, "--cleanup"], deadline, silent)


def inspect(tool: Containerlab, lab: str = "") -> Mapping[str, tuple[Container, ...]]:
    """The containers of a lab, or of every lab that containerlab runs: lab -> containers.

    Empty when none runs.
    """
    chosen = ["--name", lab] if lab else ["--all"]
    return containers(_answer(tool, Path.cwd(), ["inspect", *chosen, "--format", "json"], LOOK_S))


def execute(
    tool: Containerlab,
    topology: Path,
    node: str,
    argv: Sequence[str],
    deadline: float = EXEC_S,
) -> tuple[Execution, ...]:
    """Run a command in ``node``, or with ``""`` in every node; what came of it, by container.

    A command that fails is a result: look at its ``code``.

    Raises:
        LvsnetError: there is no such node, or the command could not be run there.
    """
    chosen = ["--label", f"{NODE_LABEL}={node}"] if node else []
    command = ["--cmd", shlex.join(argv), "--format", "json"]
    arguments = ["exec", "--topo", topology.name, *chosen, *command]
    found = executions(_answer(tool, topology.parent, arguments, deadline))
    if not found:
        raise LvsnetError(
            f"{topology}: {shlex.join(argv)} ran in no node{f' {node}' if node else ''}; "
            "it is not running, or its image has no such program"
        )
    return found


def save(
    tool: Containerlab, topology: Path, copy: Path | None = None, deadline: float = SAVE_S
) -> None:
    """Have every node whose kind can do so save its configuration, and copy it to ``copy``."""
    target = [] if copy is None else ["--copy", str(copy.resolve())]
    _run(tool, topology.parent, ["save", "--topo", topology.name, *target], deadline, silent)


def command_line(
    tool: Containerlab, directory: Path, arguments: Sequence[str], name: str
) -> list[str]:
    """The whole command, to be run in ``directory``; ``name`` is for a container that it makes.

    An image is run as containerlab's documentation has it (Installation, Container), less the
    terminal, and with the engine's socket in the place where containerlab looks for it.
    """
    if not tool.image:
        return [tool.program, *arguments]
    here = str(directory)
    mounts = (
        f"{tool.socket}:/var/run/docker.sock",
        "/var/run/netns:/var/run/netns",
        "/etc/hosts:/etc/hosts",
        "/var/lib/docker/containers:/var/lib/docker/containers",
        f"{here}:{here}",
    )
    volumes = [part for mount in mounts for part in ("--volume", mount)]
    fixed = ["--rm", "--name", name, "--privileged", "--network", "host", "--pid", "host"]
    return ["docker", "run", *fixed, *volumes, "--workdir", here, tool.image, PROGRAM, *arguments]


def failed_commands(log: Sequence[str]) -> str:
    """The lines of a log that tell of a failed command, with their continuations; else empty."""
    found: list[str] = []
    within = False
    for line in log:
        within = bool(FAILED_EXEC.search(line)) or (within and line[:1] in (" ", "\t", "│"))
        if within:
            found.append(line)
    return "\n".join(found)


def _running(tool: Containerlab, topology: Path) -> Container | None:
    """A container of the topology's lab, or of another one that has its name."""
    text = topology.read_text(encoding="utf-8") if topology.is_file() else ""
    name = re.search(r"""^name: *["']?([^"'\s#]+)""", text, re.MULTILINE)
    for container in _flat(inspect(tool)):
        if container.topology == str(topology.resolve()) or (name and container.lab == name[1]):
            return container
    return None


def _take_back(tool: Containerlab, topology: Path, error: BaseException) -> None:
    try:
        destroy(tool, topology)
    except LvsnetError as left:
        # A topology that cannot be read cannot be destroyed either, and nothing is left of it.
        if _running(tool, topology) is None:
            return
        said = f"{error}\n" if str(error) else ""
        raise LeftoverError(f"{said}What was made of it could not be destroyed: {left}") from error


def _answer(tool: Containerlab, directory: Path, arguments: list[str], deadline: float) -> str:
    return _run(tool, directory, arguments, deadline, silent).output


def _run(
    tool: Containerlab, directory: Path, arguments: list[str], deadline: float, report: Report
) -> Ended:
    where = directory.resolve()
    name = f"lvsnet-containerlab-{os.getpid()}" if tool.image else ""
    ended = run(command_line(tool, where, arguments, name), where, deadline, report, name)
    if ended.code:
        said = "\n".join(ended.log[-10:]) or "(it said nothing)"
        raise LvsnetError(
            f"`{PROGRAM} {' '.join(arguments)}` in {directory} ended with code {ended.code}; "
            f"its last lines:\n{said}{_advice(tool, said)}"
        )
    return ended


def _advice(tool: Containerlab, said: str) -> str:
    """What to do about what containerlab says most often."""
    if re.search(r"root privileges|SUID|clab_admins", said):
        return (
            "\ncontainerlab needs root: use sudo, or let it be set up for operation without "
            f"(Sudo-less operation, {INSTALLATION})"
        )
    if "docker daemon" in said.lower() or "docker.sock" in said:
        return f"\nIs a Docker engine running, and may this user use it ({tool.socket})?"
    if re.search(r"field \S+ not found in type", said):
        return "\nThis containerlab is too old for the topology: `containerlab version upgrade`"
    return ""


def _flat(by_lab: Mapping[str, tuple[Container, ...]]) -> tuple[Container, ...]:
    return tuple(container for found in by_lab.values() for container in found)
