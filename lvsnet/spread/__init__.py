"""How many VIPs, and which director is first, second ... for each, so that no loss overloads one.

Arithmetic alone: nothing here reads a lab file or needs a kernel.
"""
