#!/bin/sh
# Puts files, sysctls, addresses and routes of nginx02 in place.
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
            echo "nginx02: after 15 s $what" >&2
            exit 1
        fi
        sleep 0.1
    done
}

# has INTERFACE ADDRESS
has() {
    ip -o address show dev "$1" 2>/dev/null | grep -q -F " $2 "
}

# keeps KEY VALUE: sets it, and fails when the files of sysctl.d set it to something else.
keeps() {
    by_files=$(sysctl -n "$1")
    sysctl -q -w "$1=$2"
    if [ "$(sysctl -n "$1")" != "$by_files" ]; then
        echo "nginx02: $1 is to be $2, but \`sysctl --system\` set $by_files;" \
            "a file of the box's own comes later: grep -r $1 /etc/sysctl.* /usr/lib/sysctl.d" >&2
        exit 1
    fi
}

install -D -m 0644 -T files/etc/hostname /etc/hostname
install -D -m 0644 -T files/etc/hosts /etc/hosts
install -D -m 0644 -T files/etc/sysctl.d/10-ipvsadm.conf /etc/sysctl.d/10-ipvsadm.conf
install -D -m 0600 -T files/etc/netplan/50-lvsnet.yaml /etc/netplan/50-lvsnet.yaml
install -D -m 0600 -T files/etc/netplan/50-lo_ipvs.yaml /etc/netplan/50-lo_ipvs.yaml
install -D -m 0644 -T files/etc/nginx/nginx.conf /etc/nginx/nginx.conf
install -D -m 0644 -T files/var/www/html/index.html /var/www/html/index.html

# Not every key that the box's own files name need be there; those of the lab must.
sysctl --system >/dev/null 2>&1 || :
keeps net.ipv4.conf.all.arp_ignore 1
keeps net.ipv4.conf.all.arp_announce 2

# It does not wait for what networkd does of it.
netplan apply
wait_for 'eth1 has no address 192.168.10.14/24' has eth1 192.168.10.14/24
wait_for 'lo has no address 192.168.10.100/32' has lo 192.168.10.100/32
