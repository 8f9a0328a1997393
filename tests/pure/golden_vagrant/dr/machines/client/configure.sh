#!/bin/sh
# Puts files, sysctls, addresses and routes of client in place.
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

# has INTERFACE ADDRESS
has() {
    ip -o address show dev "$1" 2>/dev/null | grep -q -F " $2 "
}

install -D -m 0644 -T files/etc/hostname /etc/hostname
install -D -m 0644 -T files/etc/hosts /etc/hosts
install -D -m 0600 -T files/etc/netplan/50-lvsnet.yaml /etc/netplan/50-lvsnet.yaml

# It does not wait for what networkd does of it.
netplan apply
wait_for 'eth1 has no address 192.168.10.10/24' has eth1 192.168.10.10/24
