"""One reader a form in which people have pictures."""
