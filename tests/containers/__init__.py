"""What needs a Docker engine: its runtime, place and images, against a real one."""
