"""A program in the place of containerlab: it plays what a test wrote down and notes its calls."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

_PROGRAM = """\
#!{python} -IS
import json, os, sys, time
home = {home!r}
with open(home + "/calls", "a") as file:
    file.write(json.dumps([os.getcwd(), *sys.argv[1:]]) + "\\n")
with open(home + "/answers") as file:
    answers = json.load(file)
answer = answers.get(sys.argv[1], {{}})
sys.stderr.write(answer.get("log", ""))
sys.stderr.flush()
time.sleep(answer.get("sleep", 0))
sys.stdout.write(answer.get("output", ""))
if "then" in answer:
    with open(home + "/answers", "w") as file:
        json.dump({{**answers, "inspect": {{"output": answer["then"]}}}}, file)
sys.exit(answer.get("code", 0))
"""
VERSION = "\n    version: 0.79.0\n     commit: 125d6d380\n"


@dataclass(frozen=True)
class Fake:
    """Where it lies; to be the first directory on PATH."""

    home: Path

    def answer(self, command: str, output: str = "", **more: str | float) -> None:
        """What it says to a command: ``output``, ``log``, ``code``, and seconds to ``sleep``.

        ``then`` is what ``inspect`` says from this command on.
        """
        path = self.home / "answers"
        answers = json.loads(path.read_text())
        path.write_text(json.dumps({**answers, command: {"output": output, **more}}))

    def calls(self) -> list[list[str]]:
        """Directory and arguments of each call."""
        path = self.home / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def commands(self) -> list[str]:
        """The calls' commands, but looks."""
        return [call[1] for call in self.calls() if call[1] not in ("inspect", "version")]


def install(home: Path, name: str = "containerlab") -> Fake:
    """Put the program into ``home``."""
    home.mkdir(exist_ok=True)
    program = home / name
    program.write_text(_PROGRAM.format(python=sys.executable, home=str(home)))
    program.chmod(0o755)
    fake = Fake(home)
    (home / "answers").write_text("{}")
    fake.answer("inspect", "{}\n")
    fake.answer("version", VERSION)
    return fake
