"""One file a schedule: its config, and what builds it. Each is found by being here."""
