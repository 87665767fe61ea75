"""Where the runs of a study are trained: processes of this machine, or a Ray cluster."""
