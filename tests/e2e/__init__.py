"""A lab from end to end, by the commands that its user types."""
