"""IPVS tables from outside: as a place gives them that speaks JSON, and as one of this process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace

import pytest
from test_table_text import CLIENT, TABLE

from lvsnet.control import tables
from lvsnet.errors import LvsnetError
from lvsnet.host import acts
from lvsnet.observe import table_looking
from lvsnet.observe.table_model import Connections, Table, Wanted
from lvsnet.progress import Report

FOUND = (TABLE, Table("lb02", 7, False, False, None, (), (), Connections(1, (CLIENT,))))
WANTED = Wanted(("lb01",), real_servers=("nginx01", "nginx02"), port=80, connections=True, most=9)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """One whose nodes have these tables, and of which nobody else is asked anything."""

    def look(_plan: object, _runtime: object, wanted: Wanted) -> tuple[Table, ...]:
        assert wanted == WANTED
        return FOUND

    def follow(plan: object, runtime: object, wanted: Wanted, take: table_looking.Take) -> None:
        take(look(plan, runtime, wanted))
        take(FOUND[1:])

    def act(lab: str, name: str, request: Mapping[str, object], report: Report) -> object:
        runtime = SimpleNamespace(record=lambda _: SimpleNamespace(plan=None))
        return acts.perform(name, lab, runtime, request, report)

    monkeypatch.setattr(table_looking, "look", look)
    monkeypatch.setattr(table_looking, "follow", follow)
    return SimpleNamespace(act=act, follow=act)


def test_tables_are_the_same_with_and_without_json_between(place: SimpleNamespace) -> None:
    assert tables.look(place, "dr", WANTED) == FOUND
    act = place.act
    place.act = lambda lab, name, request, report: json.loads(
        json.dumps(act(lab, name, json.loads(json.dumps(request)), report))
    )
    assert tables.look(place, "dr", WANTED) == FOUND


def test_each_look_is_followed(place: SimpleNamespace) -> None:
    seen: list[tuple[Table, ...]] = []
    tables.follow(place, "dr", WANTED, seen.append)
    assert seen == [FOUND, FOUND[1:]]


def test_another_version_is_told_of(place: SimpleNamespace) -> None:
    place.act = lambda *_: [{"node": "lb01"}]
    with pytest.raises(LvsnetError, match="not written by this version"):
        tables.look(place, "dr", WANTED)
