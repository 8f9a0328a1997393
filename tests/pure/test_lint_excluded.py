"""VIPs that advertisements do not carry break and keep the rules as those do that they carry."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from test_lint_rules import examples, linted

BLOCK = "    virtual_ipaddress {"
RULES = (
    "nat-gateway-apart",
    "nat-gateway-fixed",
    "nat-one-network",
    "real-server-is-vip",
    "vip-held-by-nobody",
    "vip-twice",
)


def excluding(text: str) -> str:
    """A configuration whose VIPs are all excluded; each instance advertises one of no interest."""
    first, *others = text.split(BLOCK)
    numbers = count(1)
    return first + "".join(
        f"{BLOCK}\n        10.99.0.{next(numbers)}/32\n    }}\n    virtual_ipaddress_excluded {{"
        f"{other}"
        for other in others
    )


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("which", ["wrong", "right"])
def test_they_count_as_others_do(rule: str, which: str, tmp_path: Path) -> None:
    texts = examples(rule)[which]
    assert any(BLOCK in text for text in texts.values())
    moved = {name: excluding(text) for name, text in texts.items()}
    found = {one.rule for one in linted(moved, tmp_path).findings}
    assert (rule in found) is (which == "wrong")


def test_two_virtual_routers_hold_one() -> None:
    both = [
        f"""vrrp_instance VI_1 {{
    interface eth1
    virtual_router_id {number}
    priority {number}
    virtual_ipaddress {{
        192.168.10.{number}/24
    }}
    virtual_ipaddress_excluded {{
        fd00:10::100/64
    }}
}}
"""
        for number in (33, 34)
    ]
    report = linted(dict(zip(("lb01", "lb02"), both, strict=True)), Path())
    (finding,) = [one for one in report.findings if one.rule == "router-id-differs"]
    assert "VIP fd00:10::100 under virtual_router_id 34, and lb01 under 33" in finding.message
