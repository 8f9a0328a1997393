"""Heavy load: as much as a lab takes, in real time. wrk sends http, iperf3 tcp and udp.

Both are programs in the lab's nodes; what is here gives them their arguments, and reads what they
say.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from lvsnet.endpoint import joined, parted
from lvsnet.errors import LvsnetError
from lvsnet.traffic.model import Share, Summary, Target

if TYPE_CHECKING:
    from lvsnet.control.place import Place
    from lvsnet.plan.model import Plan

SECOND = 1_000_000_000
"""In nanoseconds."""
MOST_SERVERS = 64
"""Real servers that are told apart."""
MARK = "lvsnet "
"""How the line of wrk's output begins that is for us."""

# wrk runs setup and done in one Lua state, the rest in one of each thread. What is an answer, and
# whose, is as lvsnet's own generator has it.
_SCRIPT = """\
local threads = {}
answers, kinds = {}, 0
function setup(thread) table.insert(threads, thread) end
if %(upload)d > 0 then
    wrk.method = "POST"
    wrk.body = string.rep("x", %(upload)d)
end
function response(status, headers, body)
    if status >= 400 then return end
    local name = headers["X-Real-Server"] or headers["x-real-server"]
    name = name or body:match("^([%%w._-]+)\\r?\\n") or body:match("^([%%w._-]+)$") or ""
    if #name > 63 or not name:match("^[%%w._-]*$") then name = "" end
    if not answers[name] then
        if kinds == %(most)d then name = "" else kinds = kinds + 1 end
    end
    answers[name] = (answers[name] or 0) + 1
end
function done(summary, latency, _)
    local e, shares = summary.errors, {}
    for _, thread in ipairs(threads) do
        for name, count in pairs(thread:get("answers")) do
            table.insert(shares, string.format('"%%s":%%d', name, count))
        end
    end
    io.write(string.format(
        '%(mark)s{"requests":%%d,"us":%%d,"bytes":%%d,"connect":%%d,"read":%%d,"write":%%d,'
        .. '"status":%%d,"timeout":%%d,"p50":%%d,"p90":%%d,"p99":%%d,"longest":%%d,'
        .. '"answers":{%%s}}\\n',
        summary.requests, summary.duration, summary.bytes, e.connect, e.read, e.write, e.status,
        e.timeout, latency:percentile(50), latency:percentile(90), latency:percentile(99),
        latency.max, table.concat(shares, ",")))
end
"""
_WITH_SCRIPT = """\
script=$(mktemp) || exit
trap 'rm -f "$script"' EXIT
printf %s "$1" >"$script" || exit
limit=$2
shift 2
timeout -k 5 "$limit" wrk -s "$script" "$@"
"""
_SERVE = """\
limit=$1 port=$2
listens() { ss -Hltn "sport = :$port" | grep -q .; }
! listens || { echo "something listens on port $port already" >&2; exit 1; }
log=$(mktemp) || exit
timeout -k 5 "$limit" iperf3 -s -1 -p "$port" >"$log" 2>&1 </dev/null &
pid=$!
for _ in $(seq 100); do
    if listens; then rm -f "$log"; echo "$pid"; exit; fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
done
cat "$log" >&2
rm -f "$log"
kill "$pid" 2>/dev/null
exit 1
"""


@dataclass(frozen=True)
class Heavy:
    """A load without a rate of its own."""

    client: str
    """The node that sends it."""
    target: Target
    seconds: int
    connections: int
    keepalive: bool
    """Of http: connections are kept; else each request has its own."""
    timeout: int
    """Seconds after which an http request without an answer has failed."""
    upload: int = 0
    """Bytes of an http request's body."""


@dataclass(frozen=True)
class Requests:
    """What became of http requests. There are too many of them to be kept one by one."""

    summary: Summary
    seconds: float
    received: int
    """Bytes, with the headers."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.summary.answered / self.seconds


@dataclass(frozen=True)
class Stream:
    """What became of bytes, or of datagrams."""

    seconds: float
    sent: int
    """Bytes."""
    received: int
    """Bytes that arrived."""
    each_second: tuple[float, ...]
    """Bits a second that were sent, for each second."""
    retransmitted: int | None
    """TCP segments; None of udp."""
    datagrams: int | None
    """That were sent; None of tcp."""
    lost: int | None
    """Datagrams; None of tcp."""
    jitter: float | None
    """Seconds, of datagrams (RFC 1889, 6.3.1 and A.8); None of tcp."""

    @property
    def rate(self) -> float:
        """Bits a second that arrived."""
        return 8 * self.received / self.seconds


def send(place: Place, lab: str, heavy: Heavy) -> Requests | Stream:
    """Send a heavy load from its client, and wait until it is over.

    Raises:
        LvsnetError: the programs that it needs are not there, or fail; as `server`.
    """
    if heavy.target.scheme == "http":
        return read_wrk(heavy.client, *_run(place, lab, heavy.client, wrk(heavy)))
    node, port = server(place.record(lab).plan, heavy.target)
    code, out, err = place.run(lab, node, *serve(heavy, port))
    if code != 0:
        raise _failed(node, "iperf3", code, err)
    try:
        return read_iperf3(heavy.client, *_run(place, lab, heavy.client, iperf3(heavy)))
    finally:
        # After a client it has ended by itself; it fails when the lab ended, too.
        with suppress(LvsnetError):
            place.run(lab, node, "sh", "-c", 'kill "$1" 2>/dev/null', "sh", out.strip())


def _run(place: Place, lab: str, node: str, argv: Sequence[str]) -> tuple[int, str, str]:
    """By `Place.pipe`: a command may be silent for as long as it likes."""
    with TemporaryFile() as out, Path(os.devnull).open("rb") as nothing:
        code, err = place.pipe(lab, node, argv, nothing.fileno(), out.fileno())
        out.seek(0)
        return code, out.read().decode(errors="replace"), err


def wrk(heavy: Heavy) -> list[str]:
    """The command line for the client's node."""
    known = {"upload": heavy.upload, "most": MOST_SERVERS, "mark": MARK}
    options = ["-t1", f"-c{heavy.connections}", f"-d{heavy.seconds}s", f"-T{heavy.timeout}s"]
    if not heavy.keepalive:
        options += ["-H", "Connection: close"]
    limit = str(heavy.seconds + heavy.timeout + 30)
    script = _SCRIPT % known
    return ["sh", "-c", _WITH_SCRIPT, "sh", script, limit, *options, str(heavy.target)]


def read_wrk(node: str, code: int, out: str, err: str) -> Requests:
    """What wrk said.

    Raises:
        LvsnetError: it failed; with its own words.
    """
    said = [line.removeprefix(MARK) for line in out.splitlines() if line.startswith(MARK)]
    if code != 0 or len(said) != 1:
        raise _failed(node, "wrk", code, err or out)
    found = _mapping(json.loads(said[0]))
    answers = _mapping(found["answers"])
    failures = {
        "not connected": _whole(found, "connect"),
        "reset": _whole(found, "read") + _whole(found, "write"),
        "timeout": _whole(found, "timeout"),
        "status 400 or above": _whole(found, "status"),
    }
    unanswered = sum(failures.values())
    # Those with a bad status are among wrk's requests, the others are not.
    answered = _whole(found, "requests") - _whole(found, "status")
    microseconds = _whole(found, "us")
    p50, p90, p99, longest = (1000 * _whole(found, key) for key in ("p50", "p90", "p99", "longest"))
    summary = Summary(
        requests=answered + unanswered,
        answered=answered,
        lost=unanswered,
        failures=tuple(
            sorted(((why, n) for why, n in failures.items() if n), key=lambda one: -one[1])
        ),
        spread=tuple(Share(server, _whole(answers, server)) for server in sorted(answers)),
        outages=(),
        p50=p50,
        p90=p90,
        p99=p99,
        longest=longest,
        begun=0,
        ended=1000 * microseconds,
    )
    return Requests(summary, microseconds / 1e6, _whole(found, "bytes"))


def iperf3(heavy: Heavy) -> list[str]:
    """The command line for the client's node."""
    kind = ["-u", "-b", "0"] if heavy.target.scheme == "udp" else []
    return [
        "timeout", "-k", "5", str(heavy.seconds + 30),
        "iperf3", "-c", heavy.target.host, "-p", str(heavy.target.port),
        "-t", str(heavy.seconds), "-P", str(heavy.connections), "-J",
        "--connect-timeout", str(1000 * heavy.timeout), *kind,
    ]  # fmt: skip


def serve(heavy: Heavy, port: int) -> list[str]:
    """For the server's node: start iperf3 for one client, wait until it listens, and say its pid.

    It ends by itself some time after the load should have.
    """
    return ["sh", "-c", _SERVE, "sh", str(heavy.seconds + 60), str(port)]


def read_iperf3(node: str, code: int, out: str, err: str) -> Stream:
    """What iperf3's client said.

    Raises:
        LvsnetError: it failed; with its own words.
    """
    try:
        said = _mapping(json.loads(out))
    except ValueError as error:
        raise _failed(node, "iperf3", code, err or out) from error
    if code != 0 or "error" in said:
        raise _failed(node, "iperf3", code, str(said.get("error", err)))
    try:
        return _stream(said)
    except (KeyError, ValueError) as error:
        raise LvsnetError(f"{node}: another version of iperf3: its result lacks {error}") from error


def _stream(said: Mapping[str, object]) -> Stream:
    end = _mapping(said["end"])
    sent = _mapping(end["sum_sent"])
    received = _mapping(end["sum_received"])
    intervals = said["intervals"]
    if not isinstance(intervals, list):
        raise ValueError("intervals")
    each = tuple(_number(_mapping(_mapping(one)["sum"]), "bits_per_second") for one in intervals)
    of_udp = "jitter_ms" in received
    return Stream(
        seconds=_number(received, "seconds"),
        sent=_whole(sent, "bytes"),
        received=_whole(received, "bytes"),
        each_second=each,
        retransmitted=None if of_udp else _whole(sent, "retransmits"),
        datagrams=_whole(sent, "packets") if of_udp else None,
        lost=_whole(received, "lost_packets") if of_udp else None,
        jitter=_number(received, "jitter_ms") / 1000 if of_udp else None,
    )


def server(plan: Plan, target: Target) -> tuple[str, int]:
    """Node and port where iperf3's server has to listen for what is sent to a target.

    That is the node whose name or address the target has, or the only real server of the service.

    Raises:
        LvsnetError: there is none, or several: iperf3's connections belong to one server.
    """
    for node in plan.nodes:
        own = [address for one in node.interfaces for address in one.addresses]
        if target.host == node.name or target.host in map(_bare, own):
            return node.name, target.port
    service = joined(target.host, target.port)
    listed = {one.real_server for one in plan.listed if one.service == service}
    behind = sorted(set(_behind(plan, listed)))
    if len(behind) == 1:
        return behind[0]
    if behind:
        raise LvsnetError(
            f"iperf3 opens several connections, and {service} would pass them to different real "
            f"servers, {', '.join(name for name, _ in behind)}; name one of these as the target"
        )
    raise LvsnetError(
        f"no node has the address {target.host}, and no service is {service}; where is a server "
        "for iperf3 to listen?"
    )


def _behind(plan: Plan, real_servers: set[str]) -> Iterator[tuple[str, int]]:
    for real_server in real_servers:
        host, port = parted(real_server)
        for node in plan.nodes:
            own = [address for one in node.interfaces for address in one.addresses]
            if host in map(_bare, own):
                yield node.name, int(port)


def _bare(address: str) -> str:
    return address.partition("/")[0]


def _failed(node: str, program: str, code: int, words: str) -> LvsnetError:
    if code == 127:
        return LvsnetError(f"{node}: there is no {program} in its image; Debian's package has it")
    if code == 124:
        return LvsnetError(f"{node}: {program} did not end in time")
    return LvsnetError(f"{node}: {program} failed with code {code}: {_last(words.splitlines())}")


def _last(lines: Sequence[str]) -> str:
    said = [line.strip() for line in lines if line.strip()]
    return said[-1] if said else "it said nothing"


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"a mapping in {str(value)[:40]!r}")
    return value


def _number(found: Mapping[str, object], key: str) -> float:
    value = found[key]
    if not isinstance(value, int | float):
        raise ValueError(f"a number for {key}")
    return float(value)


def _whole(found: Mapping[str, object], key: str) -> int:
    return int(_number(found, key))
