"""The agent is compiled once, by a guest that is there for it alone, and guests run by that."""

from __future__ import annotations

from pathlib import Path

from e2e.users import User


def test_the_agent_is_compiled_once(user: User) -> None:
    """Whichever user of this cache was the first one."""
    file = user.one_node("quick")
    user.does("deploy", "--no-wait", file)
    agent = user.home / "cache/lvsnet/labs/quick/root/agent"
    assert sorted(path.name for path in agent.rglob("*")) == ["carried.py", "code"]
    kept = sorted((user.home / "cache/lvsnet/agent").glob("*/code"))
    assert (agent / "code").read_bytes() in [path.read_bytes() for path in kept]
    assert [path for path in user.left() if "quick" not in Path(path).name] == []
    user.does("destroy", "quick")
    user.does("deploy", "--no-wait", file)
    assert sorted((user.home / "cache/lvsnet/agent").glob("*/code")) == kept
