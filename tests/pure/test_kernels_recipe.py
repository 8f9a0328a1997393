"""What a guest kernel is built of: configuration, packages, and what a user is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsnet import apt, resources
from lvsnet.guest.kernels import archive, built, recipe

CONFIG = """\
# -- A section
CONFIG_IP_VS=y
# CONFIG_MODULES is not set
CONFIG_LOCALVERSION="-lvsnet"
CONFIG_IP_VS_TAB_BITS=12
# CONFIG_ is mentioned here
"""


def test_options_are_read_as_the_kernel_writes_them() -> None:
    assert recipe.options(CONFIG) == {
        "CONFIG_IP_VS": "y",
        "CONFIG_MODULES": "n",
        "CONFIG_LOCALVERSION": '"-lvsnet"',
        "CONFIG_IP_VS_TAB_BITS": "12",
    }


def test_an_option_that_took_no_effect_is_named() -> None:
    assert recipe.without_effect(CONFIG, CONFIG) == []
    # Kconfig leaves an option out whose dependencies are off.
    got = 'CONFIG_MODULES=y\nCONFIG_LOCALVERSION="-lvsnet"\nCONFIG_IP_VS_TAB_BITS=8\n'
    assert recipe.without_effect(CONFIG, got) == [
        "CONFIG_IP_VS is n, not y",
        "CONFIG_MODULES is y, not n",
        "CONFIG_IP_VS_TAB_BITS is 8, not 12",
    ]


def test_lvsnets_configuration_asks_for_each_option_once() -> None:
    text = (resources.directory("kernel") / "config").read_text()
    lines = [line for line in text.splitlines() if recipe.OPTION.fullmatch(line)]
    assert len(lines) == len(recipe.options(text)) > 200
    others = [line for line in text.splitlines() if line not in lines]
    assert all(line == "" or line.startswith("# ") for line in others)


def test_lvsnets_configuration_has_all_of_ipvs() -> None:
    wanted = recipe.options((resources.directory("kernel") / "config").read_text())
    for name in "RR WRR LC WLC FO OVF LBLC LBLCR DH SH MH SED NQ TWOS FTP PE_SIP NFCT".split():
        assert wanted[f"CONFIG_IP_VS_{name}"] == "y"


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        ("linux-source linux-source-7.1 linux-source-7.2 linux-source-7.3", "linux-source-7.2"),
        ("linux-source-7.10 linux-source-7.9 linux-source-7.1", "linux-source-7.9"),
        ("linux-source-8.0 linux-source-7.1", "linux-source-8.0"),
        ("linux-source-6.12 linux-source-6.9", "linux-source-6.12"),
        ("linux-source linux-source-rt", ""),
    ],
)
def test_the_tested_series_is_taken_or_else_the_next_newer(names: str, taken: str) -> None:
    assert archive.source_package(names.split()) == taken


def test_apt_keeps_to_its_own_directory_and_to_the_machines_way_to_the_mirror() -> None:
    text = archive.configuration(Path("/c/work"), ['Acquire::http::Proxy "http://p.example:1"'])
    assert 'Dir "/c/work/";\n' in text
    assert 'Dir::State::status "/dev/null";\n' in text
    assert 'Acquire::http::Proxy "http://p.example:1";\n' in text
    assert "unauthenticated" not in text.lower()
    assert "insecure" not in text.lower()


def test_every_source_is_signed_by_debians_keys() -> None:
    assert archive.sources("http://mirror.example/debian", ("forky", "sid")).splitlines() == [
        f"deb [signed-by={archive.KEYRING}] http://mirror.example/debian {suite} main"
        for suite in ("forky", "sid")
    ]


def test_all_that_is_missing_is_named_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "PATH", str(tmp_path))
    packages = recipe.lacking(tmp_path / "keyring.gpg")
    assert packages == sorted({*recipe.PROGRAMS.values(), recipe.C_LIBRARY, recipe.KEYRING})
    told = str(recipe.refusal(packages, as_root=False))
    assert told.endswith(
        "  sudo apt-get update && sudo apt-get install --no-install-recommends "
        + " ".join(packages)
    )
    assert "sudo" not in str(recipe.refusal(packages, as_root=True))


def test_a_compiler_without_the_static_library_is_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in recipe.PROGRAMS:
        (tmp_path / program).write_text("#!/bin/sh\necho libc.a\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setattr(apt, "PATH", str(tmp_path))
    keyring = tmp_path / "keyring.gpg"
    keyring.touch()
    assert recipe.lacking(keyring) == [recipe.C_LIBRARY]
    (tmp_path / "gcc").write_text("#!/bin/sh\necho /usr/lib/libc.a\n")
    assert recipe.lacking(keyring) == []


def test_a_kernel_goes_with_its_configuration_and_patches(tmp_path: Path) -> None:
    (tmp_path / "patches").mkdir()
    (tmp_path / "config").write_text("CONFIG_IP_VS=y\n")
    patches = [tmp_path / "patches" / name for name in ("0002-b.patch", "0001-a.patch")]
    for patch in patches:
        patch.write_text("--- a\n")
    files = built.files(tmp_path)
    assert [file.name for file in files] == ["config", "0001-a.patch", "0002-b.patch"]
    keys = {built.key_of(tmp_path)}
    patches[0].write_text("--- b\n")
    keys.add(built.key_of(tmp_path))
    (tmp_path / "config").write_text("CONFIG_IP_VS=n\n")
    keys.add(built.key_of(tmp_path))
    assert len(keys) == 3
