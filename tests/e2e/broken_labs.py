"""labs/broken: each fault is seen where it is, and is not seen where it is mended.

That every scenario can fail, `make swapped` shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from e2e.users import SEED, User
from lvsnet.resources import directory

BROKEN = directory("labs") / "broken"
PAIRS = sorted(path.name for path in BROKEN.iterdir() if path.is_dir())
ABOUT_VRRP = [name for name in PAIRS if name[:2] in ("07", "08", "09", "10", "11", "15")]
MENDED_ALIKE = {
    "07-virtual-router-id-differs": "07-advert-int-differs",
    "13-syncid-differs": "13-no-sync-daemon",
}
"""Pair -> another one, whose right.yaml has the same site and scenario: they are run once."""
DEADLINE = 1200.0
"""Seconds: all of them take 120 on one idle processor."""


def results(user: User, pairs: Iterable[str]) -> Mapping[str, object]:
    """``01-no-arp-ignore/broken.yaml`` -> what came of its scenario, as `lvsnet test` has it."""
    files = [
        str(BROKEN / pair / file)
        for pair in pairs
        for file in ("broken.yaml", "right.yaml")
        if file == "broken.yaml" or pair not in MENDED_ALIKE
    ]
    # Tests are spread over the processors; a lab that is tested needs one.
    arguments = ("test", *files, "-j", "1", "--seed", str(SEED), "--format", "json")
    done = user.tries(*arguments, deadline=DEADLINE)
    found = json.loads(done.text)["scenarios"]
    return {"/".join(Path(one["file"]).parts[-2:]): one for one in found}


def check(results: Mapping[str, object], pair: str) -> None:
    """The fault shows, and the right one works."""
    alike = MENDED_ALIKE.get(pair, pair)
    assert _without_words(pair) == _without_words(alike)
    for name in (f"{pair}/broken.yaml", f"{alike}/right.yaml"):
        one = results[name]
        assert isinstance(one, dict)
        assert one["result"] == "passed", one


def _without_words(pair: str) -> list[str]:
    """A right.yaml without comments and name."""
    lines = (BROKEN / pair / "right.yaml").read_text().splitlines()
    return [one for one in lines if not one.startswith(("#", "name:"))]
