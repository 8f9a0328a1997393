"""Machines for tests: a Docker engine of the tests' own, and a machine whose kernel has IPVS."""
