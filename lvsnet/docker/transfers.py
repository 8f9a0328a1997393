"""Builds, pulls and imports at a Docker engine: long requests that say how far they are.

The SDK's own functions wait for a pull without a limit, and leave a build running that nobody
reads any more. Here a silent engine is given up, and whatever ends the caller closes the
connection, upon which the engine stops its work.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from lvsnet.errors import LvsnetError

CONNECT_S = 10.0
DEADLINE_S = 1800.0
"""For one request: 300 MB over 2 Mbit/s, and a slow machine."""

Parameters = Mapping[str, str | Sequence[str]]
Message = Mapping[str, object]
"""One of the objects that an engine's answer consists of: status, stream, error, ..."""


class Answer(Protocol):
    """A response of requests."""

    status_code: int

    @property
    def text(self) -> str: ...

    def iter_lines(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Engine(Protocol):
    """What is used here of docker.APIClient, which is a session of requests."""

    base_url: str

    @property
    def api_version(self) -> str: ...

    def post(
        self,
        url: str,
        data: bytes | Iterable[bytes] | None = None,
        *,
        params: Parameters,
        headers: Mapping[str, str],
        stream: bool,
        timeout: tuple[float, float],
    ) -> Answer: ...


class TransferError(LvsnetError):
    """The engine refused or failed; the text is in its words."""


class AbsentError(TransferError):
    """There is no such image, or not for this user."""


@contextmanager
def messages(
    api: Engine,
    path: str,
    parameters: Parameters,
    silence_s: float,
    *,
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Iterator[Message]]:
    """Post, and give what the engine says, as it says it. On leaving, the request has ended.

    Raises TransferError when the engine says that it failed, says nothing for ``silence_s``
    seconds, goes away, or takes longer than `DEADLINE_S`; so does taking the messages.
    """
    kind = {"Content-Type": "application/tar"} if body is not None else {}
    with _told(silence_s):
        answer = api.post(
            f"{api.base_url}/v{api.api_version}{path}",
            data=body,
            params=parameters,
            headers={**kind, **(headers or {})},
            stream=True,
            timeout=(CONNECT_S, silence_s),
        )
    try:
        if answer.status_code >= 400:
            raise _failure(answer.status_code, _said(answer.text))
        yield _messages(answer, silence_s)
    finally:
        answer.close()


def _messages(answer: Answer, silence_s: float) -> Iterator[Message]:
    deadline = time.monotonic() + DEADLINE_S
    lines = answer.iter_lines()
    while True:
        with _told(silence_s):
            line = next(lines, None)
        if line is None:
            return
        if time.monotonic() > deadline:
            raise TransferError(f"not done after {DEADLINE_S:.0f} s")
        message: object = json.loads(line) if line else None
        if isinstance(message, dict):
            if "error" in message:
                raise _failure(0, str(message["error"]))
            yield message


@contextmanager
def _told(silence_s: float) -> Iterator[None]:
    """Tell what requests raises: OSErrors, that of a wait that was too long among them."""
    try:
        yield
    except OSError as error:
        raise TransferError(
            f"the Docker engine said nothing for {silence_s:.0f} s, or went away: {error}"
        ) from error


def _said(body: str) -> str:
    try:
        answer: object = json.loads(body)
    except ValueError:
        return body.strip()
    return str(answer["message"]) if isinstance(answer, dict) and "message" in answer else body


def _failure(status: int, said: str) -> TransferError:
    # A pull that fails after it began has status 200, and only its words tell why.
    absent = ("not found", "manifest unknown", "pull access denied", "does not exist")
    if status in (0, 404) and any(words in said for words in absent):
        return AbsentError(said)
    return TransferError(said)
