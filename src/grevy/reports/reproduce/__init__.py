"""`grevy reproduce`: the source assignment, all of it, and its report."""
