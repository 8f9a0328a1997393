"""The screen of `lvsnet watch`, without a terminal: what stands on it, and what keys do."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from watch_samples import (
    DR,
    FAILS_OVER,
    SECOND,
    STOOD,
    VIP,
    Script,
    asked,
    clock,
    laid,
    line,
    listed,
    on_screen,
    seen,
    server,
    shown,
    table,
    told,
    until,
)

from lvsnet.watch.app import End, Watch
from lvsnet.watch.feed import EVENTS, TABLES
from lvsnet.watch.layout import Cable, Layout, Machine
from lvsnet.watch.processes import Outcome

AT_FIRST = """\
dr  guest 7.2.7                                                held  0:00:03.000
─nodes──────────────────────────────────────────────────────────────────────────
   node     role        state   holds           cables and daemons
   client   client      on                      eth1 lan
▶  lb01     director    MASTER  192.168.10.100  eth1 lan, keepalived
   lb02     director    BACKUP                  eth1 lan, keepalived
   nginx01  realserver  on                      eth1 lan, nginx
   nginx02  realserver  on                      eth1 lan, nginx
─IPVS───────────────────────────────────────────────────────────────────────────
lb01 ● tcp 192.168.10.100:80 rr  weight  active  inact  conn/s  in/s  out/s
  nginx01  192.168.10.13:80  dr       1       2     25      12  5.6k      -
  nginx02  192.168.10.14:80  dr       1       2     25       -     -      -
lb02 ○ tcp 192.168.10.100:80 rr  weight  active  inact  conn/s  in/s  out/s
  nginx01  192.168.10.13:80  dr       1       2     25      12  5.6k      -
  nginx02  192.168.10.14:80  dr       1       2     25       -     -      -
─events─────────────────────────────────────────────────────────────────────────"""
IN_FORTY_COLUMNS = """\
dr  guest 7.2.7        held  0:00:03.000
─nodes──────────────────────────────────
   node     state   holds
   client   on
▶  lb01     MASTER  192.168.10.100"""
AFTER_FAILING_OVER = """\
   client   client      on                      eth1 lan
▶  lb01     director    OFF                     eth1 lan, keepalived
   lb02     director    MASTER  192.168.10.100  eth1 lan, keepalived
   nginx01  realserver  on                      eth1 lan, nginx
   nginx02  realserver  on                      eth1 lan, nginx
─IPVS───────────────────────────────────────────────────────────────────────────
lb01 ○ tcp 192.168.10.100:80 rr  weight  active  inact  conn/s  in/s  out/s
  nginx01  192.168.10.13:80  dr       1       2     25      12  5.6k      -
  nginx02  192.168.10.14:80  dr       1       2     25       -     -      -
lb02 ● tcp 192.168.10.100:80 rr  weight  active  inact  conn/s  in/s  out/s
  nginx01  192.168.10.13:80  dr       1       2     25      12  5.6k      -
  nginx02  192.168.10.14:80  dr       1       2     25       -     -      -
─events─────────────────────────────────────────────────────────────────────────
0:00:04.000  lb01     is off
0:00:04.000  lb01     holds 192.168.10.100 on eth1 no more
0:00:07.000  lb02     VI_1 enters MASTER
0:00:07.000  lb02     holds 192.168.10.100 on eth1
faults  stop lb01"""
OFF = line(faults=[{"kind": "power_off", "node": "lb01"}])


def test_all_that_matters_is_seen_in_80_columns() -> None:
    async def act(app: Watch, _script: Script, _pilot: Pilot[End]) -> None:
        rows = shown(app)
        assert "\n".join(rows).startswith(AT_FIRST)
        assert rows[-1].endswith("? help q quit")
        assert len(rows) == 24

    on_screen(act)


def test_narrow_screen_leaves_out_what_matters_least() -> None:
    async def act(app: Watch, _script: Script, _pilot: Pilot[End]) -> None:
        rows = shown(app)
        assert "\n".join(rows).startswith(IN_FORTY_COLUMNS)
        assert "  nginx01       1       2     25      12" in rows
        assert rows[-1].endswith("? help q quit")
        assert all(len(row) <= 40 for row in rows)

    on_screen(act, size=(40, 24))


@pytest.mark.parametrize("size", [(40, 12), (80, 16), (130, 12), (80, 20)])
def test_low_screen_has_a_part_of_everything(size: tuple[int, int]) -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        await seen(app, pilot, "▶  lb01")
        rows = shown(app)
        assert all(any(f"─{head}─" in row for row in rows) for head in ("nodes", "events"))
        assert rows[-1].endswith("? help q quit")
        script.tells(OFF)
        await seen(app, pilot, "faults  stop lb01")
        assert shown(app)[-1].endswith("? help q quit")

    on_screen(act, size=size)


def test_wide_screen_has_tables_beside_nodes() -> None:
    async def act(app: Watch, _script: Script, _pilot: Pilot[End]) -> None:
        rows = shown(app)
        heads = next(row for row in rows if "nodes" in row)
        assert "IPVS" in heads
        assert any("eth1 lan 192.168.10.11/24" in row and "nginx02  192" in row for row in rows)

    on_screen(act, size=(200, 50))


def test_screen_that_is_too_small_says_how_large_it_has_to_be() -> None:
    async def act(app: Watch, _script: Script, pilot: Pilot[End]) -> None:
        assert "needs 40 columns and 12 rows" in " ".join(shown(app))
        await pilot.resize_terminal(80, 24)
        await seen(app, pilot, AT_FIRST)

    on_screen(act, size=(39, 24))


def test_fail_over_is_seen() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        script.tells(*FAILS_OVER, OFF)
        await seen(app, pilot, "faults")
        rows = shown(app)
        assert "\n".join(rows[3:20]) in AFTER_FAILING_OVER
        assert "faults  stop lb01" in rows
        assert "0:00:07.000  lb02     VI_1 enters MASTER" in rows
        assert rows[-1].startswith("s start")

    on_screen(act)


def test_keys_give_the_commands_of_lvsnet() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        for key in ("s", "c", "d", "down", "s", "down", "right", "right", "d", "x"):
            await pilot.press(key)
            await until(pilot, lambda: not app.busy)
        for key in ("1", "0", "h", "p", "r", "plus"):
            await pilot.press(key)
            await until(pilot, lambda: not app.busy)
        assert script.done == [
            "stop lb01",
            "fault link down lb01:eth1",
            "fault kill lb01 keepalived",
            "stop lb02",
            "fault kill nginx01 nginx",
            "fault clear",
            "clock advance 1s",
            "clock advance 10s",
            "clock hold",
            "clock pause",
            "clock run",
            "clock run --speed 2",
        ]

    on_screen(act)


def test_command_that_takes_long_is_shown_and_nothing_else_is_done_to_its_node() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        script.wait.clear()
        await pilot.press("s")
        await pilot.pause()
        assert "lvsnet stop lb01 …" in shown(app)
        await pilot.press("c", "down", "s")
        await pilot.pause()
        assert script.done == ["stop lb01", "stop lb02"]
        script.wait.set()
        await seen(app, pilot, "lvsnet stop lb02: done in 0.4 s")

    on_screen(act)


def test_what_fails_says_why_in_a_line() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        script.outcome = Outcome(1, "lb01 is off", 0.1)
        await pilot.press("c")
        await seen(app, pilot, "lvsnet fault link down lb01:eth1: lb01 is off")

    on_screen(act)


def test_span_is_asked_for() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        await pilot.press("a")
        await pilot.pause()
        await pilot.press(*"90s", "enter")
        await seen(app, pilot, "lvsnet clock advance 90s: done")
        await pilot.press("a", *"soon", "enter")
        await seen(app, pilot, "'soon' is not a duration")
        await pilot.press("a", "7", "escape")
        await pilot.pause()
        assert script.done == ["clock advance 90s"]

    on_screen(act)


def test_question_takes_the_keys() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        await pilot.press("a", *"sqjx")
        await pilot.pause()
        assert asked(app).value == "sqjx"
        assert script.done == []

    on_screen(act)


def test_help_goes_with_any_key_which_does_nothing_else() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        await pilot.press("question_mark")
        await pilot.pause()
        assert any("choose a node" in row for row in shown(app))
        await pilot.press("s")
        await pilot.pause()
        assert not any("choose a node" in row for row in shown(app))
        assert script.done == []

    on_screen(act)


def test_screen_goes_on_under_help() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        await pilot.press("question_mark")
        script.tells(*FAILS_OVER, OFF)
        await until(pilot, lambda: app.listed == 4)
        await pilot.resize_terminal(160, 40)
        await pilot.press("escape")
        await seen(app, pilot, "lb02     director    MASTER")

    on_screen(act)


def test_events_of_a_narrow_screen_are_cut_where_it_ends() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        script.tells(*FAILS_OVER)
        await seen(app, pilot, "0:00:04  lb01     holds 192.168.10.100…")

    on_screen(act, size=(40, 24))


def test_what_is_wrong_is_seen_in_forty_columns() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        script.tells(
            told("daemon", "lb01", "exited", "keepalived", "keepalived has ended"),
            told("link", "lb02", "down", "eth1", "eth1 is down: no carrier"),
            line(faults=[{"kind": "frozen", "node": "client"}]),
        )
        await seen(app, pilot, "frozen")
        rows = [row.split() for row in shown(app)]
        assert ["▶", "lb01", "keepalived", "dead", "192.168.10…"] in rows
        assert ["lb02", "cut"] in rows
        await pilot.press("right")
        await seen(app, pilot, "cut eth1")

    on_screen(act, size=(40, 24))


def test_real_clock_has_no_keys() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        assert "advance" not in shown(app)[-1]
        await pilot.press("1")
        await pilot.pause()
        assert "which nobody can hold or wind" in "\n".join(shown(app))
        await pilot.press("a")
        await pilot.pause()
        assert "which nobody can hold or wind" in "\n".join(shown(app))
        assert script.done == []

    real = Layout(DR.lab, DR.kernel, "real", DR.machines)
    on_screen(act, laid(real), STOOD)


def test_chosen_node_is_seen_among_many() -> None:
    many = Layout(
        "many",
        "guest 7.2.7",
        "real",
        tuple(
            Machine(f"rs{n:02}", "realserver", (Cable("eth1", "lan", ()),), ()) for n in range(40)
        ),
    )

    async def act(app: Watch, _script: Script, pilot: Pilot[End]) -> None:
        await pilot.press(*["down"] * 35)
        await seen(app, pilot, "▶  rs35")

    on_screen(act, laid(many), line(initial=[], past=[], now=3 * SECOND))


def test_tables_of_the_chosen_director_are_seen_among_many() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        many = [server(f"rs{n:02}", n) for n in range(1, 31)]
        script.told[TABLES].put_nowait(listed(table("lb01", *many), table("lb02", *many)))
        await seen(app, pilot, "rs01")
        assert "lb02 ○" not in "\n".join(shown(app))
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: "rs01" not in "\n".join(shown(app)))
        await pilot.press("less_than_sign")
        await seen(app, pilot, "rs01")
        await pilot.press("down")
        await seen(app, pilot, "lb02 ○ tcp")

    on_screen(act)


def test_real_server_that_is_out_is_no_longer_listed() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        script.told[TABLES].put_nowait(listed(table("lb01", server("nginx02", 14, weight=0))))
        await until(pilot, lambda: "nginx01  192" not in "\n".join(shown(app)))
        rows = [row for row in shown(app) if row.startswith("  nginx")]
        assert rows == [
            "  nginx02  192.168.10.14:80  dr       0       2     25       -     -      -"
        ]

    on_screen(act)


def test_past_is_told_to_the_second_where_no_more_is_known() -> None:
    past = [SECOND, "vrrp", "lb02", "backup", "VI_1", "VI_1 enters BACKUP", SECOND]

    async def act(app: Watch, _script: Script, _pilot: Pilot[End]) -> None:
        assert "0:00:01      lb02     VI_1 enters BACKUP" in shown(app)

    on_screen(act, clock(), laid(), line(initial=[], past=[past], now=3 * SECOND))


def test_older_events_are_read_while_new_ones_come() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        script.tells(*(told("daemon", "lb01", "x", "y", f"said {n:02}") for n in range(40)))
        await seen(app, pilot, "said 39")
        await pilot.press("pageup")
        await pilot.pause()
        script.tells(told("daemon", "lb01", "x", "y", "said 40"))
        await until(pilot, lambda: app.listed == 41)
        assert "said 40" not in "\n".join(shown(app))
        await pilot.press("pagedown", "pagedown")
        await seen(app, pilot, "said 40")

    on_screen(act)


def test_end_of_the_lab_ends_the_screen() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        script.tells(line(ended="lab dr was destroyed"))
        await until(pilot, lambda: app.return_value is not None)

    assert on_screen(act) == End("lab dr was destroyed")


def test_q_and_ctrl_c_leave() -> None:
    for key in ("q", "ctrl+c"):

        async def act(_app: Watch, _script: Script, pilot: Pilot[End], key: str = key) -> None:
            await pilot.press(key)

        assert on_screen(act) == End()


def test_redeploy_shows_the_new_nodes() -> None:
    async def act(app: Watch, script: Script, pilot: Pilot[End]) -> None:
        script.tells(told("lab", "", "changed", "dr", "was changed"))
        await until(pilot, lambda: script.followed == [EVENTS, TABLES] * 2)
        less = Layout(DR.lab, DR.kernel, DR.clock, DR.machines[:2])
        script.tells(laid(less), STOOD)
        await until(pilot, lambda: "   nginx02" not in "\n".join(shown(app)))
        assert any("was changed" in row for row in shown(app))
        assert VIP in "\n".join(shown(app))

    on_screen(act)
