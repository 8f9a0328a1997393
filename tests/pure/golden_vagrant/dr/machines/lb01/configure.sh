#!/bin/sh
# Puts files, sysctls, addresses and routes of lb01 in place.
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
            echo "lb01: after 15 s $what" >&2
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
install -D -m 0644 -T files/etc/keepalived/keepalived.conf /etc/keepalived/keepalived.conf
install -D -m 0644 -T system/etc/modules-load.d/50-lvsnet-export.conf /etc/modules-load.d/50-lvsnet-export.conf

# Without IPVS there is no net.ipv4.vs.
{ test -e /proc/net/ip_vs || modprobe -a ip_vs ip_vs_rr; }

# It does not wait for what networkd does of it.
netplan apply
wait_for 'eth1 has no address 192.168.10.11/24' has eth1 192.168.10.11/24
