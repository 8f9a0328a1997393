"""The lab file: models, loader with positions, checks, JSON Schema."""
