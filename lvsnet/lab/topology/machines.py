"""Nodes of kind linux: from what is written, on all levels, to one Machine."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lvsnet.errors import LabFileError
from lvsnet.lab import values as single
from lvsnet.lab.source import read_text
from lvsnet.lab.topology import commands, keys, levels, values
from lvsnet.lab.topology.binds import Room, bound_files
from lvsnet.lab.topology.env import parse_env
from lvsnet.lab.topology.levels import Spec
from lvsnet.lab.topology.model import OWN_LABELS, Machine, NameService, Port
from lvsnet.lab.topology.values import Text, Told
from lvsnet.lab.values import shown

IMPORT_ALL = "__IMPORT_ENVS"
IN_MEMORY = ("/run", "/tmp")
"""What can be a tmpfs in every node of lvsnet."""
_UNCONFINED = frozenset(
    f"{name}{sign}{value}"
    for sign in "=:"
    for name, value in (("apparmor", "unconfined"), ("label", "disable"))
)
_NO_EFFECT_ON_PRIVILEGED = frozenset({"seccomp=unconfined", "seccomp:unconfined"})


@dataclass(frozen=True)
class Surroundings:
    """What nodes have in common."""

    lab: str
    folder: Path
    """The topology's."""
    ports: Mapping[str, tuple[Port, ...]]
    stages: Mapping[str, int]
    room: Room

    @property
    def lab_directory(self) -> Path:
        """Where containerlab would put what it makes (types/topo_paths.go)."""
        return self.folder.absolute() / f"clab-{self.lab}"


def machine(spec: Spec, staged: list[commands.Staged], around: Surroundings, told: Told) -> Machine:
    expand = _magic(spec.name, around)
    privileged = levels.switch(spec, "privileged", told) is not False
    labels = {name: one.text for name, one in levels.mapping(spec, "labels", told).items()}
    if not any(name.startswith(OWN_LABELS) for name in labels):
        # What lvsnet exports says by commands for the host what the engine does anyway.
        commands.warn_of_host_commands(staged, told)
    _warn_and_refuse(spec, told)
    _judge_values(spec, privileged, told)
    return Machine(
        name=spec.name,
        ports=around.ports.get(spec.name, ()),
        image=_image(spec, told),
        entrypoint=commands.words(levels.text(spec, "entrypoint", told), str, told),
        command=commands.words(levels.text(spec, "cmd", told), str, told),
        user=_user(spec, told),
        commands=commands.node_commands(spec, staged, expand, told),
        environment=tuple(_environment(spec, around, told).items()),
        labels=tuple(labels.items()),
        sysctls=tuple(_sysctls(spec, privileged, told).items()),
        capabilities=_capabilities(spec, privileged, told),
        privileged=privileged,
        tmpfs=_tmpfs(spec, told),
        files=bound_files(
            levels.texts(spec, "binds", told), expand, around.folder, around.room, told
        ),
        name_service=_name_service(spec, told),
        stage=around.stages.get(spec.name, 1),
    )


def _magic(node: str, around: Surroundings) -> Callable[[str], str]:
    """What stands for the variables that containerlab puts in (magicVarReplacer)."""
    directory = around.lab_directory
    variables = {
        "__clabDir__": str(directory),
        "__clabLabName__": directory.name,
        "__clabNodeDir__": str(directory / node),
        "__clabNodeName__": node,
    }
    pattern = re.compile("|".join(variables))
    return lambda text: pattern.sub(lambda one: variables[one[0]], text)


def _warn_and_refuse(spec: Spec, told: Told) -> None:
    for level in spec.levels:
        for key, entry in level.table.entries.items():
            at = values.inner(level.table, key, level.path)
            if at is None or values.is_empty(at):
                continue
            where = f"{level.path}.{key}"
            if key in keys.REFUSED:
                told.error(entry.key, f"{where}: {keys.REFUSED[key]}")
            elif key in keys.LEFT_OUT:
                loss = keys.LEFT_OUT[key]
                told.warning(entry.key, loss.rule, f"{where}: {loss.why}")


def _judge_values(spec: Spec, privileged: bool, told: Told) -> None:
    """Keys that are all right with one value and not with another."""
    mode = levels.text(spec, "network-mode", told)
    if mode is not None and mode.text not in ("none", "bridge"):
        why = "every node of lvsnet has a network of its own"
        told.error(mode.mark, f"{mode.path}: {why}; take it out, or write none")
    hostname = levels.text(spec, "hostname", told)
    if hostname is not None and hostname.text != spec.name:
        why = f"a node's host name is its own name in lvsnet, {spec.name}"
        told.error(hostname.mark, f"{hostname.path}: {why}")
    runtime = levels.text(spec, "runtime", told)
    if runtime is not None and runtime.text != "docker":
        why = "the runtimes of lvsnet are docker and crun, which `lvsnet deploy --runtime` chooses"
        told.error(runtime.mark, f"{runtime.path}: {why}")
    cgroups = levels.text(spec, "cgroupns-mode", told)
    if cgroups is not None and cgroups.text != "private":
        told.error(cgroups.mark, f"{cgroups.path}: every node of lvsnet sees its own cgroup only")
    for volume in levels.texts(spec, "volumes", told):
        if ":" in volume.text:
            why = "lvsnet has no volumes; a node's disk lasts as long as the lab"
            told.error(volume.mark, f"{volume.path}: {why}")
    for option in levels.texts(spec, "security-opts", told):
        of_none = _NO_EFFECT_ON_PRIVILEGED if privileged else frozenset()
        if option.text not in _UNCONFINED | of_none:
            why = f"lvsnet cannot run a node with {shown(option.text)}"
            told.error(option.mark, f"{option.path}: {why}")
    _warn_of_values(spec, told)


def _warn_of_values(spec: Spec, told: Told) -> None:
    restart = levels.text(spec, "restart-policy", told)
    policies = {"no": False, "always": True, "on-failure": True, "unless-stopped": True}
    if restart is not None and values.one_of(restart, policies, told):
        why = "a process that ends stays ended; lvsnet does not start it again"
        told.warning(restart.mark, "topology-restart", f"{restart.path}: {why}")
    policy = levels.text(spec, "image-pull-policy", told)
    pulls = {"ifnotpresent": False, "always": True, "never": True}
    if policy is not None and values.one_of(policy, pulls, told):
        why = "lvsnet pulls an image when the Docker engine has it not, and only then"
        told.warning(policy.mark, "topology-image-pull", f"{policy.path}: {why}")
    certificate = levels.value(spec, "certificate")
    if certificate is not None:
        inside = values.keys(certificate, told)
        known = ("issue", "sans", "key-size", "validity-duration")
        values.known_keys(inside, certificate.path, known, told)
        issue = values.inner(inside, "issue", certificate.path)
        if issue is not None and values.switch(issue, told):
            why = "lvsnet issues no certificates"
            told.warning(issue.mark, "topology-certificate", f"{issue.path}: {why}")


def _image(spec: Spec, told: Told) -> str:
    image = levels.text(spec, "image", told)
    if image is None:
        told.missing("image", spec.mark, spec.path)
    return values.valid(image, single.image, told) or ""


def _user(spec: Spec, told: Told) -> str:
    user = levels.text(spec, "user", told)
    if user is None:
        return ""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?", user.text):
        why = f"{shown(user.text)} is not a user, such as nobody, 1000 or www-data:www-data"
        told.error(user.mark, f"{user.path}: {why}")
    return user.text


def _environment(spec: Spec, around: Surroundings, told: Told) -> dict[str, str]:
    """What files set, unless ``env`` does."""
    found: dict[str, str] = {}
    for line in levels.texts(spec, "env-files", told):
        path = around.folder / Path(line.text).expanduser()
        try:
            found |= parse_env(read_text(path), str(path), os.environ)
        except LabFileError as error:
            told.error(line.mark, f"{line.path}: {error}")
    for name, one in levels.mapping(spec, "env", told).items():
        if name == IMPORT_ALL:
            _refuse_all(one, told)
        elif not name or "=" in name or not name.isprintable():
            told.error(one.mark, f"{one.path}: {shown(name)} is not the name of a variable")
        else:
            found[name] = one.text
    return found


def _refuse_all(one: Text, told: Told) -> None:
    if one.text == "true":
        why = "lvsnet does not hand on all of its environment; name the variables: NAME: ${NAME}"
        told.error(one.mark, f"{one.path}: {why}")


def _sysctls(spec: Spec, privileged: bool, told: Told) -> dict[str, str]:
    found = {}
    for key, one in levels.mapping(spec, "sysctls", told).items():
        named = values.valid(Text(key, one.mark, one.path), single.sysctl_key, told)
        if named is not None and not privileged and not named.startswith(("net.", "net/")):
            why = "is shared by all nodes; only net.* is a node's own (privileged: true allows it)"
            told.error(one.mark, f"{one.path}: {key} {why}")
        found[key] = one.text
    return found


def _capabilities(spec: Spec, privileged: bool, told: Told) -> tuple[str, ...]:
    found = []
    for one in levels.texts(spec, "cap-add", told):
        if one.text.upper() == "ALL":
            if not privileged:
                told.error(one.mark, f"{one.path}: for all of them write privileged: true")
        elif (name := values.valid(one, single.capability, told)) is not None:
            found.append(name)
    return tuple(found)


def _tmpfs(spec: Spec, told: Told) -> tuple[str, ...]:
    """With directories within /run and /tmp, which are no mounts of their own."""
    found = []
    for path, one in levels.mapping(spec, "tmpfs", told).items():
        if Path(path).is_absolute() and any(Path(path).is_relative_to(top) for top in IN_MEMORY):
            found.append(path.rstrip("/"))
        else:
            why = f"only {' and '.join(IN_MEMORY)} are in memory in a node of lvsnet"
            told.error(one.mark, f"{one.path}: {why}")
    return tuple(found)


def _name_service(spec: Spec, told: Told) -> NameService | None:
    at = levels.value(spec, "dns")
    table = values.table(at, told)
    if at is None or table is None:
        return None
    values.known_keys(table, at.path, ("servers", "search", "options"), told)
    parts = {
        key: tuple(one.text for one in values.texts(values.inner(table, key, at.path), told))
        for key in ("servers", "search", "options")
    }
    return NameService(**parts)
