"""How a language writes dates where Django's own formats say nothing of it."""
