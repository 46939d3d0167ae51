"""What the pages of all records share."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core import paginator
from django.core.exceptions import ValidationError
from django.db.models import IntegerField, ManyToManyField, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from mediahub.desk.http import Unreadable
from mediahub.library.parsing import read_number

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    Paginator = paginator.Paginator[Any]
    Choices = ModelMultipleChoiceField[Any]
else:
    ModelAdmin = admin.ModelAdmin
    Paginator = paginator.Paginator
    Choices = ModelMultipleChoiceField


# Whoever looks further narrows the list.
MOST_LISTED = 5_000


class KnownChoices(Choices):
    """Records to choose from by their numbers; a number that no database could hold is none of them."""

    def clean(self, value: Any) -> Any:
        for text in value or ():
            if read_number(str(text)) is None:
                raise ValidationError(self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": text})
        return super().clean(value)


class CarefulAdmin(ModelAdmin):
    """A ModelAdmin that asks the database for nothing that it cannot be asked.

    The address of its list may ask for the filters that the page offers and for those that other pages link to
    (`linked`); Django lets it ask for any column by any comparison. What is chosen must be ids.
    """

    linked: ClassVar[tuple[str, ...]] = ()
    formfield_overrides = {ManyToManyField: {"form_class": KnownChoices}}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not all(map(self._is_id, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise Unreadable(_("The selected items are not in this list. Reload the page and select them again."))
        return super().changelist_view(request, extra_context)

    def _is_id(self, text: str) -> bool:
        if isinstance(self.opts.pk, IntegerField):
            return read_number(text) is not None
        try:
            self.opts.pk.to_python(text)
        except ValidationError:
            return False
        return True

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        names = [name for name in self.list_filter if isinstance(name, str)]
        offered = [f"{name}{end}" for name in names for end in ("__exact", "__id__exact", "__isnull")]
        return lookup in (*offered, *self.linked)


class CappedPaginator(Paginator):
    """The pages of a list, of very many records the first ones; `goes_on` says that there are more."""

    @cached_property
    def _number(self) -> int:
        records: Any = self.object_list
        return int(records.order_by()[: MOST_LISTED + 1].count())

    @property
    def count(self) -> int:
        """Return how many records there are, as far as a page counts."""
        return min(self._number, MOST_LISTED)

    @property
    def goes_on(self) -> bool:
        """Return whether there are more records than those on the pages."""
        return self._number > MOST_LISTED


class PageAdmin(CarefulAdmin):
    """A ModelAdmin whose actions are buttons named `action`, on its list and on the page of one record (`stay`)."""

    paginator = CappedPaginator

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> HttpResponse | None:
        response = super().response_action(request, queryset, *args)
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        back = getattr(response, "url", None) == request.get_full_path()
        if request.POST.get("stay") and len(chosen) == 1 and back:
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", chosen[0])
        return response

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        offered = list(self.get_actions(request))
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": title, "actions_offered": offered, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context.update(subtitle=None, actions_offered=list(self.get_actions(request)))
        return super().render_change_form(request, context, *args, **kwargs)


class ScopedAdmin(PageAdmin):
    """A PageAdmin for the records that `visible_records` returns for a person.

    Nobody may do to them what `closed` names ("add", "change", "delete"); the person's permissions decide on the rest.
    """

    visible_records: ClassVar["staticmethod[[Any], QuerySet[Any]] | None"] = None
    closed: ClassVar[frozenset[str]] = frozenset()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.visible_records(request.user) if self.visible_records else super().get_queryset(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return "add" not in self.closed and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return "change" not in self.closed and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return "delete" not in self.closed and super().has_delete_permission(request, obj)


class ReadOnlyAdmin(ScopedAdmin):
    """A ScopedAdmin for records that only functions write, never a form."""

    closed = frozenset({"add", "change", "delete"})


class EditMixin(ModelAdmin):
    """A page of one record for an EditModelForm: the record is locked while it is compared and written."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        record = super().get_object(request, object_id, from_field)
        if record is None or request.method != "POST":
            return record
        # Within the admin's transaction: what is read from here on is what is written over.
        self.model._base_manager.select_for_update().filter(pk=record.pk).first()
        return super().get_object(request, object_id, from_field)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().render_change_form(request, context, *args, **kwargs)
        if getattr(context["adminform"].form, "conflicts", ()):
            response.status_code = 409
        return response


class EditAdmin(EditMixin, ScopedAdmin):
    """A ScopedAdmin for records that two people may change at once."""
