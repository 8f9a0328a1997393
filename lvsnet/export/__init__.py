"""A plan as files for other programs."""
