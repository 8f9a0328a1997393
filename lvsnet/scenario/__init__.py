"""Scenarios: what is done to a lab, and what is expected of it."""
