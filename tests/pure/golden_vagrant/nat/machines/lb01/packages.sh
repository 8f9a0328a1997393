#!/bin/sh
# Installs what lb01 needs.
set -eu
cd "$(dirname "$0")"

missing=
for package in ca-certificates cron curl ethtool iproute2 iputils-arping iputils-ping ipvsadm keepalived less netcat-openbsd netplan.io nftables procps tcpdump; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) || :
    [ "$status" = installed ] || missing="$missing $package"
done
# Later the machine may have no way to the archive: its default route is the lab's.
[ -n "$missing" ] || exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=300 update
# shellcheck disable=SC2086
apt-get -q -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends $missing
