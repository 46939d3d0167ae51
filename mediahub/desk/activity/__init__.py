"""The activity page and undo."""
