"""``lvsnet plan vips``: what it is asked, what it says, and what it refuses."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from pathlib import Path
from typing import TypedDict

import pytest

from lvsnet import cli
from lvsnet.spread import rates
from lvsnet.spread.question import QuestionError, Words, asked

SOURCE = ("--directors", "3", "--capacity", "1Gbit", "--traffic", "1.5Gbit")


class Planned(TypedDict):
    vip: str
    load: int
    order: list[str]
    priorities: dict[str, int]


class Row(TypedDict):
    vips: int
    held: list[int]
    busiest_up: float
    busiest_after_loss: float
    worst_loss: list[str]
    safe: bool
    at_limit: bool
    idle: list[str]
    plan: list[Planned]


class Linked(TypedDict):
    name: str
    capacity: int


class Needed(TypedDict):
    links_times: float
    directors: int | None


class Facts(TypedDict):
    directors: list[Linked]
    traffic: int
    candidates: list[Row]
    recommended: int | None
    fewest_safe: int | None
    at_limit: list[int]
    perfectly_even: int | None
    needed: Needed | None


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert cli.run(["plan", "vips", *arguments]) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return " ".join(captured.err.split()) if code else captured.out


def facts(capsys: pytest.CaptureFixture[str], *arguments: str) -> Facts:
    found: Facts = json.loads(said(capsys, *arguments, "--format", "json"))
    return found


def rows(out: str) -> dict[str, str]:
    """The table's lines by their number of VIPs."""
    return {line.split()[0]: line for line in out.splitlines() if "% █" in line}


def test_the_sources_question(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, *SOURCE)
    table = rows(out)
    assert list(table) == ["1", "2", "3", "4", "5", "6"]
    assert "OVERLOADED" in table["1"]
    assert "below the limit; lb03 idle" in table["2"]
    assert "exactly at the limit" in table["3"]
    assert "2/1/1" in table["4"]
    assert table["4"].count(" 75% ") == 2
    assert "perfectly even" in table["6"]
    assert "Recommended: 4 VIPs: the fewest with all directors active" in out
    assert "Only just: 3 VIPs" in out
    assert "Perfectly even: 6 VIPs: 50% with all up, 75% after the worst loss." in out
    assert "answers go past the directors" in out
    assert "vip1  150   100   50" in out


def test_json_has_links_as_parts_of_their_capacity(capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(capsys, *SOURCE)
    by_vips = {one["vips"]: one for one in found["candidates"]}
    three = by_vips[3]
    assert three["held"] == [1, 1, 1]
    assert (three["busiest_up"], three["busiest_after_loss"]) == (0.5, 1.0)
    assert three["safe"] is True
    assert three["at_limit"] is True
    assert by_vips[2]["idle"] == ["lb03"]
    assert by_vips[1]["safe"] is False
    assert found["recommended"] == 4
    assert found["fewest_safe"] == 3
    assert found["at_limit"] == [3]
    assert found["perfectly_even"] == 6
    assert found["needed"] is None
    for one in by_vips.values():
        for vip in one["plan"]:
            falling = sorted(vip["priorities"].items(), key=lambda one: -one[1])
            assert [name for name, _ in falling] == vip["order"]


def test_the_picture_is_well_formed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "vips.svg"
    said(capsys, *SOURCE, "--svg", str(file))
    root = ElementTree.fromstring(file.read_text())
    assert root.tag.endswith("}svg")
    words = [one.text or "" for one in root.iter() if one.tag.endswith("}text")]
    assert "4 VIPs" in words
    assert "75% recommended" in words
    bars = [one for one in root.iter() if one.tag.endswith("}rect") and one.get("height") == "13"]
    assert len(bars) == 12
    two_of = [float(bars[number].get("width", "")) for number in (4, 5)]
    assert two_of[0] * 2 == two_of[1]  # 3 VIPs: 0.5 with all up, 1.0 after a loss


def test_one_number_of_vips(capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(capsys, *SOURCE, "--vips", "5")
    assert [one["vips"] for one in found["candidates"]] == [5]
    assert found["recommended"] == 5
    assert facts(capsys, *SOURCE, "--vips", "3")["recommended"] is None


def test_all_active_has_no_plan_with_an_idle_director(capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(capsys, *SOURCE, "--all-active")
    assert [one["vips"] for one in found["candidates"]] == [3, 4, 5, 6]
    assert "leave 1 of 3 directors idle" in said(
        capsys, *SOURCE, "--all-active", "--vips", "2", code=2
    )


def test_unequal_links_and_names(capsys: pytest.CaptureFixture[str]) -> None:
    links = ("--capacity", "lb01=10Gbit,lb02=1Gbit", "--traffic", "800Mbit")
    found = facts(capsys, *links)
    assert [one["name"] for one in found["directors"]] == ["lb01", "lb02"]
    assert found["directors"][0]["capacity"] == 10**10
    assert found["recommended"] == 2
    assert found["candidates"][1]["worst_loss"] == ["lb01"]
    assert found == facts(capsys, *links, "--directors", "lb01,lb02")
    assert found == facts(capsys, *links, "--directors", "2")


def test_vips_may_be_called_by_their_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    links = ("--directors", "2", "--capacity", "1Gbit")
    vips = "192.168.10.101=300Mbit,FD00:10:0::101=200Mbit,fd00:10::102=1Mbit"
    (one,) = facts(capsys, *links, "--load", vips)["candidates"]
    assert [vip["vip"] for vip in one["plan"]] == ["192.168.10.101", "fd00:10::101", "fd00:10::102"]
    text = said(capsys, *links, "--load", vips)
    assert "VIPs: 192.168.10.101 300Mbit, fd00:10::101 200Mbit, fd00:10::102 1Mbit" in text
    assert "\nfd00:10::101    " in text


@pytest.mark.parametrize(
    ("vips", "message"),
    [
        ("fd00::1=1Mbit,fd00:0::1=1Mbit", "fd00::1 is there twice"),
        ("fd00::x=1Mbit", "'fd00::x' is not an IPv6 address"),
        ("[fd00::1]=1Mbit", "'[fd00::1]' is in brackets; write the address alone"),
        ("fe80::1%eth0=1Mbit", "'fe80::1%eth0' has a zone"),
    ],
)
def test_addresses_that_no_vip_has_are_refused(vips: str, message: str) -> None:
    with pytest.raises(QuestionError, match=re.escape(message)):
        asked(Words("3", "1Gbit", "", vips, "", 1, "100%", "dr"))


def test_unequal_loads(capsys: pytest.CaptureFixture[str]) -> None:
    links = ("--directors", "3", "--capacity", "1Gbit")
    (one,) = facts(capsys, *links, "--load", "web=800Mbit,api=700Mbit")["candidates"]
    assert [vip["vip"] for vip in one["plan"]] == ["web", "api"]
    assert one["plan"][0]["order"][:2] == ["lb01", "lb03"]
    assert one["busiest_after_loss"] == 0.8
    (one,) = facts(capsys, *links, "--load", "a=500Mbit,b=400Mbit,c=300Mbit")["candidates"]
    assert one["held"] == [1, 1, 1]
    assert one["busiest_after_loss"] == 0.8  # the smallest joins one of the others


def test_what_nat_adds(capsys: pytest.CaptureFixture[str]) -> None:
    links = ("--directors", "3", "--capacity", "10Gbit", "--traffic", "1Gbit")
    assert facts(capsys, *links, "--answers", "4Gbit")["traffic"] == 10**9
    assert "loads none" in said(capsys, *links, "--answers", "4Gbit")
    assert facts(capsys, *links, "--answers", "4Gbit", "--method", "nat")["traffic"] == 5 * 10**9
    assert "both directions together" in said(capsys, *links, "--method", "nat")
    loads = ("--directors", "3", "--capacity", "10Gbit", "--load", "a=1Gbit,b=3Gbit")
    (one,) = facts(capsys, *loads, "--method", "nat", "--answers", "4Gbit")["candidates"]
    assert [vip["load"] for vip in one["plan"]] == [2 * 10**9, 6 * 10**9]


def test_what_is_not_safe_says_what_would_be(capsys: pytest.CaptureFixture[str]) -> None:
    links = ("--directors", "3", "--capacity", "1Gbit", "--traffic", "1.9Gbit", "--vips", "3")
    out = said(capsys, *links)
    assert "Nothing is safe here." in out
    assert "links of 1.267Gbit, or with 4 directors" in out
    needed = facts(capsys, *links)["needed"]
    assert needed is not None
    assert needed["directors"] == 4
    assert needed["links_times"] == pytest.approx(1.9 / 1.5)
    again = facts(capsys, "--directors", "4", "--capacity", "1Gbit", *links[4:])
    assert again["candidates"][0]["safe"]
    heavy = ("--directors", "3", "--capacity", "1Gbit", "--load", "a=1.2Gbit,b=1Mbit")
    assert "more directors would not do" in said(capsys, *heavy)


def test_at_the_bound_nothing_stays_below(capsys: pytest.CaptureFixture[str]) -> None:
    links = ("--directors", "3", "--capacity", "1Gbit", "--traffic", "2Gbit")
    found = facts(capsys, *links)
    assert found["recommended"] is None
    assert found["fewest_safe"] == 4
    assert found["at_limit"] == [2, 4, 6]
    assert "up to 255 VIPs, no plan has" in said(capsys, *links)


def test_a_recommendation_beyond_the_first_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """Links of 1 and 100: what lb02 can carry of 50 is a fifty-first part."""
    links = ("--capacity", "lb01=100Mbit,lb02=100Mbit,lb03=1Mbit", "--traffic", "50Mbit")
    found = facts(capsys, *links)
    assert found["recommended"] == 51
    assert [one["vips"] for one in found["candidates"]] == [*range(1, 13), 51]


def test_what_just_does_beyond_the_first_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """Sixteen directors at their bound: only multiples of 15 do, and 15 leave one idle."""
    links = ("--directors", "16", "--capacity", "1Gbit", "--traffic", "15Gbit")
    found = facts(capsys, *links)
    assert found["recommended"] is None
    assert found["at_limit"] == [15, 30, 240]
    assert found["fewest_safe"] == 30


WRONG = {
    "Invalid value for --capacity: 1Gb may be bits or bytes": ("--capacity", "1Gb"),
    "1Gbit, or 8Gbit if it is bytes": ("--capacity", "1Gb"),
    "125MB counts bytes and a link's rate is in bits, 8 to a byte: write 1000Mbit": (
        "--traffic", "125MB",
    ),
    "125MB/s counts bytes": ("--traffic", "125MB/s"),
    "100mbit: m is no prefix of a rate here: write 100Mbit": ("--traffic", "100mbit"),
    "100 has no unit": ("--traffic", "100"),
    "by thousands, not by 1024": ("--traffic", "1Gibit"),
    "'fast' is not a rate": ("--traffic", "fast"),
    "--traffic: 0Gbit is nothing": ("--traffic", "0Gbit"),
    "-1Gbit is below zero: write a rate above zero, such as 1Gbit": ("--traffic", "-1Gbit"),
    "--losses: 3 of 3 directors: one has to be left": ("--losses", "3"),
    "--losses: 0: it is how many may be lost": ("--losses", "0"),
    "--losses: -1": ("--losses", "-1"),
    "--directors: 0 is not a number of directors": ("--directors", "0"),
    "--directors: -3 is not": ("--directors", "-3"),
    "--directors: 2.5 is not": ("--directors", "2.5"),
    "--directors: there must be two": ("--directors", "1"),
    "more than the 32 that can be planned for": ("--directors", "300"),
    "--directors: lb01 is there twice": ("--directors", "lb01,lb01"),
    "'' is not a name": ("--directors", "lb01,,lb02"),
    "--vips: 0: it is 1 to 255": ("--vips", "0"),
    "--vips: 256: it is 1 to 255": ("--vips", "256"),
    "--utilisation: '0%' is not a part of a link": ("--utilisation", "0%"),
    "'120%' is not": ("--utilisation", "120%"),
    "'0.8' is not": ("--utilisation", "0.8"),
    "--load says it already": ("--load", "web=1Mbit"),
    "'1Gbit' is not NAME=RATE": ("--capacity", "lb01=1Gbit,1Gbit"),
    "it has none for lb03": ("--capacity", "lb01=1Gbit,lb02=1Gbit"),
    "lb09: the directors are lb01, lb02, lb03": (
        "--capacity", "lb01=1Gbit,lb02=1Gbit,lb03=1Gbit,lb09=1Gbit",
    ),
    "lb02: 1GB counts bytes": ("--capacity", "lb01=1Gbit,lb02=1GB,lb03=1Gbit"),
    "--answers: 5 has no unit": ("--answers", "5"),
    "can be carried after the loss of any 1 of 3 directors, however many VIPs: (3 - 1) x 100% of "
    "1Gbit. It takes 4 such directors, or 3 with links of 1.25Gbit": ("--traffic", "2.5Gbit"),
    "(3 - 1) x 70% of 1Gbit": ("--utilisation", "70%"),
    "1.5Gbit is more than the 1.1Gbit that can be carried after the loss of lb01, however many "
    "VIPs: 100% of 1Gbit + 100Mbit. It takes all links 1.36 times as fast": (
        "--capacity", "lb01=10Gbit,lb02=1Gbit,lb03=100Mbit",
    ),
}  # fmt: skip


@pytest.mark.parametrize("why", WRONG)
def test_bad_input_is_refused_with_code_2(why: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (*SOURCE, *WRONG[why])
    told = said(capsys, *arguments, code=2)
    assert why in told


def test_loads_and_numbers_do_not_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    links = ("--directors", "3", "--capacity", "1Gbit")
    assert "--load says" in said(capsys, *links, "--load", "a=1Mbit", "--vips", "2", code=2)
    assert "a is there twice" in said(capsys, *links, "--load", "a=1Mbit,a=1Mbit", code=2)
    assert "say how much comes" in said(capsys, *links, code=2)
    assert "say how many" in said(capsys, *links[2:], "--traffic", "1Mbit", code=2)
    many = ("--directors", "30", "--capacity", "1Gbit", "--traffic", "1Gbit", "--losses", "15")
    assert "more than the 1000" in said(capsys, *many, code=2)


def test_a_picture_that_cannot_be_written_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none").touch()
    file = tmp_path / "none" / "vips.svg"
    monkeypatch.setattr("sys.argv", ["lvsnet", "plan", "vips", *SOURCE, "--svg", str(file)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert f"{file}: {file.parent} is no directory" in capsys.readouterr().err


def shown() -> list[tuple[list[str], list[str]]]:
    """The command lines on the page about VIPs, and the lines that they print."""
    page = Path(__file__).parents[2] / "docs" / "vips.md"
    found = re.findall(r"^```\n\$ lvsnet (.*)\n((?:.*\n)*?)```$", page.read_text(), re.MULTILINE)
    return [(line.split(), body.splitlines()) for line, body in found]


@pytest.mark.parametrize(("command", "lines"), shown())
def test_the_page_shows_what_is_printed(
    command: list[str], lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.run(command)
    captured = capsys.readouterr()
    printed = captured.err if code else captured.out
    blocks = "\n".join(lines).split("...\n")
    assert len(blocks) > 1 or printed == "\n".join(lines) + "\n"
    for block in blocks:
        assert block.removesuffix("...").strip() in printed
    assert len(shown()) == 4


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("1Gbit", 10**9), ("1.5Gbit/s", 15 * 10**8), ("10Gbps", 10**10), ("800 Mbit", 8 * 10**8),
        ("64kbit", 64_000), ("1Tbit", 10**12), ("0.5bit", Fraction(1, 2)),
    ],
)  # fmt: skip
def test_rates(text: str, bits: Fraction | int) -> None:
    assert rates.rate(text) == bits


def test_a_percentage_never_hides_which_side_of_a_whole_it_is() -> None:
    assert rates.percent(Fraction(99_999, 100_000)) == "<100%"
    assert rates.percent(Fraction(100_001, 100_000)) == ">100%"
    assert rates.percent(Fraction(1)) == "100%"
    assert rates.percent(Fraction(2, 3)) == "66.7%"
    assert rates.written(Fraction(10**9)) == "1Gbit"
    assert rates.written(Fraction(1_266_666_667)) == "1.267Gbit"
