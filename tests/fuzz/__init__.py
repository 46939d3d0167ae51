"""Valid files and messages, altered at random, through the real handler: each is processed or refused with a code."""
