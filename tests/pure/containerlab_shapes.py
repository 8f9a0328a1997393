"""What containerlab 0.78 takes of the keys that lvsnet writes (schemas/clab.schema.json).

Other keys would be fatal to it, so they do not fit here. A value that fits has no misfits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

Shape = Callable[[object], list[str]]
"""Value -> what is wrong with it."""


def matching(pattern: str) -> Shape:
    def misfits(value: object) -> list[str]:
        fits = isinstance(value, str) and re.search(pattern, value)
        return [] if fits else [f"{value!r} is no text like {pattern}"]

    return misfits


def flag(value: object) -> list[str]:
    return [] if isinstance(value, bool) else [f"{value!r} is neither true nor false"]


def size(value: object) -> list[str]:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 65535
    return [] if fits else [f"{value!r} is no number of bytes"]


def several(shape: Shape, least: int = 0) -> Shape:
    def misfits(value: object) -> list[str]:
        if not isinstance(value, list) or len(value) < least:
            return [f"{value!r} is no list of at least {least}"]
        return [text for one in value for text in shape(one)]

    return misfits


def distinct(shape: Shape, least: int = 0) -> Shape:
    def misfits(value: object) -> list[str]:
        twice = isinstance(value, list) and len(set(map(repr, value))) < len(value)
        return [f"{value!r} has something twice"] if twice else several(shape, least)(value)

    return misfits


def mapping(key: Shape, shape: Shape) -> Shape:
    def misfits(value: object) -> list[str]:
        if not isinstance(value, dict):
            return [f"{value!r} is no mapping"]
        return [text for name, one in value.items() for text in (*key(name), *shape(one))]

    return misfits


def keys(shapes: Mapping[str, Shape], required: Sequence[str] = ()) -> Shape:
    def misfits(value: object) -> list[str]:
        if not isinstance(value, dict):
            return [f"{value!r} is no mapping"]
        found = [f"{name} is missing" for name in required if name not in value]
        for name, one in value.items():
            if name not in shapes:
                found.append(f"{name} is no key")
            else:
                found += [f"{name}: {text}" for text in shapes[name](one)]
        return found

    return misfits


anything = matching("")
name = matching(r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$")
texts = mapping(anything, anything)
stage = keys(
    {
        "wait-for": several(
            keys(
                {"node": name, "stage": matching("^(create|create-links|configure|healthy|exit)$")},
                ("node", "stage"),
            ),
            1,
        ),
        "exec": several(
            keys(
                {
                    "command": anything,
                    "phase": matching("^on-(enter|exit)$"),
                    "target": matching("^(container|host)$"),
                },
                ("command", "phase"),
            )
        ),
    }
)
node = keys(
    {
        "kind": matching("^linux$"),
        "image": anything,
        "entrypoint": anything,
        "cmd": anything,
        "network-mode": matching("^none$"),
        "restart-policy": matching("^no$"),
        "privileged": flag,
        "cap-add": distinct(matching("^[A-Z_]+$")),
        "security-opts": distinct(anything),
        "tmpfs": mapping(matching("^/"), anything),
        "sysctls": texts,
        "env": texts,
        "binds": distinct(anything, 1),
        "labels": texts,
        "stages": keys({"create": stage, "create-links": stage, "configure": stage}),
    }
)
endpoint = keys(
    {
        "node": name,
        "interface": matching("^.{1,15}$"),
        "mac": matching("^([0-9a-f]{2}:){5}[0-9a-f]{2}$"),
    },
    ("node", "interface"),
)
topology = keys(
    {
        "name": name,
        "prefix": name,
        "mgmt": keys({"skip-when-unused": flag}),
        "topology": keys(
            {
                "defaults": node,
                "nodes": mapping(name, node),
                "links": several(
                    keys(
                        {
                            "type": matching("^veth$"),
                            "mtu": size,
                            "endpoints": distinct(endpoint, 2),
                        },
                        ("type", "endpoints"),
                    )
                ),
            },
            ("nodes",),
        ),
    },
    ("name", "topology"),
)
