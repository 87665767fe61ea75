"""The sections of a report on a run, one a file; each makes blocks of what is recorded."""
