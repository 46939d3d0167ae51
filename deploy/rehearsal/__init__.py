"""A rehearsal of a whole deployment, with an editor at its site."""
