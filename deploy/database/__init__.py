"""Aurora: its user, and restores."""
