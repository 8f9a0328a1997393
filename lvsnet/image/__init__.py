"""The node file system."""
