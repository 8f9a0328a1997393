#!/bin/sh
# Starts what runs on client, now and whenever it starts.
set -eu
cd "$(dirname "$0")"

# wait_for WHAT COMMAND...: until the command succeeds; WHAT is told when it does not.
wait_for() {
    what=$1
    shift
    tries=150
    until "$@"; do
        tries=$((tries - 1))
        if [ $tries -le 0 ]; then
            echo "client: after 15 s $what" >&2
            exit 1
        fi
        sleep 0.1
    done
}

# restart UNIT
restart() {
    systemctl --quiet enable "$1"
    if systemctl restart "$1" && sleep 0.5 && systemctl --quiet is-active "$1"; then
        return
    fi
    echo "client: $1 does not run; its last words:" >&2
    journalctl --quiet --no-pager --lines=20 --unit="$1" >&2
    exit 1
}

systemctl daemon-reload
