"""Functions of the shell that the scripts of virtual machines use."""

from __future__ import annotations

from string import Template

from lvsnet.export.shell import TRIES

_WAIT_FOR = """\
# wait_for WHAT COMMAND...: until the command succeeds; WHAT is told when it does not.
wait_for() {
    what=$$1
    shift
    tries=$tries
    until "$$@"; do
        tries=$$((tries - 1))
        if [ $$tries -le 0 ]; then
            echo "$node: after $seconds s $$what" >&2
            exit 1
        fi
        sleep 0.1
    done
}
"""

_NAME_OF = """\
# name_of MAC
name_of() {
    for link in /sys/class/net/*; do
        if [ "$$(cat "$$link/address" 2>/dev/null)" = "$$1" ]; then
            echo "$${link##*/}"
            return
        fi
    done
    echo "$node: no interface has the MAC address $$1 that the Vagrantfile gives it" >&2
    return 1
}
"""

_RENAME = """\
# rename MAC NAME
rename() {
    now=$$(name_of "$$1")
    [ "$$now" != "$$2" ] || return 0
    ip link set dev "$$now" down
    ip link set dev "$$now" name "$$2"
}
"""

_STEP_ASIDE = """\
# step_aside MAC NAME TEMPORARY: what is not called NAME yet may have the name of another one.
step_aside() {
    now=$$(name_of "$$1")
    [ "$$now" = "$$2" ] || rename "$$1" "$$3"
}
"""

_KEEPS = """\
# keeps KEY VALUE: sets it, and fails when the files of sysctl.d set it to something else.
keeps() {
    by_files=$$(sysctl -n "$$1")
    sysctl -q -w "$$1=$$2"
    if [ "$$(sysctl -n "$$1")" != "$$by_files" ]; then
        echo "$node: $$1 is to be $$2, but \\`sysctl --system\\` set $$by_files;" \\
            "a file of the box's own comes later: grep -r $$1 /etc/sysctl.* /usr/lib/sysctl.d" >&2
        exit 1
    fi
}
"""

_HAS = """\
# has INTERFACE ADDRESS
has() {
    ip -o address show dev "$$1" 2>/dev/null | grep -q -F " $$2 "
}
"""

_GOES = """\
# goes DESTINATION GATEWAY: by the first route, which is the best one.
goes() {
    family=-4
    case "$$2" in *:*) family=-6 ;; esac
    ip "$$family" route show to exact "$$1" | head -n 1 | grep -q -F " via $$2 "
}
"""

_RESTART = """\
# restart UNIT
restart() {
    systemctl --quiet enable "$$1"
    if systemctl restart "$$1" && sleep 0.5 && systemctl --quiet is-active "$$1"; then
        return
    fi
    echo "$node: $$1 does not run; its last words:" >&2
    journalctl --quiet --no-pager --lines=20 --unit="$$1" >&2
    exit 1
}
"""

_FUNCTIONS = {
    "wait_for": _WAIT_FOR,
    "name_of": _NAME_OF,
    "rename": _RENAME,
    "step_aside": _STEP_ASIDE,
    "keeps": _KEEPS,
    "has": _HAS,
    "goes": _GOES,
    "restart": _RESTART,
}


def script(node: str, what: str, functions: tuple[str, ...], lines: list[str]) -> str:
    """A script of ``node``, run in its own directory, that ends with the first failure.

    ``functions`` are names of those above, with all that they call.
    """
    head = f'#!/bin/sh\n# {what}\nset -eu\ncd "$(dirname "$0")"\n'
    values = {"node": node, "tries": str(TRIES), "seconds": str(TRIES // 10)}
    used = [Template(_FUNCTIONS[name]).substitute(values) for name in functions]
    return "\n".join((head, *used, "".join(f"{line}\n" for line in lines)))
