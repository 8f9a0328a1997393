"""Linting: what lab files and keepalived.conf files get wrong, alone and as a set."""
