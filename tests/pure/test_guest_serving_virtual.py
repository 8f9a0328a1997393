"""When the supervisor of a lab in virtual time tells its clients that a command has ended."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from lvsnet.guest import boot, wire
from lvsnet.guest.clock import Phase
from lvsnet.guest.serving import Client
from lvsnet.guest.serving_virtual import VirtualService
from lvsnet.guest.virtual import VirtualClock
from lvsnet.guest.wire import Type

FOLLOWS, RUNS = 1, 2
"""Streams of the line."""
TIME = boot.VirtualTime(start=0, seed=7)
MACHINE = boot.Machine(
    kernel="linux", parameters=(), busybox="busybox", image="node.squashfs", release="7.2",
    module_tree="modules", early_modules=(), memory="512M", window=wire.WIDE_WINDOW, virtual=TIME,
)  # fmt: skip


@pytest.fixture
def service() -> Iterator[VirtualService]:
    """With a command in a guest that runs."""
    ours, theirs = socket.socketpair()
    listener = socket.socket(socket.AF_UNIX)
    reading, writing = os.pipe()
    with ours, theirs, listener:
        service = VirtualService(Client(ours), MACHINE, TIME)
        service.ready = {}
        service.clock = VirtualClock(listener, writing, service.line, lambda: None)
        service.clock.booted = True
        service.clock.controller.phase = Phase.RUNNING
        service.clock.opened(RUNS, {"op": "exec"})
        yield service
    os.close(reading)
    os.close(writing)


def ends(service: VirtualService) -> Client:
    """The command ends; its client."""
    (client,) = service.clients.values()
    end = wire.with_json(Type.CLOSE, RUNS, {"code": 0})
    service._pass_to_client(client, 5, end)
    service.clock.closed(RUNS)
    service._turn()
    return client


def test_the_end_of_a_command_is_told_at_once(service: VirtualService) -> None:
    assert ends(service).line.queued > 0


def test_who_follows_the_lab_has_his_say_before_anybody_can_begin_another_command(
    service: VirtualService,
) -> None:
    service.clock.opened(FOLLOWS, {"op": "act", "follow": True})
    client = ends(service)
    assert client.line.queued == 0
    service.clock.controller.phase = Phase.WAITING  # and it has no timer
    service._turn()
    (end,) = wire.Line().receive(client.line.to_write())
    assert (end.type, end.stream, wire.json_of(end)) == (Type.CLOSE, 5, {"code": 0})


def test_a_command_beside_another_one_is_not_kept_waiting(service: VirtualService) -> None:
    service.clock.opened(FOLLOWS, {"op": "act", "follow": True})
    service.clock.opened(3, {"op": "exec"})
    assert ends(service).line.queued > 0
