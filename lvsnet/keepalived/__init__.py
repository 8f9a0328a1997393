"""keepalived.conf as data."""
