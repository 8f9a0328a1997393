"""Single values of a lab file: what they look like, and the message when they do not.

Each function takes what the YAML file holds and returns the value; it raises ValueError, whose
text continues a message that starts with the place of the value (``nodes.lb01.role: ...``).
"""

from __future__ import annotations

import re

from lvsnet.lab.scalars import Float, Integer
from lvsnet.lab.suggest import nearest
from lvsnet.lab.units import Duration, Size

NAME = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
INSTANCE = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
ABSOLUTE_PATH = r"^(/[^/]+)+$"
SYSCTL_KEY = r"^[A-Za-z0-9_-]+([./][A-Za-z0-9_-]+)+$"
MODE = r"^(0o|0)?[0-7]{3}$"
URL_PATH = r"^/[!-~]*$"
RULE = r"^[a-z0-9]+(-[a-z0-9]+)*$"
USER = r"^[a-z_][a-z0-9_-]{0,31}$"
IMAGE = r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,254}$"

SPREAD = "spread"
"""Of ``vrrp``, the VIPs that are spread over directors; the address of services at all of them."""

_CAPABILITIES = (
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
)
"""Linux's, without CAP_ (capabilities(7))."""

_SHOWN = 40


def shown(value: object) -> str:
    """Give a value as a message shows it: quoted text, shortened; a kind for what is larger."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Integer | Float):
        return value.written
    text = str(value)
    # repr() for text that has line breaks or other characters that would spoil the message.
    quoted = f"'{text}'" if text.isprintable() else repr(text)
    return quoted if len(quoted) <= _SHOWN else f"{quoted[: _SHOWN - 4]}...'"


def text(value: object) -> str:
    """Text, or a number as it was written."""
    if isinstance(value, str):
        return value
    if isinstance(value, Integer | Float):
        return value.written
    if isinstance(value, bool):
        word = str(value).lower()
        raise ValueError(f"expected text, not {word}; if the word is meant, write '{word}'")
    if isinstance(value, int | float):
        return str(value)
    if value is None:
        raise ValueError("expected text, not nothing; write '' for empty text")
    raise ValueError(f"expected text, not {shown(value)}")


def one_or_more(value: object) -> object:
    """One value is short for a list of it."""
    return value if isinstance(value, list) else [value]


def name(value: object) -> str:
    """A host name label in lower case (RFC 1123, 2.1)."""
    return _matching(
        NAME, value, "a host name: lower-case letters, digits and '-' inside, at most 63 characters"
    )


def instance(value: object) -> str:
    return _matching(
        INSTANCE, value, "an instance name: letters, digits and any of _.-, at most 63 characters"
    )


def variable(value: object) -> str:
    return _matching(VARIABLE, value, "the name of an environment variable")


def sysctl_key(value: object) -> str:
    return _matching(SYSCTL_KEY, value, "a sysctl key such as net.ipv4.ip_forward")


def url_path(value: object) -> str:
    return _matching(URL_PATH, value, "the path of a URL: it starts with '/' and has no spaces")


def command(value: object) -> str:
    """A word or line that is to be run."""
    line = text(value)
    if not line.strip():
        raise ValueError("expected a command, not empty text")
    return line


def command_line(words: list[str]) -> list[str]:
    """A program and its arguments, of which only arguments may be empty."""
    if not words[0].strip():
        raise ValueError("expected a program first, not empty text")
    return words


def relative_path(value: object) -> str:
    """The path of a file, relative to the lab file."""
    path = text(value)
    if not path.strip():
        raise ValueError("expected the path of a file, not empty text")
    return path


def absolute_path(value: object) -> str:
    """The path of a file on a node, in its only spelling, so that two paths are two files."""
    path = _matching(
        ABSOLUTE_PATH, value, "the absolute path of a file, such as /etc/nginx/nginx.conf"
    )
    if not path.isprintable() or {".", ".."} & set(path.split("/")):
        raise ValueError(f"{shown(path)} has '.', '..' or a control character in it")
    return path


def mode(value: object) -> str:
    """Permissions in octal, however they are written, as four digits: ``0644``."""
    written = _matching(MODE, value, "a file mode in octal, such as 0644")
    return f"0{written[-3:]}"


def capability(value: object) -> str:
    """A capability of Linux, with the prefix that may be left out: ``CAP_NET_ADMIN``."""
    written = text(value)
    bare = written.upper().removeprefix("CAP_")
    if bare not in _CAPABILITIES:
        near = nearest(bare, _CAPABILITIES)
        meant = f"; did you mean 'CAP_{near}'?" if near else ""
        raise ValueError(f"{shown(written)} is not a capability of Linux{meant}")
    return f"CAP_{bare}"


def image(value: object) -> str:
    """A reference to a container image, as Docker writes it: ``nginx:1.27``."""
    written = text(value)
    if not re.fullmatch(IMAGE, written):
        raise ValueError(f"{shown(written)} is not a container image, such as nginx:1.27")
    return written


def auth_pass(value: object) -> str:
    """Any text that keepalived.conf can hold, but none that is empty."""
    written = text(value)
    if not written.strip() or not written.isprintable():
        raise ValueError("expected a password of printable characters")
    return written


def rule(value: object) -> str:
    """The name of a rule; ``lvsnet.lab.check`` says when there is none of that name."""
    return _matching(RULE, value, "the name of a rule such as auth-pass-length")


def user(value: object) -> str:
    """A user of the machine, as useradd(8) has them."""
    return _matching(USER, value, "the name of a user such as nobody")


def port_range(value: object) -> tuple[int, int]:
    """One port, or the first and the last of several: ``8000-8010``."""
    if isinstance(value, tuple):
        return value
    found = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", text(value))
    ports = [int(one) for one in found.groups() if one is not None] if found else [0]
    if not all(1 <= port <= 65535 for port in ports):
        raise ValueError(f"{shown(value)} is neither a port nor a range of them, such as 8000-8010")
    if ports[-1] < ports[0]:
        raise ValueError(f"the range {shown(value)} is upside down; write {ports[1]}-{ports[0]}")
    return ports[0], ports[-1]


def how_many_vips(value: object) -> object:
    """A whole number, whose bounds the model knows."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"expected how many VIPs, or a list of them, not {shown(value)}")
    return value


CENTISECOND = 10_000
"""In microseconds."""


def advert_int(value: Duration) -> Duration:
    """What either version of VRRP can send; `lvsnet.lab.checks.vrrp.intervals` knows which."""
    if value.microseconds % CENTISECOND or not CENTISECOND <= value.microseconds <= 255_000_000:
        raise ValueError(f"{value} is no multiple of 10ms from 10ms to 255s")
    return value


def preempt_delay(value: Duration) -> Duration:
    """At most 1000 s, as keepalived.conf(5) has it."""
    if value > Duration("1000s"):
        raise ValueError(f"{value} is too long: at most 1000s")
    return value


def ipvs_timeout(value: Duration) -> Duration:
    """Whole seconds, and not 0, by which ipvsadm means: as it is. The kernel counts in jiffies in
    31 bits (ip_vs_set_timeout() of net/netfilter/ipvs/ip_vs_ctl.c), at 1000 a second at most."""
    if value.microseconds % 1_000_000 or not 1 <= value.seconds <= 2_147_483:
        raise ValueError(f"{value} is not a whole number of seconds from 1s to 2147483s")
    return value


def persistence(value: Duration) -> Duration:
    """Whole seconds up to 31 days (MAX_TIMEOUT of ipvsadm, LVS_MAX_TIMEOUT of keepalived)."""
    if value.microseconds % 1_000_000 or not Duration("1s") <= value <= Duration("744h"):
        raise ValueError(f"{value} is not a whole number of seconds from 1s to 744h (31 days)")
    return value


def delay(value: Duration) -> Duration:
    if value > Duration("1h"):
        raise ValueError(f"{value} is too long: at most 1h")
    return value


def period(value: Duration) -> Duration:
    if not Duration("10ms") <= value <= Duration("1h"):
        raise ValueError(f"{value} is not from 10ms to 1h")
    return value


def memory(value: Size) -> Size:
    """Of a guest, by trial: labs/dr.yaml comes up with 96M and not with 80M; with 64G the kernel's
    own table of pages takes 1 GB before anything runs."""
    least, most = Size("128M"), Size("64G")
    if not least <= value <= most:
        raise ValueError(f"{value} is not from {least}, which five nodes need, to {most}")
    return value


def _matching(pattern: str, value: object, what: str) -> str:
    written = text(value)
    # fullmatch: in re, $ also matches before a line break at the end.
    if not re.fullmatch(pattern, written):
        raise ValueError(f"{shown(written)} is not {what}")
    return written
