"""What keepalived makes of a quorum and a hysteresis that do not fit the real servers' weights."""

from __future__ import annotations

from collections.abc import Iterator


def unfit(quorum: int, hysteresis: int, total: int) -> Iterator[str]:
    """The names of the rules that are broken, ``total`` being all weights together.

    keepalived lowers a quorum to that, then a hysteresis below the quorum
    (``validate_check_config()`` of keepalived/check/check_data.c). A quorum is gained with quorum +
    hysteresis (``update_quorum_state()`` of ipwrapper.c).
    """
    if quorum > max(total, 1):
        yield "quorum-weights"
    if not hysteresis:
        return
    if hysteresis >= quorum:
        yield "hysteresis-quorum"
    elif min(quorum, max(total, 1)) + hysteresis > total:
        yield "hysteresis-weights"
