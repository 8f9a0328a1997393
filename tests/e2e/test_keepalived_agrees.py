"""keepalived itself judges what was read and written again, and what was expanded, as the same.

`keepalived -t` over its own samples and a configuration with all that its parser knows, in one
guest: of each the original, the rewritten file, and the file that only has what this machine's
keepalived makes of it.
"""

from __future__ import annotations

import re

import pytest

from e2e import keepalived_source
from e2e.users import User
from lvsnet.keepalived.endless import why_endless
from lvsnet.keepalived.expanding import expand
from lvsnet.keepalived.including import in_mapping
from lvsnet.keepalived.reading import read
from lvsnet.keepalived.writer import write

KINDS = ("original", "rewritten", "expanded")
CONFIG_ID = "high"
NAME = "keepalived.conf.dynamic"
DYNAMIC = """\
! Each line is wrong somewhere, so that keepalived says what it has read.
$NUM=3
$WRONG= \\
vrrp_script s${NUM} { \\
    @high script "/nowhere ${_INSTANCE} ${_HASH} '${NUM} x'" \\
    @low rise none \\
    fall f${NUM} \\
} \\

@high $A=highest
@low $A=low
$WRONG
$NUM=4
$WRONG
global_defs { router_id "a { b # c" # d
    include_check none # c
    ~SEQ(i, 1, 3) vrrp_version 1${i}
    ~SEQx(i, 30, -10, 10) ~LST({u, v}, {1, 2}, {3}) vrrp_garp_interval ${u}-${v}-${i}
    vrrp_priority $A, "$A" $A.
}
virtual_server 192.0.2.1 80 { delay_loop x\\
  lb_algo 'no such' lb_kind  dr
  @high real_server 192.0.2.2 80 { weight z }
  @^high real_server 192.0.2.3 80 { weight y }
  @low
  real_server 192.0.2.4 80
  # between
  {
    HTTP_GET { url { path "/a b"
       digest 12
       status_code 5 }
      connect_port 99999 } }
}
include part.conf
unknown ${NOT_DEFINED}
"""
PART = """\
other "one  two" three
vrrp_instance V {
virtual_router_id 300
priority x\\#y
nopreempt
garp_master_delay p\\!q
}
"""


def _variants(name: str, content: bytes, part: str) -> dict[str, str]:
    files = in_mapping({name: content, "part.conf": part})
    return {
        "original": content.decode(errors="surrogateescape"),
        "rewritten": write(read(content, name)),
        "expanded": write(expand(name, files, CONFIG_ID).statements),
    }


@pytest.fixture(scope="module")
def said(warm_resident: User) -> dict[str, dict[str, str]]:
    """Sample -> kind -> what keepalived says, without the numbers of lines."""
    configurations = {
        sample.name: _variants(sample.name, sample.read_bytes(), "")
        for sample in keepalived_source.samples()
        if not why_endless(sample.read_text(errors="replace"))
    }
    configurations[NAME] = _variants(NAME, DYNAMIC.encode(), PART)
    place = warm_resident.home / "read"
    for name, kinds in configurations.items():
        for kind, text in kinds.items():
            directory = place / kind
            directory.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text, errors="surrogateescape")
            (directory / "part.conf").write_text(write(read(PART, "part.conf")))
    warm_resident.does("deploy", "--no-wait", warm_resident.one_node("reading"))
    warm_resident.does("cp", str(place), "lb01:/root/")
    loop = (
        'cd /root/read; for f in */keepalived.conf*; do echo "== $f";'
        f' timeout 5 keepalived -t -i {CONFIG_ID} -f $f 2>&1; echo "exit code $?"; done'
    )
    output = warm_resident.does("exec", "lb01", "sh", "-c", loop)
    found: dict[str, dict[str, str]] = {}
    for part in output.split("== ")[1:]:
        head, _, text = part.partition("\n")
        kind, _, name = head.partition("/")
        found.setdefault(name, {})[kind] = _plain(text)
    return found


def _plain(text: str) -> str:
    """Without places; of what is said once in each of its processes, once."""
    lines = [re.sub(r"^\(([^()]*: )?Line \d+\) ", "", line) for line in text.splitlines()]
    return "\n".join(dict.fromkeys(lines))


def test_keepalived_says_the_same(said: dict[str, dict[str, str]]) -> None:
    assert len(said) > 20
    for name, kinds in said.items():
        assert set(kinds) == set(KINDS), name
        assert kinds["rewritten"] == kinds["original"], name
        assert kinds["expanded"] == kinds["original"], name


def test_keepalived_has_much_to_say(said: dict[str, dict[str, str]]) -> None:
    for words in (
        "(s3)", "'f4'", "'highest,'", "'13'", "'1-2-1e'", "''no'", "weight z", "'other'", "'300'",
        "invalid number 'x'", "garp_master_delay 'p'", "digest '12'", "code '5'", "'99999'",
        "'NOT_DEFINED'",
    ):  # fmt: skip
        assert words in said[NAME]["original"], words
