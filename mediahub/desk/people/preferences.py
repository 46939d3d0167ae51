"""Each editor's keys and threshold, and the defaults for people who set none."""

from django.contrib.auth.models import User
from django.utils.functional import Promise
from django.utils.translation import get_language_bidi, gettext_lazy

from mediahub.desk.models import Preference

# What a key can be set for → (what it does, the usual key).
KEY_ACTIONS: dict[str, tuple[str | Promise, str]] = {
    "next": (gettext_lazy("Next image"), "j"),
    "previous": (gettext_lazy("Previous image"), "k"),
    "accept": (gettext_lazy("Accept all tags above the threshold and continue"), "a"),
    "reject": (gettext_lazy("Reject the image: archive it and continue"), "r"),
    "publish": (gettext_lazy("Publish the image and continue"), "p"),
    "words": (gettext_lazy("Edit the details; Escape saves them and leaves the field"), "e"),
    "tag": (gettext_lazy("Add a tag"), "t"),
    "zoom": (gettext_lazy("Zoom; arrow keys or dragging move the image, Escape ends zooming"), "z"),
    "undo": (gettext_lazy("Undo"), "u"),
    "help": (gettext_lazy("Show this list of keyboard shortcuts"), "?"),
}
ARROWS = "← →"
# Keys that are always there while shortcuts are on.
FIXED_KEYS: tuple[tuple[str, str | Promise], ...] = (
    (ARROWS, gettext_lazy("Previous and next image")),
    ("1 … 9", gettext_lazy("Decide on the tag with this number: accept, reject, or leave undecided")),
    ("Esc", gettext_lazy("Leave a field, the zoom, or this list")),
)
MAX_THRESHOLD = 100


def get_preference(user: User, *, locked: bool = False) -> Preference:
    """Return the editor's preferences, or the defaults; `locked` within the caller's transaction."""
    preferences = Preference.objects.select_for_update() if locked else Preference.objects.all()
    return preferences.filter(user=user).first() or Preference(user=user)


def get_keys(preference: Preference) -> dict[str, str]:
    """Return the key of each action; empty for an action without one."""
    return {name: str(preference.shortcuts.get(name, usual)) for name, (_says, usual) in KEY_ACTIONS.items()}


def list_keys(preference: Preference) -> list[tuple[str, str]]:
    """Return (key as printed on the keyboard, what it does), for a person to read."""
    own_keys = [(key.upper(), str(KEY_ACTIONS[name][0])) for name, key in get_keys(preference).items() if key]
    # Where lines begin on the right, the next image lies to the left.
    turned = {ARROWS: ARROWS[::-1]} if get_language_bidi() else {}
    return [*own_keys, *((turned.get(key, key), str(says)) for key, says in FIXED_KEYS)]


def save_threshold(user: User, percent: int) -> None:
    """Save the confidence, in per cent, from which this editor accepts suggestions; it is cut to 0 to 100."""
    threshold = max(0, min(MAX_THRESHOLD, percent))
    Preference.objects.update_or_create(user=user, defaults={"threshold": threshold})
