"""The rules, one module per subject; ``lvsnet.lint.table`` has them all."""
