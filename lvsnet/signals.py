"""Signals that are passed on to a command in a node."""

from __future__ import annotations

import signal

FORWARDED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
PATIENCE = 2
"""How often Ctrl-C is passed on; once more gives up on a command that does not end."""
