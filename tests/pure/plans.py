"""Labs from text, and what is in their plans."""

from __future__ import annotations

import shlex

from lvsnet.lab.compose import parse
from lvsnet.lab.document import plain
from lvsnet.lab.model import Lab
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.model import Node, Plan


def to_lab(text: str) -> Lab:
    """The lab of a file with this text, whose values are right, without the semantic checks."""
    root = parse(text).root
    assert root is not None
    return Lab.model_validate(plain(root))


def compiled(text: str) -> Plan:
    return compile_lab(to_lab(text))


def replaced(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def node(plan: Plan, name: str) -> Node:
    return next(node for node in plan.nodes if node.name == name)


def content(plan: Plan, name: str, path: str) -> str:
    return next(file.content for file in node(plan, name).files if file.path == path)


def paths(plan: Plan, name: str) -> set[str]:
    return {file.path for file in node(plan, name).files}


def statements(keepalived_conf: str) -> list[tuple[str, ...]]:
    """Each statement with the blocks that it is in, without quotes and comments."""
    found: list[tuple[str, ...]] = []
    blocks: list[str] = []
    for line in keepalived_conf.splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if words == ["}"]:
            blocks.pop()
        elif words[-1] == "{":
            blocks.append(" ".join(words[:-1]))
        else:
            found.append((*blocks, " ".join(words)))
    assert not blocks
    return found


def below(keepalived_conf: str, *blocks: str) -> list[str]:
    """The statements right in one block; fails when there is no such block."""
    found = [one for one in statements(keepalived_conf) if one[: len(blocks)] == blocks]
    assert found, blocks
    return [one[-1] for one in found if len(one) == len(blocks) + 1]
