"""What somebody is told whose lab's kernel cannot filter frames."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lvsnet.engine import namespaces, nftables
from lvsnet.errors import LvsnetError


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The kernel refuses with this number."""

    @contextmanager
    def entered(_namespace: Path) -> Iterator[None]:
        raise OSError(request.param, os.strerror(request.param))
        yield

    monkeypatch.setattr(namespaces, "entered", entered)


@pytest.mark.usefixtures("refusal")
@pytest.mark.parametrize("refusal", [errno.EOPNOTSUPP], indirect=True)
def test_which_kernel_lacks_what_is_told() -> None:
    wanted = rf"kernel the lab runs on, {os.uname().release}, cannot .* \(Operation not supported\)"
    with pytest.raises(LvsnetError, match=wanted) as caught:
        nftables.replace(Path("/run/netns/lab"), [])
    assert "CONFIG_NF_TABLES_BRIDGE" in str(caught.value)


@pytest.mark.usefixtures("refusal")
@pytest.mark.parametrize("refusal", [errno.ENOBUFS], indirect=True)
def test_another_refusal_is_left_to_whoever_asked() -> None:
    with pytest.raises(OSError, match="No buffer space"):
        nftables.replace(Path("/run/netns/lab"), [])
