"""The screen of `lvsnet watch`: a lab's nodes, IPVS tables and events, and keys that break it."""
