"""Faults: what can be broken in a running lab, as data, and its text."""
