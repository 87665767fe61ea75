"""Who hears how a training goes on."""
