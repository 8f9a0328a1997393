"""containerlab topologies, the second dialect of lab files: read, judged, as plain data."""
