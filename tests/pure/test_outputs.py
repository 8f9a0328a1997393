"""Files that users name for what commands make: whole, or as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsnet import outputs
from lvsnet.errors import LvsnetError


def test_a_file_that_cannot_be_written_is_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.html"
    file.write_text("before")

    def full(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(LvsnetError, match=r"report\.html: No space left on device"):
            outputs.write(file, "after")
    assert file.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
    outputs.write(file, "after")
    assert file.read_text() == "after"


def test_a_link_goes_on_leading_to_where_it_led(tmp_path: Path) -> None:
    link = tmp_path / "link.svg"
    link.symlink_to("there.svg")
    for text in ("new", "again"):
        outputs.write(link, text)
        assert link.is_symlink()
        assert (tmp_path / "there.svg").read_text() == text


def test_a_name_that_is_no_utf_8_does_not_keep_a_file_from_being_written(tmp_path: Path) -> None:
    outputs.write(tmp_path / "new/page.html", "labs/caf\udce9.yaml")
    assert (tmp_path / "new/page.html").read_text() == "labs/caf?.yaml"
