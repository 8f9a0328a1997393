"""What one machine's keepalived makes of its configuration, as keepalived.conf(5) has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.errors import LvsnetError
from lvsnet.keepalived import expanding
from lvsnet.keepalived.expanding import Expanded, expand
from lvsnet.keepalived.including import in_mapping, on_disk
from lvsnet.keepalived.lexing import UnreadableError
from lvsnet.keepalived.reading import read
from lvsnet.keepalived.writer import write

DIRECTORY = "/etc/keepalived"
MAIN = f"{DIRECTORY}/keepalived.conf"


def expanded(text: str | bytes, config_id: str = "", /, **files: str | bytes) -> Expanded:
    """Of a main file and others beside it; ``__`` stands for a slash, names end in ``.conf``."""
    beside = {f"{DIRECTORY}/{name.replace('__', '/')}.conf": one for name, one in files.items()}
    return expand(MAIN, in_mapping({MAIN: text, **beside}), config_id)


def lines(text: str, config_id: str = "", /, **files: str) -> list[str]:
    return [
        line.strip() for line in write(expanded(text, config_id, **files).statements).split("\n")
    ][:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@lb01 a\n@lb02 b\n@^lb01 c\n@^lb02 d\n@lb01\n", ["a", "d"]),
        ("@lb01 x {\n@lb02 y {\na\n}\n", ["x {", "a", "}"]),
        ("@lb02 a { b }\nc\n", ["c"]),
        ('$A=1\n$A\n${A}x\n$A,\n$A.\n"$A"\n', ["1", "1x", "1,", "$A.", '"$A"']),
        ("$A=\na ${A}b\n", ["a b"]),
        ("a $B ${B}\n", ["a $B $ {", "B", "}"]),
        ("$A=10.2.${B}\n$B=0\n${A}.1\n$B=10\n${A}.1\n", ["10.2.0.1", "10.2.10.1"]),
        ("$M=@lb01\n$M a\n$M=@lb02\n$M b\n", ["a"]),
        ("$O=x {\n$O\na\n}\n", ["x {", "a", "}"]),
        ("a ${_INSTANCE} ${_PWD} ${_RANDOM 3 9}\n", ["a lb01 /etc/keepalived 3"]),
        ('a "${_HASH}" ${_BANG} b\n', ['a "#"']),
        ("$I= \\\nx $N { \\\n@lb01 y \\\n} \\\n\n$N=1\n$I\n", ["x 1 {", "y", "}"]),
        ("$I= \\\nx \\\n# c\ny\n$I\n", ["y", "x"]),
        ("$I= \\\nx \\\n  \ny\n$I\n", ["y", "x"]),
        ("a b\\#c \\! d\n", ["a b"]),
        ('a "b#c"\n', ['a "b#c"']),
        ("$A=\\\na\\\nb\n$B=\\\nc\\\n$A\\\nd\n$B\n", ["c", "a", "b", "d"]),
        ("~SEQ(i, 0, 3) a$i ${i}\n", [f"a{i} {i}" for i in range(4)]),
        ("~SEQ(i, 3) ${i}\n", ["1", "2", "3"]),
        ("~SEQ(i, 0) ${i}\n", ["1", "0"]),
        ("~SEQx(i, 144, 16, 192) ${i}\n", ["90", "a0", "b0", "c0"]),
        ("~SEQ(i, 5, -2, 1) ${i}\n", ["5", "3", "1"]),
        ("$N=2\n~SEQ(i, 1, $N) x { y $i }\n", ["x {", "y 1", "}", "x {", "y 2", "}"]),
        ("~LST(i, a, b) ${i}\n", ["a", "b"]),
        ("~LST({i, j}, {1,2},{3}) ${i}-${j}\n", ["1-2", "3-"]),
        ("~LST(i, a, b) ~SEQ(j, 1, 2) ${i}${j}\n", ["a1", "a2", "b1", "b2"]),
        ("$V=\\\na $i\\\nb\n~SEQ(i,1,2) $V\n", ["a 1", "b", "a 2", "b"]),
    ],
)  # fmt: skip
def test_what_one_machine_reads(text: str, expected: list[str]) -> None:
    assert lines(text, "lb01") == expected


def test_files_are_included_where_they_are_named() -> None:
    text = "a\ninclude conf.d/*.conf\nx { include in.conf\n}\n@lb02 include in.conf\nz\n"
    files = {"conf_d": "", "conf.d__b": "b\n", "conf.d__a": "include ../in.conf\n", "in": "i\n"}
    assert lines(text, "lb01", **files) == ["a", "i", "b", "x {", "i", "}", "z"]


def test_a_statement_says_which_file_it_is_from() -> None:
    found = expanded("a\n\ninclude b.conf\n", "", b="# b\n  b c\n")
    a, b = found.statements
    assert (a.file, a.line) == (MAIN, 1)
    assert (b.file, b.line, b.words[1].column) == (f"{DIRECTORY}/b.conf", 2, 5)
    assert found.files == (MAIN, f"{DIRECTORY}/b.conf")


@pytest.mark.parametrize(
    ("line", "said", "fatal"),
    [
        ("include none.conf", "include 'none.conf': there is no such file", False),
        ("includer none.conf", "includer 'none.conf': there is no such file", False),
        ("includem none.conf", "includem 'none.conf': there is no such file", True),
        ("includea none.conf", "includea 'none.conf': there is no such file", True),
        ("include n*.conf", "", False),
        ("includem n*.conf", "", False),
        ("includew n*.conf", "includew 'n*.conf': no file matches", True),
        ("include none/n*.conf", "include 'none/n*.conf': there is no such file", False),
        ("include {b,none}.conf", "include '{b,none}.conf': some of the files are missing", False),
        ("includeb {b,none}.conf", "includeb '{b,none}.conf': some of the files are", True),
        ("include d", "is a directory, which keepalived skips", False),
        ("includer d", "is a directory, which keepalived skips", True),
        ('include "b.conf"', "include '\"b.conf\"': there is no such file", False),
        ("global_defs { include_check }\ninclude none.conf", "no such file", True),
        ("global_defs { include_check read }\ninclude none.conf", "no such file", False),
        ("global_defs { include_check -match +match }\ninclude none.conf", "no such file", True),
    ],
)
def test_what_an_include_lacks_is_told(line: str, said: str, fatal: bool) -> None:
    remarks = expanded(line + "\n", "", b="b\n", d__e="e\n").remarks
    if not said:
        assert remarks == ()
        return
    (remark,) = remarks
    assert said in remark.message
    assert (remark.file, remark.line, remark.fatal) == (MAIN, line.count("\n") + 1, fatal)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("include a.conf\n", "/etc/keepalived/a.conf:2:1: include: '/etc/keepalived/a.conf' incl"),
        ("\ninclude b.conf\n", "/etc/keepalived/keepalived.conf:2:1: include: '/etc/keepalived/b"),
        ("include bad.conf\n", "/etc/keepalived/bad.conf:1:1: the block of 'x' that begins here"),
        ("include open.conf\n}\n}\n", "/etc/keepalived/keepalived.conf:3:1: this '}' closes"),
        ("include binary.conf\n", "/etc/keepalived/binary.conf:1:2: has a byte 0x00"),
        ("a\n$A=$A\nb $A\n", "/etc/keepalived/keepalived.conf:3:1: $A is defined by itself"),
        ("$A=$B\n$B=$A\n$A\n", "/etc/keepalived/keepalived.conf:3:1: $"),
        ("$A=aa$A \n$A b\n", "/etc/keepalived/keepalived.conf:2:1: the line has more than 1023"),
        ("~SEQ(i, 1, 900000) a\n", "/etc/keepalived/keepalived.conf:1:1: here the conf"),
        ("~SEQ(i, 1, 2\n", "/etc/keepalived/keepalived.conf:1:1: ~SEQ is written"),
        ("~SEQ(i, x) a\n", "/etc/keepalived/keepalived.conf:1:1: ~SEQ counts with whole"),
        ("~SEQ(i, 1, -1, 5) a\n", "/etc/keepalived/keepalived.conf:1:1: ~SEQ never comes from 1"),
        ("~SEQx(i, -1) a\n", "/etc/keepalived/keepalived.conf:1:1: ~SEQx counts with positive"),
        ("~LST(i) a\n", "/etc/keepalived/keepalived.conf:1:1: ~LST is written"),
        ("~LST({i}, {1,2}) a\n", "/etc/keepalived/keepalived.conf:1:1: ~LST has more values"),
    ],
)  # fmt: skip
def test_what_has_no_end_or_no_sense_is_refused_with_its_place(
    text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expanding, "MOST_STEPS", 1000)
    if "keepalived.conf:2:1: include: '/etc/keepalived/b" in message:
        message = "/etc/keepalived/b.conf:1:1: include: '/etc/keepalived/keepalived.conf' includes"
    with pytest.raises(UnreadableError) as raised:
        expanded(
            text,
            "",
            a="\ninclude a.conf\n",
            b="include keepalived.conf\n",
            bad="x {\n",
            open="x {\n",
            binary=b"a\0",
        )
    assert str(raised.value).startswith(message)


def test_a_chain_of_includes_has_an_end() -> None:
    files = {f"f{n}": f"include f{n + 1}.conf\n" for n in range(100)}
    with pytest.raises(UnreadableError, match="more than 32 deep"):
        expanded("include f0.conf\n", "", **files)


def test_a_disk_is_read_below_a_root(tmp_path: Path) -> None:
    place = tmp_path / "lb01/etc/keepalived"
    (place / "conf.d").mkdir(parents=True)
    (place / "keepalived.conf").write_text("include /etc/keepalived/conf.d/*.conf\ninclude x\n")
    (place / "conf.d/a.conf").write_text("a\n")
    (place / "conf.d/.hidden.conf").write_text("h\n")
    (place / "conf.d/run.conf").write_text("r\n")
    (place / "conf.d/run.conf").chmod(0o755)
    found = expand(str(place / "keepalived.conf"), on_disk(str(tmp_path / "lb01")))
    assert write(found.statements) == "a\n"
    executable, missing = found.remarks
    assert "is executable, which keepalived skips" in executable.message
    assert "no such file" in missing.message


def test_a_main_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="No such file"):
        expand(str(tmp_path / "none.conf"), on_disk())


LINES = st.lists(
    st.sampled_from(
        ["a b", "x {", "}", "$A=1", "$A", "a ${A}", "$M=\\", "p \\", "q", "", "@h a", "@^h b",
         "@h x {", "~SEQ(i, 1, 2) a ${i}", "~LST(i, u, v) w { ${i} }", "include b.conf",
         'c "d # e" # f', "# g", r"a \# b", "{", "x {}", "$M", "@h $A=2", "@h $M", "\\"]
    ),
    max_size=14,
)  # fmt: skip


@given(LINES)
def test_what_is_written_again_expands_to_the_same(found: list[str]) -> None:
    text = "\n".join(found) + "\n"
    try:
        expected = expanded(text, "h", b="i {\nj\n}\n").statements
    except LvsnetError:
        return
    assert expanded(write(read(text, "x")), "h", b="i {\nj\n}\n").statements == expected


@given(st.text(st.sampled_from("ab ${}=\\\n@~SEQ(,)1_"), max_size=60))
def test_any_text_is_expanded_or_refused(text: str) -> None:
    try:
        found = expanded(text, "a").statements
        again = write(read(text, "x"))
    except UnreadableError:
        return
    assert expanded(again, "a").statements == found
