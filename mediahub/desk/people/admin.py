"""Who may use the desk: people and the groups that say what they may do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.db.models import ManyToManyField, QuerySet
from django.forms import CheckboxSelectMultiple, ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mediahub.desk.admin_pages import CarefulAdmin, EditMixin
from mediahub.desk.forms import EditModelForm

if TYPE_CHECKING:
    UsersAdmin = UserAdmin[User]
    UserForm = UserChangeForm[User]
    GroupModelForm = ModelForm[Group]
else:
    UsersAdmin = UserAdmin
    UserForm = UserChangeForm
    GroupModelForm = ModelForm


admin.site.unregister(User)


admin.site.unregister(Group)


class PersonForm(EditModelForm, UserForm):
    """A person as two administrators may change them at once."""


class GroupForm(EditModelForm, GroupModelForm):
    """A group, its permissions chosen by several people at once."""


@admin.register(Group)
class GroupsAdmin(EditMixin, CarefulAdmin, GroupAdmin):
    """Django's page of a group."""

    form = GroupForm


@admin.register(User)
class PersonAdmin(EditMixin, CarefulAdmin, UsersAdmin):
    """Django's page of a user, with the groups as boxes and without the single permissions that groups stand for."""

    form = PersonForm
    change_form_template = "desk/people/person.html"

    list_filter = ["is_active", "is_superuser", "groups"]
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    ]

    def get_deleted_objects(
        self, objs: "Sequence[User] | QuerySet[User]", request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Name the people, and only count what goes with them: Django's log names images and searches of others."""
        _lines, counts, missing, protected = super().get_deleted_objects(objs, request)
        return [str(person) for person in objs], counts, missing, protected

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        return super().formfield_for_manytomany(db_field, request, widget=CheckboxSelectMultiple, **kwargs)
