#!/bin/sh
# Calls the interfaces of client as its files do, now and whenever it starts.
set -eu
cd "$(dirname "$0")"

# name_of MAC
name_of() {
    for link in /sys/class/net/*; do
        if [ "$(cat "$link/address" 2>/dev/null)" = "$1" ]; then
            echo "${link##*/}"
            return
        fi
    done
    echo "client: no interface has the MAC address $1 that the Vagrantfile gives it" >&2
    return 1
}

# rename MAC NAME
rename() {
    now=$(name_of "$1")
    [ "$now" != "$2" ] || return 0
    ip link set dev "$now" down
    ip link set dev "$now" name "$2"
}

# step_aside MAC NAME TEMPORARY: what is not called NAME yet may have the name of another one.
step_aside() {
    now=$(name_of "$1")
    [ "$now" = "$2" ] || rename "$1" "$3"
}

step_aside 02:07:10:6b:c1:3d eth1 lvs0
rename 02:07:10:6b:c1:3d eth1
install -D -m 0644 -T system/etc/systemd/network/10-lvsnet-eth1.link /etc/systemd/network/10-lvsnet-eth1.link
