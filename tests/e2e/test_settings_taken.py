"""keepalived takes what lvsnet writes: every keyword once, and the configurations of all labs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from e2e.settings_labs import LEFT, labs
from e2e.users import User
from lvsnet.keepalived.keywords.model import Block
from lvsnet.keepalived.reading import read
from lvsnet.keepalived.tree import Statement
from lvsnet.lab.load import load_text
from lvsnet.lab.model import GlobalDefs, Lab
from lvsnet.lab.model_checks import Check
from lvsnet.lab.model_services import RealServer, Service
from lvsnet.lab.model_vrrp import SyncGroup, VrrpInstance
from lvsnet.lab.settings_model import keywords
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.keepalived import PATH

GOLDEN = Path(__file__).parents[1] / "pure/golden"
ALL = "for one in /root/*.conf; do echo == $one; timeout 20 keepalived -t -f $one 2>&1; done"
SAID = {
    "escape-hatches": "at least one is sensible",
    "notify": "SECURITY VIOLATION",
    "on-purpose": "ports don't match - resetting|has only 1 virtual router",
    "vrrp-of-real-servers": "at least one is sensible",
    **dict.fromkeys(
        ("source-cron", "source-virtual-server", "source-vrrp", "source-vrrp-tracked"),
        "Truncating auth_pass to 8 characters",
    ),
}
"""Labs that are unwise on purpose, and what keepalived says of them."""
MODELS = (Lab, GlobalDefs, VrrpInstance, SyncGroup, Service, RealServer, Check)


def written() -> dict[str, str]:
    """The configuration of lb01 of each lab that has everything."""
    found = {}
    for name, lab in labs().items():
        (machine,) = (
            one
            for one in compile_lab(load_text(json.dumps(lab), Path(f"{name}.yaml"))).nodes
            if one.name == "lb01"
        )
        (found[name],) = (one.content for one in machine.files if one.path == PATH)
    return found


def test_every_keyword_is_written() -> None:
    """But for those that exclude one that is."""
    there = {one.keyword for text in written().values() for one in statements(read(text, PATH))}
    wanted = set()
    for model in MODELS:
        wanted |= {name for one in keywords(model).items() for name in names(*one)}
    assert wanted - there - LEFT == set()


def names(name: str, keyword: object) -> set[str]:
    block = getattr(keyword, "block", None)
    inner = block.keywords.items() if isinstance(block, Block) else ()
    current = ((key, one) for key, one in inner if not one.deprecated)
    return {name, *(each for one in current for each in names(*one))}


def statements(items: tuple[object, ...]) -> list[Statement]:
    found = [one for one in items if isinstance(one, Statement)]
    return [*found, *(each for one in found for each in statements(one.block or ()))]


def test_keepalived_has_nothing_to_say_of_it(warm_user: User) -> None:
    texts = written()
    for path in sorted(GOLDEN.glob("*/*/etc/keepalived/keepalived.conf")):
        lab, machine = path.parts[-5], path.parts[-4]
        texts[f"{lab}.{machine}"] = path.read_text()
    assert len(texts) > 50
    segments = {f"s{number}": f"10.{number}.0.0/24" for number in range(1, 5)}
    interfaces = {name: prefix.replace("0/24", "9") for name, prefix in segments.items()}
    files = {f"/root/{name}.conf": text for name, text in texts.items()}
    node = {"role": "host", "interfaces": interfaces, "files": files}
    file = warm_user.home / "taken.yaml"
    file.write_text(json.dumps({"name": "taken", "segments": segments, "nodes": {"one": node}}))
    warm_user.does("deploy", str(file))
    said = re.split(
        r"^== /root/(.*)\.conf\n", warm_user.does("exec", "one", "sh", "-c", ALL), flags=re.M
    )
    found = dict(zip(said[1::2], said[2::2], strict=True))
    assert found.keys() == texts.keys()
    for name, lines in found.items():
        unwise = SAID.get(name.partition(".")[0])
        rest = [line for line in lines.splitlines() if not (unwise and re.search(unwise, line))]
        assert rest == [], name
