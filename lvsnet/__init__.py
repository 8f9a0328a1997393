"""Linux Virtual Server sites from one YAML file: the real kernel, the real daemons."""

__version__ = "0.1.0"
