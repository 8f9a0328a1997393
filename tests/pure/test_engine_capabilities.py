"""What a node may be given."""

from __future__ import annotations

from pathlib import Path

from lvsnet.engine import capabilities
from lvsnet.plan.model import Node


def node(*asked: str, privileged: bool = False) -> Node:
    return Node("web1", "host", (), (), (), (), (), (), (), (), asked, privileged, "")


def test_the_bounding_set_is_read_by_number() -> None:
    # 0 is CHOWN, 12 NET_ADMIN, 24 SYS_RESOURCE (include/uapi/linux/capability.h).
    status = "Name:\tx\nCapEff:\t0000000000000000\nCapBnd:\t0000000001001001\nSeccomp:\t0\n"
    expected = {"CAP_CHOWN", "CAP_NET_ADMIN", "CAP_SYS_RESOURCE"}
    assert capabilities.bounding(status) == expected


def test_the_names_are_in_the_order_of_their_numbers() -> None:
    assert capabilities.ALL.index("CAP_SYS_ADMIN") == 21
    assert capabilities.ALL.index("CAP_CHECKPOINT_RESTORE") == 40
    assert len(capabilities.ALL) == 41


def test_the_own_bounding_set_is_among_what_the_kernel_knows() -> None:
    assert capabilities.of_process(0) <= capabilities.known()
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    assert len(capabilities.known()) == min(last + 1, 41)


def test_all_that_may_not_be_given_is_told_for_each_node() -> None:
    allowed = frozenset({*capabilities.DEFAULT, "CAP_NET_ADMIN"})
    told = capabilities.refusals(
        [node("CAP_NET_ADMIN"), node("CAP_SYS_TIME", "CAP_NET_RAW"), node(privileged=True)],
        allowed,
        "crun",
    )
    assert len(told) == 2
    assert told[0].startswith(
        "web1: capabilities: crun may not give CAP_NET_RAW, CAP_SYS_TIME on this machine"
    )
    assert told[1].startswith("web1: privileged: crun may not give CAP_")
    assert "CAP_NET_ADMIN," not in told[1]
