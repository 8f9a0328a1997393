"""Files are written into a node's tree, whatever links the tree has in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.engine.files import inside, write
from lvsnet.plan.model import File


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A node's tree, and beside it what is none of its business."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/passwd").write_text("the host's")
    tree = tmp_path / "root"
    (tree / "etc/real").mkdir(parents=True)
    (tree / "run").mkdir()
    (tree / "var").mkdir()
    (tree / "var/run").symlink_to("/run")
    (tree / "etc/up").symlink_to("../../../../outside/passwd")
    (tree / "etc/away").symlink_to(tmp_path / "outside")
    (tree / "etc/one").symlink_to("two")
    (tree / "etc/two").symlink_to("one")
    (tree / "etc/also").symlink_to("real/../real")
    return tree


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/etc/hosts", "etc/hosts"),
        ("etc/hosts", "etc/hosts"),
        ("/", "."),
        ("/etc/./real//x", "etc/real/x"),
        ("/../../outside/passwd", "outside/passwd"),
        ("/etc/real/../../../x", "x"),
        ("/var/run/keepalived.pid", "run/keepalived.pid"),
        ("/var/run/../x", "x"),
        ("/etc/up", "outside/passwd"),
        ("/etc/also/x", "etc/real/x"),
    ],
)
def test_a_path_leads_where_it_would_with_the_tree_as_root(
    root: Path, path: str, leads_to: str
) -> None:
    assert inside(root, path) == root / leads_to


def test_an_absolute_link_leads_to_the_trees_own_path_of_that_name(root: Path) -> None:
    outside = root.parent / "outside"
    assert inside(root, "/etc/away/passwd") == root / str(outside).lstrip("/") / "passwd"


def test_a_loop_of_links_is_an_error(root: Path) -> None:
    with pytest.raises(OSError, match="/etc/one: too many levels of symbolic links"):
        inside(root, "/etc/one")


parts = st.lists(st.sampled_from(["a", "b", "c", "..", ".", "link", "loop"]), min_size=1)


@given(
    targets=st.lists(st.tuples(parts, st.booleans()), min_size=3, max_size=3),
    path=parts,
)
def test_no_link_leads_out(
    tmp_path_factory: pytest.TempPathFactory, targets: list[tuple[list[str], bool]], path: list[str]
) -> None:
    root = tmp_path_factory.mktemp("tree") / "root"
    (root / "a/b").mkdir(parents=True)
    for place, (target, absolute) in zip(("link", "a/link", "a/b/loop"), targets, strict=True):
        (root / place).symlink_to("/" * absolute + "/".join(target))
    try:
        found = inside(root, "/".join(path))
    except OSError:
        return
    assert found.is_relative_to(root)
    assert ".." not in found.parts
    assert not any(up.is_symlink() for up in [found, *found.parents] if up != root)


def test_files_get_their_directories_content_and_mode(root: Path) -> None:
    before = os.umask(0o077)
    try:
        write(
            root,
            [
                File("/etc/new/deep/script", "#!/bin/sh\n", 0o755),
                File("/etc/secret", "ü", 0o600),
                File("/var/run/x", "1"),
            ],
        )
    finally:
        os.umask(before)
    script = root / "etc/new/deep/script"
    assert script.read_text() == "#!/bin/sh\n"
    assert script.stat().st_mode & 0o7777 == 0o755
    assert (root / "etc/secret").read_bytes() == "ü".encode()
    assert (root / "etc/secret").stat().st_mode & 0o7777 == 0o600
    assert (root / "run/x").stat().st_mode & 0o7777 == 0o644


def test_writing_replaces_what_was_there_and_nothing_outside(root: Path) -> None:
    write(root, [File("/etc/real/x", "long content"), File("/etc/real/x", "short")])
    assert (root / "etc/real/x").read_text() == "short"
    write(root, [File("/etc/up", "the node's"), File("/etc/away/passwd", "the node's")])
    assert (root.parent / "outside/passwd").read_text() == "the host's"
    assert (root / "outside/passwd").read_text() == "the node's"


def test_a_path_through_a_file_is_an_error(root: Path) -> None:
    with pytest.raises(OSError, match="hosts"):
        write(root, [File("/etc/hosts", ""), File("/etc/hosts/below", "")])
