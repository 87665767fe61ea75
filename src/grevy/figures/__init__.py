"""Every picture drawn, from arrays and records. No torch."""
