"""Documents from records: outline, values, verify, reproduce."""
