"""VRRP as keepalived.conf has it: instances, sync groups, and the scripts that they run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from lvsnet.keepalived.keywords.vrrp import VRRP_INSTANCE, VRRP_SYNC_GROUP
from lvsnet.keepalived.tree import Statement, statement
from lvsnet.lab.addressing import address_in, version_of
from lvsnet.lab.held_vips import EXCLUDED
from lvsnet.lab.settings import Line, is_strict
from lvsnet.plan.addressing import interface_name
from lvsnet.plan.settings import Machine, used, written

if TYPE_CHECKING:
    from lvsnet.lab.model import Lab
    from lvsnet.lab.model_vrrp import (
        SyncGroup,
        TrackInterface,
        TrackScript,
        VrrpInstance,
        VrrpScript,
    )


def vrrp(lab: Lab, node: str) -> tuple[Statement, ...]:
    """Scripts, sync groups and instances that ``node`` takes part in, in the lab's order."""
    instances = {name: one for name, one in lab.vrrp.items() if node in one.priority}
    machine = Machine(lab, node)
    taking_part = (
        *(
            _group(machine, name, one, here)
            for name, one in lab.vrrp_sync_group.items()
            if (here := [member for member in one.group if member in instances])
        ),
        *(_instance(machine, name, one) for name, one in instances.items()),
    )
    tracked = used(taking_part, "track_script")
    scripts = (_script(name, one) for name, one in lab.vrrp_script.items() if name in tracked)
    return (*scripts, *taking_part)


def _tracked(instance: VrrpInstance, node: str) -> list[TrackScript]:
    return [one for one in instance.track_script if one.nodes is None or node in one.nodes]


def _script(name: str, script: VrrpScript) -> Statement:
    return statement(
        "vrrp_script",
        name,
        block=(
            statement("script", script.script),
            statement("interval", str(script.interval.seconds)),
            *(_one("timeout", str(script.timeout.seconds)) if script.timeout else ()),
            *(_one("weight", script.weight) if script.weight else ()),
            statement("fall", script.fall),
            statement("rise", script.rise),
            *(_one("user", script.user) if script.user else ()),
            *(_one("init_fail") if script.init_fail else ()),
        ),
    )


def _group(machine: Machine, name: str, group: SyncGroup, here: list[str]) -> Statement:
    members = statement("group", block=tuple(statement(member) for member in here))
    settings = written(machine, VRRP_SYNC_GROUP, group.settings)
    return statement("vrrp_sync_group", name, block=(members, *settings, *_notifications(group)))


def _instance(machine: Machine, name: str, instance: VrrpInstance) -> Statement:
    lab, node = machine.lab, machine.name
    interface = interface_name(lab, node, instance.segment)
    settings = written(machine, VRRP_INSTANCE, instance.settings)
    return statement(
        "vrrp_instance",
        name,
        block=(
            # Says only who is meant to be: all start as BACKUP, and the priorities decide.
            statement("state", _state(lab, node, instance)),
            statement("interface", interface),
            statement("virtual_router_id", instance.virtual_router_id),
            statement("priority", instance.priority[node]),
            statement("advert_int", str(instance.advert_int.seconds)),
            *(_one("version", 3) if instance.version == 3 else ()),
            *_preemption(instance),
            *(_unicast(lab, node, instance) if instance.unicast else ()),
            *(one for one in settings if one.block is None),
            *_authentication(instance),
            statement("virtual_ipaddress", block=tuple(_addresses(machine, interface, instance))),
            *(_on(interface, one) for one in settings if one.block is not None),
            *_tracking(lab, node, instance),
            *_notifications(instance),
        ),
    )


def _addresses(machine: Machine, interface: str, instance: VrrpInstance) -> Iterator[Statement]:
    """The VIPs with their options; on the instance's interface unless these say another one."""
    options = instance.settings.given.get("addresses")
    for place, vip in enumerate(instance.addresses):
        line = options[place] if isinstance(options, list) else None
        words = machine.words(line)[1:] if isinstance(line, Line) else ()
        device = () if "dev" in words else ("dev", interface)
        yield statement(str(vip), *device, *words)


def _on(interface: str, setting: Statement) -> Statement:
    """A setting; the VIPs that adverts do not carry say where they are, as the others do."""
    if setting.keyword != EXCLUDED:
        return setting
    entries = tuple(
        one
        if not isinstance(one, Statement) or "dev" in one.arguments
        else statement(one.keyword, "dev", interface, *one.arguments)
        for one in setting.block or ()
    )
    return replace(setting, block=entries)


def _state(lab: Lab, node: str, instance: VrrpInstance) -> str:
    if node in instance.state:
        return instance.state[node]
    preferred = max(instance.priority, key=instance.priority.__getitem__)
    # keepalived lets no instance that says MASTER have any of them, and warns.
    refused = (
        instance.nopreempt
        or instance.preempt_delay is not None
        or _authenticates_by(instance, "AH")
        or is_strict(instance.settings, lab.global_defs.settings, node)
    )
    return "MASTER" if node == preferred and not refused else "BACKUP"


def _authenticates_by(instance: VrrpInstance, kind: str) -> bool:
    return instance.authentication is not None and instance.authentication.auth_type == kind


def _preemption(instance: VrrpInstance) -> Iterator[Statement]:
    if instance.nopreempt:
        yield statement("nopreempt")
    if instance.preempt_delay is not None:
        yield statement("preempt_delay", str(instance.preempt_delay.seconds))


def _unicast(lab: Lab, node: str, instance: VrrpInstance) -> Iterator[Statement]:
    version = version_of(instance)
    addresses = {
        machine: str(address_in(lab.nodes[machine], instance.segment, version))
        for machine in lab.nodes
        if machine in instance.priority
    }
    peers = tuple(statement(one) for machine, one in addresses.items() if machine != node)
    yield statement("unicast_src_ip", addresses[node])
    yield statement("unicast_peer", block=peers)


def _authentication(instance: VrrpInstance) -> Iterator[Statement]:
    if instance.authentication is not None:
        kind = statement("auth_type", instance.authentication.auth_type)
        password = statement("auth_pass", instance.authentication.auth_pass)
        yield statement("authentication", block=(kind, password))


def _tracking(lab: Lab, node: str, instance: VrrpInstance) -> Iterator[Statement]:
    if scripts := _tracked(instance, node):
        yield statement("track_script", block=tuple(_track(one.script, one) for one in scripts))
    if instance.track_interface:
        links = (
            _track(interface_name(lab, node, one.segment), one) for one in instance.track_interface
        )
        yield statement("track_interface", block=tuple(links))


def _track(name: str, track: TrackScript | TrackInterface) -> Statement:
    if track.weight is None and not track.reverse:
        return statement(name)
    # keepalived knows reverse behind a weight only.
    words = ("weight", track.weight or 0, *(("reverse",) if track.reverse else ()))
    return statement(name, *words)


def _notifications(source: VrrpInstance | SyncGroup) -> Iterator[Statement]:
    commands = {
        "notify_master": source.notify_master,
        "notify_backup": source.notify_backup,
        "notify_fault": source.notify_fault,
        "notify_stop": source.notify_stop,
        "notify": source.notify,
    }
    return (statement(word, line) for word, line in commands.items() if line is not None)


def _one(*words: str | int) -> tuple[Statement]:
    return (statement(*words),)
