"""The keys that a stage signs with, and their rotation."""
