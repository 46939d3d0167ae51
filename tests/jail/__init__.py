"""The jail: its limits, what comes out of it, and what the end of a child means for a file."""
