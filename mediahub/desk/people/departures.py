"""A person who leaves for good: what they did stays in the history, and says no more who they were."""

from contextlib import suppress
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub import messages
from mediahub.desk.people import lockouts, sign_in_changes
from mediahub.jobs.models import Job
from mediahub.library.models import PurgedUpload, SavedSearch
from mediahub.messages import WakeClock
from mediahub.uploads.models import Upload
from processing import ProcessingError

BACKEND = "mediahub.desk.people.backends.PermissionBackend"
# Kept, or passed on, and not simply deleted with what else belongs to a person alone.
OTHERWISE_HANDLED = (SavedSearch, LogEntry)


def list_heirs(person: User) -> QuerySet[User]:
    """Return the people who may take over the shared searches of somebody who leaves."""
    heirs = User.objects.with_perm("library.publish_image", backend=BACKEND)
    return heirs.filter(is_active=True).exclude(pk=person.pk).order_by("username")


def remove_person(by: User, person: User, heir: User | None) -> str:
    """Make a person who leaves a pseudonym, end all that they could still do, and return the pseudonym.

    Raise ValidationError for oneself, and for somebody who has left.
    """
    if by.pk == person.pk:
        raise ValidationError(_("You cannot remove yourself. Ask another administrator."))
    pseudonym = f"former member {person.pk}"
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=person.pk)
        if locked.username == pseudonym:
            raise ValidationError(_("This person was removed already."))
        _pass_on_searches(locked, heir)
        _refuse_open_tickets(locked)
        _end_downloads(locked)
        _delete_belongings(locked)
        log = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(locked.pk))
        log.update(object_repr=pseudonym, change_message="")
        lockouts.forget_person(locked.username)
        sign_in_changes.forget_person(locked, pseudonym)
        _rename(locked, pseudonym)
    # The clock removes the zip files; it wakes by itself at midnight at the latest.
    with suppress(ProcessingError):
        messages.send(WakeClock())
    return pseudonym


def _rename(person: User, pseudonym: str) -> None:
    """Take name, address, password and rights from a person; invitations and links that are under way end with them."""
    person.username, person.first_name, person.last_name, person.email = pseudonym, "", "", ""
    person.is_active = person.is_staff = person.is_superuser = False
    person.last_login = None
    person.set_unusable_password()
    person.save()
    person.groups.clear()
    person.user_permissions.clear()


def _pass_on_searches(person: User, heir: User | None) -> None:
    taken = set(SavedSearch.objects.filter(owner=heir).values_list("name", flat=True)) if heir else set()
    for search in SavedSearch.objects.select_for_update().filter(owner=person, shared=True):
        search.owner, search.name = heir, _find_free_name(search.name, taken)
        taken.add(search.name)
        search.save()
    SavedSearch.objects.filter(owner=person).delete()


def _find_free_name(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[:50]} ({number})"
    return free


def _refuse_open_tickets(person: User) -> None:
    """Take no file any more that comes by a ticket of theirs, though S3 takes it until the ticket ends."""
    uploads = Upload.objects.filter(uploaded_by=person, state=Upload.State.ISSUED, version_id="", code="")
    pks = list(uploads.order_by("pk").select_for_update().values_list("pk", flat=True))
    PurgedUpload.objects.bulk_create([PurgedUpload(pk=pk) for pk in pks], ignore_conflicts=True)
    Upload.objects.filter(pk__in=pks).delete()


def _end_downloads(person: User) -> None:
    """Cancel the downloads that are being made; the clock removes the files of somebody who is not active any more."""
    unfinished = (*Job.ACTIVE, Job.State.PAUSED)
    zips = Job.objects.filter(by=person, kind=Job.Kind.ZIP, state__in=unfinished)
    zips.update(state=Job.State.CANCELLED, finished_at=timezone.now())


def _delete_belongings(person: User) -> None:
    """Delete the records of any app that are this person's alone: preferences, sessions, keys to sign in with."""
    for relation in User._meta.related_objects:
        model: Any = relation.related_model
        if relation.on_delete is models.CASCADE and model not in OTHERWISE_HANDLED:
            model._base_manager.filter(**{relation.field.name: person}).delete()
