"""Marks for translators, without Django: `tests/messages.py` finds them by name."""


def gettext_noop(message: str) -> str:
    """Return the string as it is; it is translated where it is shown."""
    return message


def ngettext_noop(singular: str, plural: str) -> tuple[str, str]:
    """Return the pair as it is; it is translated where it is shown."""
    return singular, plural
