"""The checks, one module per subject of ``lvsnet.rules``; ``lvsnet.lint.table`` has them all."""
