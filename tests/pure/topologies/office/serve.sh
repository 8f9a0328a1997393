#!/bin/sh
# Serves one page that says who it is.
mkdir -p /srv/office
echo "$GREETING from $(hostname)" >/srv/office/index.html
exec busybox httpd -f -p "$1" -h /srv/office
