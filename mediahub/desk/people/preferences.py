"""Each editor's keys and threshold: what they are without a choice, and how a choice is kept."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.utils.functional import Promise
from django.utils.translation import get_language_bidi, gettext_lazy
from django.utils.translation import gettext as _

from mediahub.desk.forms import EditModelForm
from mediahub.desk.models import Preference

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Preference]
else:
    ModelForm = forms.ModelForm

# What a key can be set for → (what it does, the usual key).
ACTS: dict[str, tuple[str | Promise, str]] = {
    "next": (gettext_lazy("Next image"), "j"),
    "previous": (gettext_lazy("Previous image"), "k"),
    "accept": (gettext_lazy("Accept all above the threshold, and go on"), "a"),
    "reject": (gettext_lazy("Reject the image: archive it, and go on"), "r"),
    "publish": (gettext_lazy("Publish the image, and go on"), "p"),
    "words": (gettext_lazy("Edit the words; Escape keeps them and goes back"), "e"),
    "tag": (gettext_lazy("Add a tag"), "t"),
    "zoom": (gettext_lazy("Zoom; arrows or dragging move the picture, Escape ends it"), "z"),
    "undo": (gettext_lazy("Take back the last act"), "u"),
    "help": (gettext_lazy("Show this list of keys"), "?"),
}
ARROWS = "← →"
# Keys that are always there while shortcuts are on.
FIXED: tuple[tuple[str, str | Promise], ...] = (
    (ARROWS, gettext_lazy("Previous and next image")),
    ("1 … 9", gettext_lazy("Decide on the tag with this number: accept, reject, leave open")),
    ("Esc", gettext_lazy("Leave a field, the zoom or this list")),
)
LARGEST = 100


def of(user: User, *, locked: bool = False) -> Preference:
    """What this editor chose, or what holds for who chose nothing; `locked` within the caller's transaction."""
    preferences = Preference.objects.select_for_update() if locked else Preference.objects.all()
    return preferences.filter(user=user).first() or Preference(user=user)


def keys(preference: Preference) -> dict[str, str]:
    """The key of each act; empty for an act without one."""
    return {name: str(preference.shortcuts.get(name, usual)) for name, (_says, usual) in ACTS.items()}


def key_list(preference: Preference) -> list[tuple[str, str]]:
    """(key as it stands on the keyboard, what it does), for a person to read."""
    found = [(key.upper(), str(ACTS[name][0])) for name, key in keys(preference).items() if key]
    # Where lines begin on the right, the next image lies to the left.
    turned = {ARROWS: ARROWS[::-1]} if get_language_bidi() else {}
    return [*found, *((turned.get(key, key), str(says)) for key, says in FIXED)]


def remember_threshold(user: User, percent: int) -> None:
    """Keep from which confidence on this editor accepts suggestions, in per cent; beyond 0 to 100 is cut."""
    held = max(0, min(LARGEST, percent))
    Preference.objects.update_or_create(user=user, defaults={"threshold": held})


class PreferenceForm(EditModelForm, ModelForm):
    """One field a key, and the switch for all of them; another tab of the same person may change some meanwhile."""

    class Meta:
        model = Preference
        fields = ("shortcuts_on", "threshold", "language")
        labels = {
            "shortcuts_on": gettext_lazy("Keys of one character do something"),
            "threshold": gettext_lazy("Accept suggestions from, in per cent"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = [("", _("As the browser asks")), *settings.LANGUAGES]
        label = str(gettext_lazy("Language"))
        self.fields["language"] = forms.ChoiceField(label=label, choices=languages, required=False)
        self.fields["threshold"].widget.attrs.update(min=0, max=LARGEST)
        held = keys(self.instance)
        for name, (says, _usual) in ACTS.items():
            self.fields[name] = forms.CharField(label=str(says), max_length=1, required=False, initial=held[name])
            self.fields[name].widget.attrs.update(autocomplete="off", autocapitalize="none", spellcheck="false")
        self.show_seen()

    def _edited(self) -> dict[str, forms.Field]:
        # Also who never chose anything may have two tabs open.
        return dict(self.fields)

    def last_change(self, name: str) -> tuple[User | None, datetime | None]:
        return self.instance.user, None

    def clean_threshold(self) -> int:
        percent: int = self.cleaned_data["threshold"]
        if percent > LARGEST:
            raise forms.ValidationError(_("A confidence is at most 100 per cent."))
        return percent

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        taken: dict[str, str] = {}
        for name in ACTS:
            key = chosen[name] = chosen.get(name, "").lower()
            if key.isdecimal():
                self.add_error(name, _("The numbers are for the tags. Choose another key."))
            elif key and not key.isprintable():
                self.add_error(name, _("This key has no sign of its own. Choose another."))
            elif key in taken:
                said = _("“%(key)s” is the key of “%(other)s” too. Choose another for one of them.")
                self.add_error(name, said % {"key": key.upper(), "other": ACTS[taken[key]][0]})
            elif key:
                taken[key] = name
        return chosen

    def save(self, commit: bool = True) -> Preference:
        self.instance.shortcuts = {name: self.cleaned_data[name] for name in ACTS}
        kept: Preference = super().save(commit)
        return kept
