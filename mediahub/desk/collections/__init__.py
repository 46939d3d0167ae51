"""Collections and what is in them."""
