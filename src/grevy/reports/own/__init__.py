"""A report of one's own: the author's Markdown, its directives filled from records."""
