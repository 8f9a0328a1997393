"""The shell programs that run in a node: what every Linux with a tar has will do.

No name that somebody chose is part of a program; they are its arguments.
"""

from __future__ import annotations

from collections.abc import Sequence

LOOK = r"""
kind() {
    if [ -d "$1" ]; then k=d; elif [ -f "$1" ]; then k=f; elif [ -e "$1" ]; then k=o
    elif [ -L "$1" ]; then k=l; else k=-; fi
}
for path; do
    kind "$path"
    if [ -L "$path" ]; then echo "l$k"; else echo "$k$k"; fi
done
"""
"""For each path a line of two letters, `Kind`'s: of itself, and of what it leads to."""

PACK = r"""
export LC_ALL=C
case $(tar --version 2>/dev/null) in *'GNU tar'*) sparse=-S;; *) sparse=;; esac
exec tar -c $sparse -f - -C "$1" "$2"
"""
"""Arguments: a directory, and what is in it, as ``./NAME`` or ``.``."""

UNPACK = r"""
export LC_ALL=C
stage=$1; shift
umask 077
mkdir "$stage" || exit
trap 'rm -rf "$stage"' EXIT
fail() { echo "$*" >&2; exit 1; }
directory() { [ -d "$1" ] && ! [ -L "$1" ]; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
check() {
    if ! there "$2"; then return; fi
    if ! directory "$1"; then
        if directory "$2"; then fail "$2 is a directory, and what is copied is none"; fi
    elif ! directory "$2"; then
        fail "$2 is no directory, and what is copied is one"
    else
        for child in "$1"/* "$1"/.[!.]* "$1"/..?*; do
            if there "$child"; then check "$child" "$2/${child##*/}"; fi
        done
    fi
}
put() {
    if directory "$1" && directory "$2"; then
        find "$1" -mindepth 1 -maxdepth 1 ! -type d -exec mv -f -t "$2" -- {} + || exit
        for child in "$1"/* "$1"/.[!.]* "$1"/..?*; do
            if there "$child"; then put "$child" "$2/${child##*/}"; fi
        done
    elif ! mv -f -T "$1" "$2" 2>/dev/null; then
        # A file that something is mounted on can only be written to.
        if [ -f "$1" ] && [ -f "$2" ]; then cat "$1" >"$2" || exit
        else mv -f -T "$1" "$2" || exit; fi
    fi
}
tar -x -p -f - -C "$stage" || exit
[ -f "$stage/whole" ] || fail 'the archive was cut off'
n=0; for final; do check "$stage/$n" "$final"; n=$((n + 1)); done
n=0; for final; do put "$stage/$n" "$final"; n=$((n + 1)); done
"""
"""Arguments: a directory to make and remove, then the path of each member. All of the archive is
unpacked before anything gets its name."""

REMOVE = r"""
for attempt in 1 2 3; do
    rm -rf "$1" && exit
    sleep 0.2
done
"""
"""Argument: a directory. What was killed may still write to it for a moment."""


def command(program: str, *arguments: str) -> Sequence[str]:
    return ("/bin/sh", "-c", program, "sh", *arguments)
