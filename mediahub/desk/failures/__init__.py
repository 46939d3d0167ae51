"""Failed items, retries, consistency checks and duties."""
