"""Worked answers as blocks of text, formulas, matrices and tables, and their written forms."""
