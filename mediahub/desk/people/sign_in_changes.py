"""Sign-ins, refusals, and changes of roles and factors, as the activity shows them; none of them can be undone."""

from dataclasses import dataclass, field

from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mediahub.desk.people.browsers import describe_browser, get_client_address
from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import ChangeKind, Difference, Reader, register
from mediahub.history.models import Action, Change

METHODS = {
    "password": gettext_lazy("password"),
    "totp": gettext_lazy("password and authenticator app"),
    "recovery_codes": gettext_lazy("password and recovery code"),
    "webauthn": gettext_lazy("password and passkey"),
    "passkey": gettext_lazy("passkey"),
    "socialaccount": gettext_lazy("your organization"),
}


# What decides on a person's rights besides groups: fields of User.
SWITCHES = {
    "is_superuser": gettext_lazy("administrator"),
    "is_staff": gettext_lazy("may enter the desk"),
    "is_active": gettext_lazy("active"),
}


@register
@dataclass(frozen=True)
class SignIn(ChangeKind):
    """A person signed in, or was refused: by which method, and from where. `person` is the id, 0 for nobody known."""

    kind = "sign_in"
    is_revertible = False
    is_about_image = False
    person: int = 0
    method: str = ""
    address: str = ""
    browser: str = ""

    def describe(self, reader: Reader) -> list[Difference]:
        facts = (
            (_("Method"), str(METHODS.get(self.method, self.method))),
            (_("Network address"), self.address),
            (_("Browser"), self.browser),
        )
        return [Difference(what, "", after) for what, after in facts if after]


@register
@dataclass(frozen=True)
class PersonChange(ChangeKind):
    """Hold what a person or a group lost and gained: groups and switches, or permissions. `person` is 0 for a group."""

    kind = "person"
    is_revertible = False
    is_about_image = False
    person: int = 0
    lost: list[str] = field(default_factory=list)
    gained: list[str] = field(default_factory=list)

    def describe(self, reader: Reader) -> list[Difference]:
        if not self.lost and not self.gained:
            return []
        lost, gained = (
            ", ".join(str(SWITCHES.get(name, name)) for name in names) for names in (self.lost, self.gained)
        )
        return [Difference(_("Rights"), lost, gained)]


def record_sign_in(request: HttpRequest, user: User, method: str) -> None:
    """Record that a person signed in."""
    detail = _describe_request(request, user, method)
    subject = detail.browser or _("an unknown browser")
    ChangeSet(user).record_other(subject, Action.SIGNED_IN, detail)


def record_refusal(request: HttpRequest, user: User | None, method: str, action: Action) -> None:
    """Record that a sign-in was refused; `user` is the person who was named, if there is one."""
    subject = user.username if user else _("an unknown name")
    ChangeSet(None).record_other(subject, action, _describe_request(request, user, method))


def record_change(by: User | None, person: User, action: Action) -> None:
    """Record that a person's factors, sessions or password were changed."""
    ChangeSet(by).record_other(person.username, action, PersonChange(person.pk))


def list_roles(person: User) -> set[str]:
    """Return the names of the groups of a person, and of the switches that are on."""
    groups = person.groups.values_list("name", flat=True) if person.pk else ()
    return {*groups, *(name for name in SWITCHES if getattr(person, name))}


def record_roles(by: User | None, person: User, before: set[str], action: Action = Action.ROLES_CHANGED) -> None:
    """Record which roles a person lost and gained, if any."""
    after = list_roles(person)
    if after != before:
        ChangeSet(by).record_other(
            person.username, action, PersonChange(person.pk, sorted(before - after), sorted(after - before))
        )


def record_permissions(by: User, group: Group, before: set[str]) -> None:
    """Record which permissions a group lost and gained, if any."""
    after = list_permissions(group)
    if after != before:
        change = PersonChange(0, sorted(before - after), sorted(after - before))
        ChangeSet(by).record_other(group.name, Action.PERMISSIONS_CHANGED, change)


def list_permissions(group: Group) -> set[str]:
    """Return the permissions of a group."""
    rows = group.permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def forget_person(person: User, pseudonym: str) -> None:
    """Take name, addresses and browsers of a person who leaves out of the activity."""
    about = Change.objects.filter(kind__in=(SignIn.kind, PersonChange.kind), data__person=person.pk)
    about.filter(by=person, kind=SignIn.kind).update(subject="")
    about.exclude(by=person, kind=SignIn.kind).update(subject=pseudonym)
    about.filter(kind=SignIn.kind).update(data=SignIn(person.pk).encode())


def _describe_request(request: HttpRequest, user: User | None, method: str) -> SignIn:
    return SignIn(user.pk if user else 0, method, get_client_address(request), describe_browser(request))
