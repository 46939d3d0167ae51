"""People, preferences, invitations and sessions."""
