"""The failures that a user is told about in one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class LvsnetError(Exception):
    """Something failed that the user can act on; the text says what, where and what to do.

    The command line prints it and ends with exit code 1.
    """


@dataclass(frozen=True)
class Problem:
    """One error or warning in a lab file."""

    file: str
    line: int | None
    """From 1; None when the error has no place in the file: the file is missing, or empty."""
    column: int | None
    """From 1, in characters; None together with ``line``."""
    message: str
    rule: str = ""
    """Name of the rule that is broken, if it has one: by ``allow`` a lab can break it."""
    warning: bool = False
    """Whether the lab can run all the same."""

    def __str__(self) -> str:
        where = "" if self.line is None else f":{self.line}:{self.column}"
        kind = "warning: " if self.warning else ""
        rule = f" [{self.rule}]" if self.rule else ""
        return f"{self.file}{where}: {kind}{self.message}{rule}"


class SilenceError(LvsnetError):
    """Somebody who should answer does not."""


class LabFileError(LvsnetError):
    """The lab file is wrong: one line per error, ``file:line:column: message``. Exit code 2."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
        """In the order of the file."""
