"""Networks of the user's own: found, built, and known again by their source."""
