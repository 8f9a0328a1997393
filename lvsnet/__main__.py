"""``python -m lvsnet``."""

from lvsnet.cli import main

main()
