"""Tests of configurations: what is reported, what ends a deployment, and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from lvsnet.engine import judges
from lvsnet.errors import LvsnetError
from lvsnet.plan.model import ConfigurationTest, Daemon, File, Node, Plan

TEST = ConfigurationTest(
    ("keepalived", "-t", "-f", "/etc/keepalived/keepalived.conf"), "keepalived"
)
CUT = "(Line 3) Truncating auth_pass to 8 characters"
NAT = "(Line 9) PARSER : unknown [dr] routing method for virtual server."
LOST = "(VI_1) Unknown interface!"
ENDLESS = "real_server 192.168.10.13 25 {\n    SMTP_CHECK {\n        host {\n        }\n    }\n}\n"


def node(name: str, *tests: ConfigurationTest, content: str = "") -> Node:
    return Node(
        name=name,
        role="director",
        interfaces=(),
        addresses=(),
        routes=(),
        sysctls=(),
        files=(File("/etc/keepalived/keepalived.conf", content),),
        daemons=(Daemon("keepalived", ("keepalived", "-n"), stage=2, tests=tests),),
        commands=(),
        environment=(),
        capabilities=(),
        privileged=False,
        image="",
    )


PLAN = Plan(
    lab="dr",
    segments=(),
    nodes=(node("lb01", TEST), node("lb02", TEST)),
    kernel=(),
    held=(),
    listed=(),
)


def examined(plan: Plan, *said: tuple[int, str]) -> list[str]:
    """What is reported when keepalived says this, on one node after the other."""
    answers = iter(said)
    reported: list[str] = []

    def run(lab: str, name: str, argv: Sequence[str], deadline: float) -> tuple[int, str]:
        assert (lab, argv, deadline) == ("dr", TEST.argv, judges.DEADLINE)
        assert name in {one.name for one in plan.nodes}
        return next(answers)

    judges.examine(plan, plan.nodes, run, reported.append)
    assert list(answers) == []
    return reported


def refused(plan: Plan, *said: tuple[int, str]) -> list[str]:
    with pytest.raises(LvsnetError) as caught:
        examined(plan, *said)
    return str(caught.value).splitlines()


def test_what_is_fine_is_not_spoken_of() -> None:
    assert examined(PLAN, (0, ""), (0, "")) == []


def test_a_warning_names_node_file_and_rule() -> None:
    (said,) = examined(PLAN, (0, ""), (5, CUT))
    assert said.startswith(f"lb02: keepalived.conf: warning: {CUT}; ")
    assert said.endswith(" [auth-pass-length]")


def test_what_the_lab_allows_is_not_spoken_of() -> None:
    plan = replace(PLAN, allow=("auth-pass-length", "keepalived-forwarding-method"))
    assert examined(plan, (5, CUT), (5, f"{CUT}\n{NAT}")) == []


def test_the_errors_of_all_nodes_are_told_with_the_way_out() -> None:
    first, second, way_out = refused(PLAN, (5, NAT), (5, "(Line 1) Unknown keyword 'x'"))
    assert first.startswith("lb01: keepalived.conf: (Line 9) PARSER : unknown [dr] routing method")
    assert first.endswith(" [keepalived-forwarding-method]")
    assert second.startswith("lb02: keepalived.conf: (Line 1) Unknown keyword 'x'")
    assert "`allow: [keepalived-forwarding-method, keepalived-unknown-keyword]`" in way_out


def test_an_error_without_a_name_has_no_way_out() -> None:
    plan = replace(PLAN, allow=("",))
    (only,) = refused(plan, (5, LOST), (0, ""))
    assert only == f"lb01: keepalived.conf: {LOST}; keepalived ends at once"


def test_a_strict_deploy_takes_warnings_for_errors() -> None:
    strict = replace(PLAN, strict=True)
    said, way_out = refused(strict, (5, CUT), (0, ""))
    assert said.startswith(f"lb01: keepalived.conf: warning: {CUT}")
    assert "`allow: [auth-pass-length]`" in way_out
    assert examined(replace(strict, allow=("auth-pass-length",)), (5, CUT), (0, "")) == []


@pytest.mark.parametrize(
    ("image", "where"),
    [("", "its file system"), ("example/router:1", "its image example/router:1")],
)
def test_an_image_without_the_program_is_told_so(image: str, where: str) -> None:
    plan = replace(PLAN, nodes=(replace(PLAN.nodes[0], image=image),))
    (said,) = refused(plan, (127, "env: 'keepalived': No such file or directory"))
    assert said.startswith(f"lb01: there is no program keepalived in {where}, and the node has a")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (ENDLESS, "it has an SMTP_CHECK with a `host` block"),
        ("", "why is not known; the daemon may hang, too"),
    ],
)
def test_a_test_without_an_end_says_why(
    content: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 100.0 + judges.DEADLINE])
    monkeypatch.setattr("lvsnet.engine.judges.time.monotonic", lambda: next(clock))

    def run(_lab: str, name: str, _argv: Sequence[str], deadline: float) -> tuple[int, str]:
        raise LvsnetError(f"{name}: no end after {deadline:.0f} s")

    with pytest.raises(LvsnetError) as caught:
        judges.examine(PLAN, [node("lb01", TEST, content=content)], run, lambda _: None)
    said = str(caught.value)
    assert said.startswith("lb01: keepalived.conf: keepalived -t did not end within 10 s: ")
    assert reason in said


def test_a_node_that_cannot_run_it_speaks_for_itself() -> None:
    def run(_lab: str, name: str, _argv: Sequence[str], _deadline: float) -> tuple[int, str]:
        raise LvsnetError(f"{name} does not run")

    with pytest.raises(LvsnetError, match=r"^lb01 does not run$"):
        judges.examine(PLAN, PLAN.nodes, run, lambda _: None)


def test_a_daemon_without_tests_is_not_asked_of() -> None:
    assert examined(replace(PLAN, nodes=(node("lb01"),))) == []
