"""The form of an editor's own preferences."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mediahub.desk.forms import EditModelForm
from mediahub.desk.models import Preference
from mediahub.desk.people.preferences import KEY_ACTIONS, MAX_THRESHOLD, get_keys

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Preference]
else:
    ModelForm = forms.ModelForm


class PreferenceForm(EditModelForm, ModelForm):
    """One field a key, and the switch for all of them; another tab of the same person may change some meanwhile."""

    class Meta:
        model = Preference
        fields = ("shortcuts_on", "threshold", "language")
        labels = {
            "shortcuts_on": gettext_lazy("Enable single-key shortcuts"),
            "threshold": gettext_lazy("Accept suggestions from this confidence, in percent"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = [("", _("Use the browser's language")), *settings.LANGUAGES]
        label = str(gettext_lazy("Language"))
        self.fields["language"] = forms.ChoiceField(label=label, choices=languages, required=False)
        self.fields["threshold"].widget.attrs.update(min=0, max=MAX_THRESHOLD)
        keys = get_keys(self.instance)
        for name, (says, _usual) in KEY_ACTIONS.items():
            self.fields[name] = forms.CharField(label=str(says), max_length=1, required=False, initial=keys[name])
            self.fields[name].widget.attrs.update(autocomplete="off", autocapitalize="none", spellcheck="false")
        self.show_seen()

    def _edited(self) -> dict[str, forms.Field]:
        # Also who never chose anything may have two tabs open.
        return dict(self.fields)

    def last_change(self, name: str) -> tuple[User | None, datetime | None]:
        return self.instance.user, None

    def clean_threshold(self) -> int:
        percent: int = self.cleaned_data["threshold"]
        if percent > MAX_THRESHOLD:
            raise forms.ValidationError(_("Confidence cannot be more than 100 percent."))
        return percent

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        taken: dict[str, str] = {}
        for name in KEY_ACTIONS:
            key = chosen[name] = chosen.get(name, "").lower()
            if key.isdecimal():
                self.add_error(name, _("The number keys are reserved for tags. Choose another key."))
            elif key and not key.isprintable():
                self.add_error(name, _("This key types no character. Choose another one."))
            elif key in taken:
                sentence = _("“%(key)s” is already the shortcut for “%(other)s”. Choose another key for one of them.")
                self.add_error(name, sentence % {"key": key.upper(), "other": KEY_ACTIONS[taken[key]][0]})
            elif key:
                taken[key] = name
        return chosen

    def save(self, commit: bool = True) -> Preference:
        self.instance.shortcuts = {name: self.cleaned_data[name] for name in KEY_ACTIONS}
        preference: Preference = super().save(commit)
        return preference
