"""A comparison for people, as diff(1) and git show such things, and for programs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from lvsnet.comparison import Comparison, Drift, FileDrift
from lvsnet.contents import quoted
from lvsnet.plan.difference import Action, FileChange, NodeChange
from lvsnet.plan.model import File

SIGNS = {
    Action.create: ("+", "is created", "green"),
    Action.remove: ("-", "is removed", "red"),
    Action.rebuild: ("-/+", "is removed and made anew", "yellow"),
    Action.change: ("~", "is changed as it runs", "cyan"),
}
CODES = {"bold": 1, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
NO_NEWLINE = "\\ No newline at end of file"


@dataclass(frozen=True)
class Line:
    """A line without its newline; the colour is empty for the terminal's own."""

    text: str
    colour: str = ""


def lines(one: Comparison) -> Iterator[Line]:
    """The whole comparison; nothing when there is no difference."""
    difference = one.difference
    for words in one.fixed:
        yield Line(f"lab {one.lab}: {words}", "yellow")
    if not difference.empty:
        yield Line(f"lab {one.lab}: a redeploy of {quoted(one.file)} changes")
    for words in difference.segments:
        yield Line(f"  ~ {words}", "cyan")
    for node in difference.nodes:
        yield from _node_change(node)
    if one.drift:
        yield Line(f"lab {one.lab}: in the nodes, not as lvsnet made it")
    for drift in one.drift:
        yield from _drift(drift)


def harmless(text: str) -> str:
    """A line for a terminal: what a file of a node holds is not to steer it."""
    if text.isprintable():
        return text
    shown = (one if one.isprintable() or one == "\t" else _caret(one) for one in text)
    return "".join(shown)


def painted(text: str, colour: str) -> str:
    """A line with the codes of its colour (ECMA-48, SGR)."""
    return f"\x1b[{CODES[colour]}m{text}\x1b[0m" if colour else text


def document(one: Comparison) -> dict[str, object]:
    """The same as JSON has it; `same` is whether there is no difference."""
    return {
        "lab": one.lab,
        "file": one.file,
        "same": one.same,
        "fixed": list(one.fixed),
        "redeploy": {
            "segments": list(one.difference.segments),
            "nodes": [
                {
                    "node": node.node,
                    "action": node.action.value,
                    "reasons": list(node.reasons),
                    "files": [_file_change(node.node, file) for file in node.files],
                }
                for node in one.difference.nodes
            ],
        },
        "drift": [
            {
                "node": drift.node,
                "remarks": list(drift.remarks),
                "files": [
                    {
                        "path": file.file.path,
                        "words": file.words,
                        "diff": _joined(_drifted(drift.node, file)),
                    }
                    for file in drift.files
                ],
            }
            for drift in one.drift
        ],
    }


def unified(node: str, path: str, before: bytes | None, after: bytes | None) -> list[str]:
    """A unified diff that patch(1) and `git apply` take, without newlines; empty if equal.

    ``a/NODE/path`` is what was, ``b/NODE/path`` what is; None is no file.
    """
    if before == after:
        return []
    old = "/dev/null" if before is None else quoted(f"a/{node}{path}")
    new = "/dev/null" if after is None else quoted(f"b/{node}{path}")
    was, now = _text(before or b""), _text(after or b"")
    if was is None or now is None:
        return [f"Binary files {old} and {new} differ"]
    # A file that is there, but empty, differs from none.
    body = difflib.unified_diff(_lines(was), _lines(now), old, new, lineterm="")
    found = [part for line in body for part in line.split("\n")]
    return found or [f"--- {old}", f"+++ {new}"]


def _node_change(node: NodeChange) -> Iterator[Line]:
    sign, words, colour = SIGNS[node.action]
    yield Line(f"  {sign} {node.node} {words}", colour)
    for reason in node.reasons:
        yield Line(f"      {reason}")
    for file in node.files:
        yield Line(f"      {quoted(file.path)} {_file_words(file)}")
        before, after = _content(file.before), _content(file.after)
        yield from _coloured(unified(node.node, file.path, before, after))


def _drift(drift: Drift) -> Iterator[Line]:
    for remark in drift.remarks:
        yield Line(f"  ! {drift.node}: {remark}", "yellow")
    for file in drift.files:
        yield Line(f"  ! {drift.node}: {quoted(file.file.path)} {file.words}", "yellow")
        yield from _coloured(_drifted(drift.node, file))


def _drifted(node: str, one: FileDrift) -> list[str]:
    """Nothing of what cannot be shown; of what is gone, the words say it."""
    if one.now is None:
        return []
    return unified(node, one.file.path, one.file.content.encode(), one.now)


def _file_change(node: str, one: FileChange) -> dict[str, object]:
    before, after = one.before, one.after
    return {
        "path": one.path,
        "mode": {
            "before": None if before is None else f"{before.mode:04o}",
            "after": None if after is None else f"{after.mode:04o}",
        },
        "diff": _joined(unified(node, one.path, _content(before), _content(after))),
    }


def _file_words(one: FileChange) -> str:
    if one.before is None:
        return "is added"
    if one.after is None:
        return "is removed"
    if one.before.mode == one.after.mode:
        return "changes"
    modes = f"has mode {one.after.mode:04o}, not {one.before.mode:04o}"
    return modes if one.before.content == one.after.content else f"changes and {modes}"


def _content(file: File | None) -> bytes | None:
    return None if file is None else file.content.encode()


def _text(content: bytes) -> str | None:
    """None for what is no text, as git has it: there is a zero byte in it; or it is not UTF-8."""
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> list[str]:
    """Split at newlines alone; a last line that has none says so, as in diff(1)."""
    if not text:
        return []
    *whole, last = text.split("\n")
    return [*whole, f"{last}\n{NO_NEWLINE}"] if last else whole


def _coloured(diff: list[str]) -> Iterator[Line]:
    for number, line in enumerate(diff):
        header = number < 2 and line.startswith(("--- ", "+++ "))
        yield Line(line, "bold" if header else DIFF_COLOURS.get(line[:1], ""))


def _caret(one: str) -> str:
    """As cat -v writes a control character; other things that are not to be seen by number."""
    code = ord(one)
    if code < 0x20 or code == 0x7F:
        return f"^{chr(code ^ 0x40)}"
    return f"\\u{code:04x}"


def _joined(diff: list[str]) -> str:
    return "".join(f"{line}\n" for line in diff)
