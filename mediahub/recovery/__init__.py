"""Recovery: failed items, dead letters, retries, consistency checks, and how the clock's duties go."""
