"""What containerlab answers in JSON, as typed values.

The shapes are those of its sources: types.ContainerDetails with cmd/inspect.go, and exec/exec.go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from lvsnet.errors import LvsnetError


@dataclass(frozen=True)
class Container:
    """A container of a lab, as ``containerlab inspect`` has it."""

    lab: str
    name: str
    """Of the container: ``clab-dr-lb01``."""
    id: str
    image: str
    kind: str
    state: str
    """``running``, ``exited``, ``created``, ..."""
    status: str
    """``Up 4 hours``, ``healthy``; empty from versions that do not tell it."""
    ipv4: str
    """In the management network, with prefix length; empty when there is none."""
    ipv6: str
    owner: str
    topology: str
    """Absolute path of the topology file; empty from versions that do not tell it."""


@dataclass(frozen=True)
class Execution:
    """A command that ran in a container."""

    container: str
    argv: tuple[str, ...]
    code: int
    """Its exit code."""
    output: str
    """Its standard output. containerlab passes on what is JSON as such, so that comes re-spaced."""
    errors: str


def containers(text: str) -> Mapping[str, tuple[Container, ...]]:
    """Lab -> containers, from ``inspect --format json`` and ``deploy --format json``.

    Since 0.68 that is a mapping of labs; before it was one list, below ``containers``.
    Raises LvsnetError for anything else.
    """
    value = _json(text)
    if not isinstance(value, dict):
        raise _unknown("inspect", f"{type(value).__name__} instead of an object")
    found: dict[str, tuple[Container, ...]] = {}
    for group in value.values():
        if not isinstance(group, list):
            raise _unknown("inspect", f"{type(group).__name__} instead of a list")
        for entry in group:
            container = _container(entry)
            found[container.lab] = (*found.get(container.lab, ()), container)
    return found


def executions(text: str) -> tuple[Execution, ...]:
    """From ``exec --format json``: container -> list of results, in the order of its answer.

    Raises LvsnetError for anything else; versions before 0.34 told no exit code.
    """
    value = _json(text)
    if not isinstance(value, dict):
        raise _unknown("exec", f"{type(value).__name__} instead of an object")
    found = []
    for container, results in value.items():
        if not isinstance(results, list):
            raise _unknown("exec", f"{container}: {type(results).__name__} instead of a list")
        found += [_execution(container, result) for result in results]
    return tuple(found)


def _container(entry: object) -> Container:
    if not isinstance(entry, dict):
        raise _unknown("inspect", f"a container is {type(entry).__name__} instead of an object")
    return Container(
        lab=_text(entry, "lab_name"),
        name=_text(entry, "name"),
        id=_optional(entry, "container_id"),
        image=_optional(entry, "image"),
        kind=_optional(entry, "kind"),
        state=_text(entry, "state"),
        status=_optional(entry, "status"),
        ipv4=_address(entry, "ipv4_address"),
        ipv6=_address(entry, "ipv6_address"),
        owner=_optional(entry, "owner"),
        topology=_optional(entry, "absLabPath"),
    )


def _execution(container: str, result: object) -> Execution:
    if not isinstance(result, dict):
        raise _unknown("exec", f"a result is {type(result).__name__} instead of an object")
    code, argv, output = result.get("return-code"), result.get("cmd"), result.get("stdout", "")
    # Not bool, which is an int too.
    if type(code) is not int:
        raise _unknown("exec", f"{container}: no exit code (return-code)")
    if not isinstance(argv, list):
        raise _unknown("exec", f"{container}: no command (cmd)")
    return Execution(
        container=container,
        argv=tuple(str(word) for word in argv),
        code=code,
        output=output if isinstance(output, str) else json.dumps(output, ensure_ascii=False),
        errors=_optional(result, "stderr"),
    )


def _json(text: str) -> object:
    try:
        value: object = json.loads(text.strip() or "{}")
    except ValueError as error:
        raise LvsnetError(
            f"containerlab answered what is not JSON ({error}): {text.strip()[:200]}"
        ) from error
    return value


def _text(entry: Mapping[object, object], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise _unknown("inspect", f"{key} is missing")
    return value


def _optional(entry: Mapping[object, object], key: str) -> str:
    value = entry.get(key, "")
    return value if isinstance(value, str) else ""


def _address(entry: Mapping[object, object], key: str) -> str:
    value = _optional(entry, key)
    return "" if value == "N/A" else value


def _unknown(command: str, what: str) -> LvsnetError:
    return LvsnetError(
        f"`containerlab {command} --format json` answered in a form that lvsnet does not know: "
        f"{what}; use containerlab 0.78 or newer"
    )
