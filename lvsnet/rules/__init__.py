"""What lvsnet holds against sites: the rules as data, which lab files and the linter look for."""
