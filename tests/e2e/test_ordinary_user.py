"""A user who is not root, with no capability in any set and no user namespaces, runs labs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.ordinary import nobody
from e2e.users import User, eventually
from lvsnet.resources import example_labs

INSECURE = re.compile(r"insecure|unsafe|disabling|not executable|SECURITY VIOLATION", re.IGNORECASE)
"""What keepalived says of scripts that somebody else than root could change."""


@pytest.fixture
def ordinary(built: Path) -> Iterator[User]:
    """One whose machine has been set up by ``lvsnet setup --system``."""
    with nobody("--no-user-namespaces", machines=built) as user:
        yield user
        user.tries("destroy", "--all")


def test_a_lab_is_deployed_entered_and_destroyed(ordinary: User) -> None:
    ordinary.does("deploy", ordinary.lab("mine"))
    assert ordinary.does("exec", "lb01", "id", "-un") == "root\n"
    assert len(ordinary.supervisors()) == 1
    status = Path(f"/proc/{ordinary.guest()}/status").read_text()
    assert set(re.findall(r"Cap\w+:\t(\w+)", status)) == {"0" * 16}
    ordinary.does("destroy", "mine")
    assert ordinary.processes() == {}
    assert ordinary.left() == []


def test_keepalived_accepts_tracked_scripts(ordinary: User) -> None:
    """It refuses those that anybody but root could change: the nodes' files are root's."""
    file = ordinary.home / "tracked.yaml"
    file.write_text(example_labs()["source-vrrp-tracked"].read_text())
    ordinary.does("deploy", str(file))
    said = ordinary.does("logs", "nginx01")
    assert "VRRP_Script(" in said, said
    assert INSECURE.search(said) is None, said


@pytest.mark.parametrize("lacking", [(), ("--no-user-namespaces",)])
def test_who_cannot_build_is_told_the_one_command(lacking: tuple[str, ...]) -> None:
    with nobody(*lacking) as user:
        done = user.tries("deploy", user.lab("cold"))
        assert done.code == 1
        assert done.err.count("\n") == 2
        assert done.err.startswith("lvsnet: What labs need cannot be built as an ordinary user: ")
        assert done.err.endswith("run:\n  sudo lvsnet setup --system\n")
        assert user.left() == []


def test_setup_for_all_users_is_roots() -> None:
    with nobody() as user:
        done = user.tries("setup", "--system")
        assert (done.code, done.out) == (1, b"")
        assert done.err == "lvsnet: /var/cache/lvsnet is root's; run: sudo lvsnet setup --system\n"


def test_without_landlock_a_lab_runs_and_a_privileged_node_is_remarked_on(built: Path) -> None:
    remark = "this machine's kernel has no Landlock: a privileged node can read every file"
    with nobody("--no-landlock", machines=built) as user:
        for options, said in (((), 0), (("--privileged",), 1)):
            done = user.tries("deploy", "--no-wait", *options, user.one_node("open"))
            assert done.code == 0, done.err
            assert done.err.count(remark) == said
            user.does("destroy", "open")
        checked = next(
            line for line in user.tries("doctor").text.splitlines() if "Landlock" in line
        )
        assert checked.startswith("note")
        eventually(lambda: not user.processes(), 5, user.processes)
