"""Copying files between this machine and nodes, as tar archives through `Place.pipe`."""
