"""Requests that clients in a lab send, and what became of each."""
