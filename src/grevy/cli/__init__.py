"""One thin module a command: parses, calls, prints."""
