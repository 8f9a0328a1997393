"""The labs that run on this machine, wherever they run, and where the next one is to."""
