"""Ports of this machine that are joined with ports of a lab, through `Place.relay`."""
