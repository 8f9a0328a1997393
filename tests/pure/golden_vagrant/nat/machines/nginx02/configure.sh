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

# goes DESTINATION GATEWAY: by the first route, which is the best one.
goes() {
    family=-4
    case "$2" in *:*) family=-6 ;; esac
    ip "$family" route show to exact "$1" | head -n 1 | grep -q -F " via $2 "
}

install -D -m 0644 -T files/etc/hostname /etc/hostname
install -D -m 0644 -T files/etc/hosts /etc/hosts
install -D -m 0600 -T files/etc/netplan/50-lvsnet.yaml /etc/netplan/50-lvsnet.yaml
install -D -m 0644 -T files/etc/nginx/nginx.conf /etc/nginx/nginx.conf
install -D -m 0644 -T files/var/www/html/index.html /var/www/html/index.html

# It does not wait for what networkd does of it.
netplan apply
wait_for 'eth1 has no address 172.16.10.14/24' has eth1 172.16.10.14/24
wait_for 'the best route to default is not via 172.16.10.1' goes default 172.16.10.1
