"""A few kills at moments that are the same in every run; `make soak` does hundreds."""

from __future__ import annotations

from e2e.kills import survives
from e2e.users import User

KILLS = 10
SEED = 5


def test_what_kills_leave_behind_is_taken_away(user: User) -> None:
    survives(user, KILLS, SEED, print)
