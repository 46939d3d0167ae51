"""Sentences with a number that only a script knows: one for each way in which the language counts."""

from collections.abc import Callable

# A number of each of Unicode's categories, by the names that a browser's Intl.PluralRules has for them.
SAMPLES = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100}


def list_plural_forms(say: Callable[[int], str]) -> dict[str, str]:
    """Return the sentence for each plural category; `say` makes it for one number, and leaves {n} in it."""
    return {category: say(n) for category, n in SAMPLES.items()}
