"""From the statements of a machine's keepalived.conf to the facts that rules look at.

What counts where a word is written twice, and what holds where it is not written, is as in
keepalived 2.3's parsers (vrrp_parser.c, check_parser.c, global_parser.c).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from lvsnet.keepalived.keywords import checkers
from lvsnet.lint.addresses import IPAddress, address_of
from lvsnet.lint.host import Host
from lvsnet.lint.instances import Group, Instance, Track, Vip
from lvsnet.lint.model import Given, Place
from lvsnet.lint.servers import RealServer, VirtualServer
from lvsnet.lint.site import Command, Machine, Script, SyncDaemon
from lvsnet.lint.written import Written

CHECKERS = tuple(one.name for one in checkers.CHECKERS)
NOTIFICATIONS = (
    "notify_master",
    "notify_backup",
    "notify_fault",
    "notify_stop",
    "notify_deleted",
    "notify",
    "notify_master_rx_lower_pri",
)
SYNC_GROUP_ADDRESS = "224.0.0.81"
SYNC_PORT = 8848
"""Where sync daemons meet (ipvsadm(8), --mcast-group, --mcast-port)."""
_TRACKS = ("script", "interface", "file", "process", "bfd")


def machine(
    name: str,
    file: str,
    statements: Sequence[Written],
    host: Host | None = None,
) -> Machine:
    """The facts of one machine; ``file`` is where its configuration begins."""
    whole = Written(("keepalived.conf",), Place(file, 1), tuple(statements))
    settings = Written(("global_defs",), Place(file, 1), whole.entries("global_defs"))
    first = settings.last("global_defs") or whole.last("global_defs")
    settings = Written(("global_defs",), first.place if first else Place(file, 1), settings.block)
    segments = {one.interface: one.segment for one in host.held} if host else {}
    return Machine(
        name=name,
        statements=tuple(statements),
        place=Place(file, 1),
        globals=settings,
        instances=tuple(
            _instance(name, one, settings, segments) for one in whole.all("vrrp_instance")
        ),
        groups=tuple(map(_group, whole.all("vrrp_sync_group"))),
        scripts=tuple(map(_script, whole.all("vrrp_script"))),
        commands=tuple(_commands(whole, settings)),
        servers=tuple(_virtual_server(name, one) for one in whole.all("virtual_server")),
        sync=_sync_daemon(whole, settings),
        host=host,
    )


def _instance(
    machine_name: str, one: Written, settings: Written, segments: dict[str, str]
) -> Instance:
    vips = _vips(one, "virtual_ipaddress")
    family = vips[0].address.version if vips else 4
    auth = one.last("authentication")
    strict = one.flag("strict_mode") if one.last("strict_mode") else settings.flag("vrrp_strict")
    # With IPv6 vrrp_version does not count, and a strict instance is of version 3.
    version = one.number("version") if family == 4 or not strict else None
    version = version or (settings.number("vrrp_version") if family == 4 else None)
    interface = one.word("interface")
    peers = tuple(_addresses(one.entries("unicast_peer")))
    words = one.all("unicast_peer", "unicast_src_ip", "unicast_ttl")
    return Instance(
        name=_name(one),
        machine=machine_name,
        written=one,
        place=one.place,
        segment=segments.get(interface.value, "") if interface else "",
        state=one.word("state"),
        interface=interface,
        router_id=one.number("virtual_router_id"),
        given_priority=one.number("priority"),
        given_advert_int=one.seconds("advert_int"),
        # With IPv6 vrrp_version does not count, and a strict instance is of version 3.
        version=version.value
        if version and (family == 4 or not strict)
        else 3
        if family == 6
        else 2,
        version_place=version.place if version else None,
        auth_type=auth.word("auth_type") if auth else None,
        auth_pass=auth.word("auth_pass") if auth else None,
        vips=vips,
        excluded=_vips(one, "virtual_ipaddress_excluded"),
        nopreempt=one.flag("nopreempt"),
        strict=strict,
        unicast=words[0].place if words else None,
        peers=peers,
        source=_address(one.word("unicast_src_ip") or one.word("mcast_src_ip")),
        tracks=_tracks(one),
    )


def _vips(one: Written, keyword: str) -> tuple[Vip, ...]:
    found = []
    for entry in one.entries(keyword):
        text, _, prefix = entry.keyword.partition("/")
        address = address_of(text)
        if address is not None:
            length = int(prefix) if prefix.isdecimal() and len(prefix) < 4 else None
            if length is not None and length > address.max_prefixlen:
                length = None
            found.append(Vip(address, length, entry.place))
    return tuple(found)


def _tracks(one: Written) -> tuple[Track, ...]:
    return tuple(
        Track(kind, entry.keyword, _weight(entry), entry.place)
        for kind in _TRACKS
        for entry in one.entries(f"track_{kind}")
    )


def _weight(entry: Written) -> int | None:
    words = entry.arguments
    for before, after in pairwise(words):
        if before == "weight":
            return integer(after)
    return None


def _group(one: Written) -> Group:
    return Group(
        _name(one),
        one.place,
        tuple(Given(word, entry.place) for entry in one.entries("group") for word in entry.words),
        bool(one.all("sync_group_tracking_weight", "global_tracking")),
        _tracks(one),
        one,
    )


def _script(one: Written) -> Script:
    weight = one.number("weight")
    return Script(_name(one), one.place, weight.value if weight else 0, one)


def _commands(whole: Written, settings: Written) -> Iterator[Command]:
    default = _user(settings.last("script_user"))
    for one in whole.all("vrrp_script"):
        line = one.last("script")
        if line is not None and line.arguments:
            user = _user(one.last("user")) or default
            yield Command(f"script {_name(one)}", _line(line, 1), user, line.place)
    for one in whole.all("vrrp_instance", "vrrp_sync_group"):
        for line in one.all(*NOTIFICATIONS):
            if line.arguments:
                yield Command(
                    f"{line.keyword} of {_name(one)}", _line(line, 1), default, line.place
                )
    for server in whole.all("virtual_server"):
        what = " ".join(server.arguments)
        for line in server.all("quorum_up", "quorum_down"):
            if line.arguments:
                yield Command(f"{line.keyword} of {what}", _line(line, 1), default, line.place)
        for real in server.all("real_server"):
            there = " ".join(real.arguments)
            for line in real.all("notify_up", "notify_down"):
                if line.arguments:
                    yield Command(f"{line.keyword} of {there}", _line(line, 1), default, line.place)
            for check in real.all("MISC_CHECK"):
                path = check.last("misc_path")
                if path is not None and path.arguments:
                    user = _user(check.last("user")) or default
                    yield Command(f"check of {there}", _line(path, 1), user, path.place)


def _line(one: Written, start: int) -> str:
    return " ".join(one.words[start:])


def _user(one: Written | None) -> str:
    return one.arguments[0] if one is not None and one.arguments else ""


def _virtual_server(machine_name: str, one: Written) -> VirtualServer:
    words = one.arguments
    address = address_of(words[0]) if words else None
    port = integer(words[1]) if address is not None and len(words) > 1 else None
    protocol = one.word("protocol")
    kind = _kind(one)
    forwarding = kind.value if kind else "NAT"
    sorry = one.last("sorry_server")
    method = one.word("sorry_server_lvs_method")
    return VirtualServer(
        machine=machine_name,
        name=" ".join(words),
        address=address,
        port=port or 0,
        protocol=Given(protocol.value.upper(), protocol.place) if protocol else None,
        scheduler=_later(one.word("lb_algo"), one.word("lvs_sched")),
        kind=kind,
        place=one.place,
        written=one,
        real_servers=tuple(
            _real_server(real, forwarding, port or 0, one) for real in one.all("real_server")
        ),
        sorry=None
        if sorry is None
        else _real_server(sorry, method.value if method else forwarding, port or 0, one),
    )


def _kind(one: Written) -> Given[str] | None:
    return _later(one.word("lb_kind"), one.word("lvs_method"))


def _later(one: Given[str] | None, other: Given[str] | None) -> Given[str] | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda given: given.place)


def _real_server(one: Written, kind: str, port: int, server: Written) -> RealServer:
    words = one.arguments
    own = integer(words[1]) if len(words) > 1 else None
    method = one.word("lvs_method")
    weight = one.number("weight") or server.number("weight")
    return RealServer(
        address=address_of(words[0]) if words else None,
        port=port if own is None else own,
        port_written=own is not None,
        kind=method.value if method else kind,
        weight=weight.value if weight else 1,
        place=one.place,
        written=one,
        checks=one.all(*CHECKERS),
    )


def _sync_daemon(whole: Written, settings: Written) -> SyncDaemon | None:
    line = settings.last("lvs_sync_daemon")
    if line is None or not line.arguments:
        for instance in whole.all("vrrp_instance"):
            old = instance.last("lvs_sync_daemon_interface")
            if old is not None and old.arguments:
                return SyncDaemon(
                    old.arguments[0], None, _name(instance), frozenset({"master", "backup"}),
                    SYNC_GROUP_ADDRESS, SYNC_PORT, old.place,
                )  # fmt: skip
        return None
    interface, *rest = line.arguments
    options = _options(rest)
    plain = [word for word in rest[:1] if word not in _SYNC_WORDS]
    number = options.get("id") or (rest[1] if plain and len(rest) > 1 else "")
    return SyncDaemon(
        interface,
        integer(number),
        options.get("inst") or (plain[0] if plain else ""),
        frozenset({"master", "backup"}),
        options.get("group", SYNC_GROUP_ADDRESS),
        integer(options.get("port", "")) or SYNC_PORT,
        line.place,
    )


_SYNC_WORDS = ("inst", "id", "maxlen", "port", "ttl", "group")


def _options(words: Sequence[str]) -> dict[str, str]:
    return {
        word: words[number + 1] for number, word in enumerate(words[:-1]) if word in _SYNC_WORDS
    }


def _name(one: Written) -> str:
    return one.arguments[0] if one.arguments else ""


def _addresses(entries: Sequence[Written]) -> Iterator[Given[IPAddress]]:
    for entry in entries:
        address = address_of(entry.keyword)
        if address is not None:
            yield Given(address, entry.place)


def _address(word: Given[str] | None) -> Given[IPAddress] | None:
    address = address_of(word.value) if word else None
    return None if word is None or address is None else Given(address, word.place)


def integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
