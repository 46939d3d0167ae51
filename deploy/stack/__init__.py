"""The base stack: create, change, take over what an earlier stack left, remove."""
