"""The forwarding methods, by the names that a lab file uses."""

from __future__ import annotations

from lvsnet.plan.methods import dr, nat, tun
from lvsnet.plan.methods.base import Method

METHODS: dict[str, Method] = {
    "dr": dr,
    "nat": nat,
    "tun": tun,
}
