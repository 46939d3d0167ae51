"""Forms that several people may have open at once: each changes only what its person changed.

A page carries what each field said when it was shown. Where somebody else has changed the same field since, the form
comes back with both values and what was typed, and asks which shall stay; nothing is written until then.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import BaseForm, Field, Form, MultipleHiddenInput
from django.forms.models import BaseModelForm
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mediahub.library.field_edits import UNSEEN, Edit, merge_edits

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    FormMixin = BaseForm
    EditsModelForm = BaseModelForm[Any]
else:
    FormMixin = object
    EditsModelForm = object


THEIRS, MINE = "theirs", "mine"


class EditForm(FormMixin):
    """Mixed into a form, before its class: `initial` must be what the record says now, under its lock."""

    conflicts: tuple[str, ...] = ()
    # Fields whose own clean method puts together what several people changed.
    together: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show_seen()

    def show_seen(self) -> None:
        """Let the page carry what each field says when it is shown."""
        for field in self._edited().values():
            field.show_hidden_initial = True

    def _edited(self) -> dict[str, Field]:
        """Return the fields that may change a record that is there."""
        return {name: field for name, field in self.fields.items() if not field.disabled}

    def last_change(self, name: str) -> "tuple[User | None, datetime | None]":
        """Return who has changed this field last, and when, as far as anybody knows."""
        return None, None

    def edits(self) -> dict[str, Edit]:
        """Return what each field that was sent should say, and what it said on the page."""
        sent = {
            name: field
            for name, field in self._edited().items()
            if name in self.cleaned_data
            and not field.widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name))
        }
        return {name: Edit(_comparable(self.cleaned_data[name]), self._seen(name)) for name in sent}

    def _seen(self, name: str) -> Any:
        chosen = self.data.get(f"choice-{name}")
        shown = f"theirs-{name}" if chosen == MINE else self[name].html_initial_name
        # Of several values that were none, nothing is sent: then the page shows itself by the other fields.
        several = issubclass(self.fields[name].hidden_widget, MultipleHiddenInput)
        was_shown = shown in self.data or (several and any(key.startswith("initial-") for key in self.data))
        return self._read(name, shown) if was_shown else UNSEEN

    def _read(self, name: str, key: str) -> Any:
        field = self.fields[name]
        try:
            raw = field.hidden_widget().value_from_datadict(self.data, self.files, key)
            return _comparable(field.to_python(raw))
        except ValidationError:
            return _comparable(raw)

    def clean(self) -> dict[str, Any]:
        """Keep what the person did not change as it is now; add an error where two people changed one field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.cleaned_data = cleaned
        now = {name: self.get_initial_for_field(field, name) for name, field in self._edited().items()}
        edits = self.edits()
        for name in [name for name in edits if self.data.get(f"choice-{name}") == THEIRS]:
            del edits[name]
        edits = {name: edit for name, edit in edits.items() if name not in self.together}
        values, conflicting = merge_edits({name: _comparable(value) for name, value in now.items()}, edits)
        self.conflicts = tuple(conflicting)
        self._validate_stored_texts(values)
        for name in self._edited():
            if name in conflicting:
                self.add_error(name, self._describe_conflict(name, now[name], cleaned[name]))
            elif name in cleaned and name not in values and name not in self.together:
                cleaned[name] = now[name]
        return cleaned

    def _validate_stored_texts(self, values: Mapping[str, Any]) -> None:
        """Add an error for a text that may be as it was typed and not as it is stored: longer, or nothing at all."""
        for name, value in values.items():
            if isinstance(value, str) and name in self.cleaned_data:
                try:
                    self.fields[name].clean(value)
                except ValidationError as error:
                    self.add_error(name, error)

    def _describe_conflict(self, name: str, theirs: Any, mine: Any) -> str:
        by, at = self.last_change(name)
        who = str(by or _("Someone else"))
        if at:
            says = _("%(who)s changed this on %(when)s while you had the page open. Your changes are not saved yet.")
            says %= {"who": who, "when": date_format(at, "DATETIME_FORMAT")}
        else:
            says = _("%(who)s changed this while you had the page open. Your changes are not saved yet.") % {"who": who}
        context = {
            "name": name,
            "says": says,
            "theirs": _format_value(theirs),
            "mine": _format_value(mine),
            "values": _list_hidden_values(theirs),
        }
        return render_to_string("desk/conflict.html", context)


class EditModelForm(EditForm, EditsModelForm):
    """The same for a record; the admin's log says who changed it."""

    def _edited(self) -> dict[str, Field]:
        return super()._edited() if self.instance.pk and not self.instance._state.adding else {}

    def last_change(self, name: str) -> "tuple[User | None, datetime | None]":
        kind = get_content_type_for_model(self.instance)
        entries = LogEntry.objects.filter(content_type=kind, object_id=str(self.instance.pk))
        last = entries.select_related("user").first()
        return (last.user, last.action_time) if last else (None, None)


class PlainEditForm(EditForm, Form):
    """The same for a form without a model of its own."""


def _comparable(value: Any) -> Any:
    """Return a value that can be compared; records by their ids, in order."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, Iterable) and not isinstance(value, str):
        return sorted(item.pk if isinstance(item, models.Model) else item for item in value)
    return value


def _format_value(value: Any) -> str:
    """Return a value as a person reads it."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(str(item) for item in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None else str(value)


def _list_hidden_values(value: Any) -> list[str]:
    """Return the texts that hidden fields carry for a value."""
    comparable = _comparable(value)
    return (
        [str(item) for item in comparable]
        if isinstance(comparable, list)
        else ["" if comparable is None else str(comparable)]
    )
