"""The functions on Lambda: their settings, what is tied to them, and commands that run inside."""
