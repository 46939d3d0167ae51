"""Who may use the desk: people and the groups that say what they may do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.db.models import ManyToManyField, QuerySet
from django.forms import CheckboxSelectMultiple, ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from mediahub.desk.admin_pages import CarefulAdmin, EditMixin
from mediahub.desk.forms import EditModelForm
from mediahub.desk.http import get_editor
from mediahub.desk.people import sessions, sign_in_changes
from mediahub.history.models import Action

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


# Their pages show secrets and addresses that no page of the desk needs.
for model in (EmailAddress, Authenticator):
    admin.site.unregister(model)


class PersonForm(EditModelForm, UserForm):
    """A person as two administrators may change them at once."""


class GroupForm(EditModelForm, GroupModelForm):
    """A group, its permissions chosen by several people at once."""


@admin.register(Group)
class GroupsAdmin(EditMixin, CarefulAdmin, GroupAdmin):
    """Django's page of a group."""

    form = GroupForm

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        # Not yet saved: the group itself is, its permissions are not.
        before = sign_in_changes.list_permissions(form.instance)
        super().save_related(request, form, formsets, change)
        sign_in_changes.record_permissions(get_editor(request), form.instance, before)


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

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> User:
        saved = User.objects.filter(pk=form.instance.pk).first() if change else None
        form.roles_before = sign_in_changes.list_roles(saved) if saved else set()
        person: User = super().save_form(request, form, change)
        return person

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        sign_in_changes.record_roles(get_editor(request), form.instance, form.roles_before)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            person = self.get_object(request, unquote(id))
            sessions.end_others(person, request.session.session_key or "")
            sign_in_changes.record_change(get_editor(request), person, Action.PASSWORD_CHANGED)
        return response

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
