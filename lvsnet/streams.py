"""The file descriptors that a command in a node is joined with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Streams:
    """Of this process; whoever made them closes them."""

    stdin: int
    stdout: int
    stderr: int


STANDARD = Streams(0, 1, 2)
