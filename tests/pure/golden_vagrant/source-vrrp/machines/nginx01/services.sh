#!/bin/sh
# Starts what runs on nginx01, now and whenever it starts.
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
            echo "nginx01: after 15 s $what" >&2
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
    echo "nginx01: $1 does not run; its last words:" >&2
    journalctl --quiet --no-pager --lines=20 --unit="$1" >&2
    exit 1
}

install -D -m 0644 -T system/etc/systemd/system/keepalived.service.d/60-lvsnet-export.conf /etc/systemd/system/keepalived.service.d/60-lvsnet-export.conf
systemctl daemon-reload
restart nginx.service
wait_for 'nginx.service: it does not listen on TCP port 80' sh -c 'cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q ":0050 [0-9A-F]*:0000 0A"'
restart keepalived.service
