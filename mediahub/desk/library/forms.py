"""The forms of one image, its focal point, and a tag."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.forms import CharField, ModelForm
from django.utils.translation import gettext_lazy

from mediahub.desk.forms import EditModelForm
from mediahub.library import field_edits, publishing, vocabulary
from mediahub.library.models import Image, Tag

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    ImageModelForm = ModelForm[Image]
else:
    ImageModelForm = ModelForm


if TYPE_CHECKING:
    TagModelForm = ModelForm[Tag]
else:
    TagModelForm = ModelForm


class MetadataForm(EditModelForm, ImageModelForm):
    """The words of an image; those of a published one stay complete."""

    def last_change(self, name: str) -> "tuple[User | None, datetime | None]":
        conflict = field_edits.build_conflict(self.instance, name, None)
        return conflict.by, conflict.at

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, value in cleaned.items():
            setattr(self.instance, name, value)
        publishing.check_metadata(self.instance)
        return cleaned


class TagForm(EditModelForm, TagModelForm):
    """A tag with its synonyms, one a line; what several people add and take off at once is put together."""

    together = ("synonyms",)
    user: Any = None

    synonyms = CharField(
        label=gettext_lazy("Synonyms"),
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "Other words for this tag, one per line. Typing or searching for any of them selects this tag."
        ),
    )

    class Meta:
        model = Tag
        fields = ["name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["synonyms"] = "\n".join(synonym.word for synonym in self.instance.synonyms.all())

    def clean_name(self) -> str:
        return vocabulary.clean_name(self.cleaned_data["name"])

    def clean_synonyms(self) -> str:
        if self.fields["synonyms"].widget.value_omitted_from_data(self.data, self.files, "synonyms"):
            return str(self.initial.get("synonyms", ""))
        shown = self.data.get(self["synonyms"].html_initial_name, self.initial.get("synonyms", ""))
        now, seen, typed = map(_index_lines, (self.initial.get("synonyms", ""), shown, self.cleaned_data["synonyms"]))
        words = {key: word for key, word in now.items() if key in typed or key not in seen}
        words |= {key: word for key, word in typed.items() if key not in seen}
        tag = Tag(pk=self.instance.pk, name=self.cleaned_data.get("name", self.instance.name))
        vocabulary.check_synonyms(self.user, tag, words.values())
        return "\n".join(words.values())


def _index_lines(text: str) -> dict[str, str]:
    """Return the words of a text with one a line, each by its casefolded form."""
    words = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return {word.casefold(): word for word in words}


class FocalPointForm(forms.Form):
    """Where the focal point is, in per cent of the picture's width and height."""

    x = forms.FloatField(label=gettext_lazy("From the left, in percent"), min_value=0, max_value=100, step_size=0.1)
    y = forms.FloatField(label=gettext_lazy("From the top, in percent"), min_value=0, max_value=100, step_size=0.1)
