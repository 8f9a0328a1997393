"""What the machines of one virtual router have to say alike, or there are two masters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

from lvsnet.lint.instances import Instance
from lvsnet.lint.model import Check, Finding, Place, Related
from lvsnet.lint.site import Site
from lvsnet.rules.agreement import (
    ADVERT_INT_DIFFERS,
    ADVERT_INT_DIFFERS_3,
    AUTH_DIFFERS,
    MULTICAST_DIFFERS,
    NOPREEMPT_ONE_SIDE,
    UNICAST_NOT_MUTUAL,
    UNICAST_ONE_SIDE,
)

MULTICAST_4 = "224.0.0.18"
MULTICAST_6 = "ff02::12"


def auth_differs(site: Site) -> Iterator[Finding]:
    for first, *others in site.routers():
        for one in others:
            if one.version != first.version or one.authentication == first.authentication:
                continue
            mine, theirs = one.authentication, first.authentication
            if mine[0] != theirs[0]:
                how = f"{one.machine} has {_kind(mine)}, {first.machine} {_kind(theirs)}"
            else:
                how = f"the auth_pass of {one.machine} is not that of {first.machine}"
            yield Finding(
                AUTH_DIFFERS.name,
                _auth_place(one),
                f"VRRP instance {one.name}: {how}",
                (Related(_auth_place(first), f"{first.machine}'s"),),
            )


def advert_int_differs(site: Site) -> Iterator[Finding]:
    for first, *others in site.routers():
        for one in others:
            if one.version == first.version and one.advert_int != first.advert_int:
                rule = ADVERT_INT_DIFFERS if one.version == 2 else ADVERT_INT_DIFFERS_3
                yield Finding(
                    rule.name,
                    one.at(one.given_advert_int),
                    f"VRRP instance {one.name}: {one.machine} advertises every"
                    f" {one.advert_int:g} s, {first.machine} every {first.advert_int:g} s",
                    (Related(first.at(first.given_advert_int), f"{first.machine}'s"),),
                )


def unicast_one_side(site: Site) -> Iterator[Finding]:
    for first, *others in site.routers():
        for one in others:
            if bool(one.peers) == bool(first.peers):
                continue
            uni, multi = (one, first) if one.peers else (first, one)
            yield Finding(
                UNICAST_ONE_SIDE.name,
                multi.place,
                f"VRRP instance {multi.name}: {multi.machine} has no unicast_peer, but"
                f" {uni.machine} sends to its peers alone",
                (Related(uni.unicast or uni.place, f"{uni.machine}'s peers"),),
            )


def unicast_not_mutual(site: Site) -> Iterator[Finding]:
    for router in site.routers():
        for one, other in permutations([one for one in router if one.peers], 2):
            own = site.machine(other.machine).own_addresses()
            if own and own.isdisjoint(peer.value for peer in one.peers):
                shown = ", ".join(sorted(map(str, own)))
                yield Finding(
                    UNICAST_NOT_MUTUAL.name,
                    one.unicast or one.place,
                    f"VRRP instance {one.name} on {one.machine}: {other.machine} ({shown}) is no"
                    " unicast peer, so it hears nothing from here",
                    (Related(other.at(None), f"{other.machine}'s instance"),),
                )


def multicast_differs(site: Site) -> Iterator[Finding]:
    for router in site.routers():
        for first, one in combinations(router, 2):
            mine, place = _multicast(site, one)
            theirs, there = _multicast(site, first)
            if mine != theirs and not one.peers and not first.peers:
                yield Finding(
                    MULTICAST_DIFFERS.name,
                    place,
                    f"VRRP instance {one.name}: {one.machine} sends to {mine}, {first.machine} to"
                    f" {theirs}",
                    (Related(there, f"{first.machine}'s"),),
                )
                break


def nopreempt_one_side(site: Site) -> Iterator[Finding]:
    for first, *others in site.routers():
        for one in others:
            mine, theirs = _keeps(one), _keeps(first)
            if mine != theirs:
                having, lacking = (one, first) if mine else (first, one)
                yield Finding(
                    NOPREEMPT_ONE_SIDE.name,
                    having.nopreempt or having.place,
                    f"VRRP instance {one.name}: {having.machine} has nopreempt,"
                    f" {lacking.machine} not",
                    (Related(lacking.place, f"{lacking.machine}'s instance"),),
                )


def _keeps(instance: Instance) -> bool:
    return instance.nopreempt is not None and not instance.master


def _kind(authentication: tuple[str, str]) -> str:
    return f"auth_type {authentication[0]}" if authentication[0] else "no authentication"


def _auth_place(instance: Instance) -> Place:
    given = instance.auth_pass or instance.auth_type
    return given.place if given else instance.place


def _multicast(site: Site, instance: Instance) -> tuple[str, Place]:
    own = instance.written.word("mcast_dst_ip")
    settings = site.machine(instance.machine).globals
    word = "vrrp_mcast_group4" if instance.family == 4 else "vrrp_mcast_group6"
    given = own or settings.word(word)
    if given is None:
        return MULTICAST_4 if instance.family == 4 else MULTICAST_6, instance.place
    return given.value, given.place


CHECKS: tuple[Check, ...] = (
    auth_differs,
    advert_int_differs,
    unicast_one_side,
    unicast_not_mutual,
    multicast_differs,
    nopreempt_one_side,
)
