"""A running lab beside its file, and what `lvsnet diff` says of it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from disks import LAB, Directories, Hostile, archive, member, node, plan

from lvsnet.comparison import SHOWN, Comparison, compared
from lvsnet.comparison_text import document, harmless, lines, unified
from lvsnet.errors import LvsnetError
from lvsnet.observe import model as observed
from lvsnet.plan.difference import Action
from lvsnet.plan.model import Daemon, File, Interface, Plan

CONF = "/etc/keepalived/keepalived.conf"
TEXT = "vrrp_instance VI_1 {\n    priority 150\n}\n"
KEEPALIVED = Daemon("keepalived", ("keepalived",), 2, reads=(CONF,), reload="HUP")


@pytest.fixture
def place(tmp_path: Path) -> Directories:
    return Directories(
        tmp_path,
        plan(node("lb01", File(CONF, TEXT), daemons=(KEEPALIVED,)), node("web", File("/a", "a\n"))),
    ).deployed()


def beside(place: Directories, plan: Plan | None = None) -> Comparison:
    return compared(place, place.record(LAB), plan or place.plan, "/labs/dr.yaml")


def said(found: Comparison) -> list[str]:
    return [line.text for line in lines(found)]


def with_files(place: Directories, name: str, *files: File) -> Plan:
    nodes = [replace(one, files=files) if one.name == name else one for one in place.plan.nodes]
    return replace(place.plan, nodes=tuple(nodes))


def test_a_lab_as_its_file_says_has_nothing_to_tell(place: Directories) -> None:
    found = beside(place)
    assert found.same
    assert said(found) == []
    assert document(found)["same"] is True


def test_what_a_redeploy_changes_is_shown_line_by_line(place: Directories) -> None:
    found = beside(place, with_files(place, "lb01", File(CONF, TEXT.replace("150", "100"))))
    assert not found.same
    assert said(found) == [
        "lab dr: a redeploy of /labs/dr.yaml changes",
        "  ~ lb01 is changed as it runs",
        "      keepalived reads its configuration again",
        f"      {CONF} changes",
        f"--- a/lb01{CONF}",
        f"+++ b/lb01{CONF}",
        "@@ -1,3 +1,3 @@",
        " vrrp_instance VI_1 {",
        "-    priority 150",
        "+    priority 100",
        " }",
    ]


def test_nodes_that_come_and_go(place: Directories) -> None:
    new = plan(place.plan.nodes[0], node("web2"))
    assert said(beside(place, new)) == [
        "lab dr: a redeploy of /labs/dr.yaml changes",
        "  + web2 is created",
        "  - web is removed",
    ]


def test_files_that_come_and_go_and_modes(place: Directories) -> None:
    new = with_files(place, "web", File("/a", "a\n", 0o755), File("/b", "b"))
    assert said(beside(place, new))[1:] == [
        "  ~ web is changed as it runs",
        "      /a has mode 0755, not 0644",
        "      /b is added",
        "--- /dev/null",
        "+++ b/web/b",
        "@@ -0,0 +1 @@",
        "+b",
        "\\ No newline at end of file",
    ]


def test_a_file_that_is_to_be_the_images_again_takes_a_new_disk(place: Directories) -> None:
    from lvsnet.engine.runtime import Change

    place.found["web"] = [Change("/a", "changed", "file")]
    found = beside(place, with_files(place, "web"))
    (change,) = found.difference.nodes
    assert (change.action, change.reasons) == (
        Action.rebuild,
        ("/a is removed, and its image has one",),
    )
    place.found["web"] = [Change("/a", "added", "file")]
    assert beside(place, with_files(place, "web")).difference.nodes[0].action is Action.change


def test_what_a_redeploy_left_unfinished_is_made_anew(place: Directories) -> None:
    place.unsettled = ("web",)
    found = beside(place)
    assert [(one.node, one.action) for one in found.difference.nodes] == [("web", Action.rebuild)]
    assert not found.same
    gone = beside(place, plan(place.plan.nodes[0])).difference.nodes
    assert [(one.node, one.action) for one in gone] == [("web", Action.remove)]


def test_memory_takes_a_new_guest(place: Directories) -> None:
    found = beside(place, replace(place.plan, memory="1G"))
    (told,) = said(found)
    assert told.startswith("lab dr: memory is to be 1G and is the usual size: only `lvsnet destro")
    assert not found.same


def test_what_containerlab_wired_is_not_changed(place: Directories) -> None:
    record = place.record(LAB)
    wired = replace(record, about=replace(record.about, runtime="containerlab", kernel="host 6"))
    assert compared(place, wired, place.plan, "/labs/dr.yaml").same
    found = compared(place, wired, plan(place.plan.nodes[0]), "/labs/dr.yaml")
    assert said(found)[0].startswith("lab dr: containerlab wired it, so no redeploy can change it")


def test_a_file_that_was_edited_by_hand(place: Directories) -> None:
    place.put("lb01", CONF, TEXT.replace("150", "200").encode())
    found = beside(place)
    assert not found.same
    assert said(found) == [
        "lab dr: in the nodes, not as lvsnet made it",
        f"  ! lb01: {CONF} has changed",
        f"--- a/lb01{CONF}",
        f"+++ b/lb01{CONF}",
        "@@ -1,3 +1,3 @@",
        " vrrp_instance VI_1 {",
        "-    priority 150",
        "+    priority 200",
        " }",
    ]


def test_a_diff_is_one_for_git(place: Directories, tmp_path: Path) -> None:
    """What a user copies back by it is what the node has."""
    now = TEXT.replace("150", "200").replace("}\n", "    # no newline behind it\n}")
    place.put("lb01", CONF, now.encode())
    (drift,) = beside(place).drift
    text = "".join(f"{line}\n" for line in unified("lb01", CONF, TEXT.encode(), drift.files[0].now))
    rendered = tmp_path / "rendered"
    (rendered / "lb01/etc/keepalived").mkdir(parents=True)
    target = rendered / f"lb01{CONF}"
    target.write_text(TEXT)
    subprocess.run(
        ["git", "apply", "--unsafe-paths", "-"], cwd=rendered, input=text.encode(), check=True
    )
    assert target.read_text() == now


def test_modes_and_what_is_no_file_any_more(place: Directories) -> None:
    (place.top / f"lb01{CONF}").chmod(0o755)
    (place.top / "web/a").unlink()
    found = beside(place)
    assert said(found)[1:] == [
        f"  ! lb01: {CONF} has mode 0755, not 0644",
        "  ! web: /a is gone",
    ]
    (place.top / "web/a").mkdir()
    assert said(beside(place))[2:] == ["  ! web: /a is a directory now"]
    (place.top / "web/a").rmdir()
    (place.top / "web/a").symlink_to("b")
    assert said(beside(place))[2:] == ["  ! web: /a is gone"]
    place.put("web", "/b", b"a\n")
    assert said(beside(place))[2:] == []  # by a link it is what it was


def test_a_directory_that_is_a_file_now(place: Directories) -> None:
    conf = place.top / f"lb01{CONF}"
    conf.unlink()
    conf.parent.rmdir()
    conf.parent.write_text("")
    assert said(beside(place))[1:] == [f"  ! lb01: {CONF} is gone"]


def test_binary_and_endless_files_are_not_shown(place: Directories) -> None:
    place.put("web", "/a", b"\0\1\2")
    assert said(beside(place))[1:] == [
        "  ! web: /a has changed",
        "Binary files a/web/a and b/web/a differ",
    ]
    with place.put("lb01", CONF).open("wb") as stream:
        stream.truncate(SHOWN + 1)
    assert said(beside(place))[1] == (
        f"  ! lb01: {CONF} has changed and is {SHOWN + 1} bytes long now, too long to show"
    )


def test_a_file_without_end_holds_up_nothing(tmp_path: Path) -> None:
    """Of a node's 8 TB, none of them on its disk, hardly any is read, and what follows is seen."""
    place = Directories(
        tmp_path, plan(node("web", File("/a", "1"), File("/b", "1"), File("/c", "1")))
    ).deployed()
    with place.put("web", "/a").open("wb") as stream:
        stream.truncate(8 << 40)
    place.put("web", "/b", b"2")
    assert [line for line in said(beside(place)) if "!" in line] == [
        f"  ! web: /a has changed and is {8 << 40} bytes long now, too long to show",
        "  ! web: /b has changed",
    ]


def test_stopped_nodes_and_dead_daemons(place: Directories) -> None:
    place.stopped, place.dead = frozenset({"web"}), frozenset({"keepalived"})
    place.removed("web", "/a", "/etc/motd")
    assert said(beside(place)) == [
        "lab dr: in the nodes, not as lvsnet made it",
        "  ! lb01: keepalived is dead",
        "  ! web: is stopped",
        "  ! web: /a is gone",
    ]


def test_addresses_that_a_node_has_lost(
    place: Directories, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Interface("eth1", "lan", "p", "02:00:00:00:00:01", ("10.0.0.1/24", "fd00:0::1/64"), 1500)
    place.plan = replace(
        place.plan,
        nodes=(replace(place.plan.nodes[0], interfaces=(wire,)), place.plan.nodes[1]),
    )
    held = [observed.Address("eth1", "fd00::1/64"), observed.Address("eth1", "10.0.0.100/32")]
    look = place.look

    def with_addresses(lab: str) -> observed.Site:
        one, *others = look(lab).nodes
        return observed.Site((replace(one, addresses=tuple(held)), *others), ())

    monkeypatch.setattr(place, "look", with_addresses)
    assert said(beside(place))[1:] == ["  ! lb01: eth1 does not have 10.0.0.1/24"]
    held.append(observed.Address("eth1", "10.0.0.1/24"))
    assert beside(place).same  # and a VIP that keepalived put there is no difference


def test_the_document_has_all_of_it(place: Directories) -> None:
    place.put("web", "/a", b"b\n")
    new = with_files(place, "lb01", File(CONF, TEXT.replace("150", "100")))
    told = json.loads(json.dumps(document(beside(place, new))))
    diff = told["redeploy"]["nodes"][0]["files"][0].pop("diff")
    assert diff.startswith(f"--- a/lb01{CONF}\n+++ b/lb01{CONF}\n@@")
    assert told == {
        "lab": "dr",
        "file": "/labs/dr.yaml",
        "same": False,
        "fixed": [],
        "redeploy": {
            "segments": [],
            "nodes": [
                {
                    "node": "lb01",
                    "action": "change",
                    "reasons": ["keepalived reads its configuration again"],
                    "files": [{"path": CONF, "mode": {"before": "0644", "after": "0644"}}],
                }
            ],
        },
        "drift": [
            {
                "node": "web",
                "remarks": [],
                "files": [
                    {
                        "path": "/a",
                        "words": "has changed",
                        "diff": "--- a/web/a\n+++ b/web/a\n@@ -1 +1 @@\n-a\n+b\n",
                    }
                ],
            }
        ],
    }


def test_a_hostile_tar_is_an_error_and_no_more(tmp_path: Path) -> None:
    hostile = Hostile(tmp_path, plan(node("web", File("/a", "a"))))
    hostile.archive = archive((member("../a"), b"x"))
    hostile.code, hostile.said = 2, "tar: ./a: Cannot open: Permission denied"
    with pytest.raises(LvsnetError, match="web: its files cannot be read: tar: "):
        beside(hostile)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("+plain ü\ttab", "+plain ü\ttab"),
        ("+\x1b]0;title\x07", "+^[]0;title^G"),
        ("+\r\x7f\u202e", "+^M^?\\u202e"),
    ],
)
def test_what_a_file_holds_does_not_steer_a_terminal(line: str, shown: str) -> None:
    assert harmless(line) == shown
