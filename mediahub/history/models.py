"""The rows of the history; they are only ever added to."""

import uuid
from functools import cached_property

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mediahub.history.kinds import ChangeKind, decode
from processing import MAX_LENGTHS


class Action(models.TextChoices):
    """What somebody did, as the pages show it."""

    UPLOADED = "uploaded", _("uploaded")
    EDITED = "edited", _("changed the details of")
    TAGGED = "tagged", _("reviewed the tags of")
    STATE_CHANGED = "state_changed", _("changed the state of")
    REPLACED = "replaced", _("replaced the file of")
    RESTORED = "restored", _("restored an earlier version of")
    EXPIRED = "expired", _("took down")
    FLAGS_REVIEWED = "flags_reviewed", _("reviewed the flags of")
    DUPLICATES_MERGED = "duplicates_merged", _("merged duplicates into")
    DUPLICATE_ARCHIVED = "duplicate_archived", _("archived a duplicate:")
    MARKED_DIFFERENT = "marked_different", _("marked as not a duplicate:")
    FOCAL_POINT_MOVED = "focal_point_moved", _("moved the focal point of")
    TAG_MERGED = "tag_merged", _("merged a tag into")
    FILE_OFFERED = "file_offered", _("uploaded a newer file for")
    FILE_DECLINED = "file_declined", _("skipped a newer file for")
    LABEL_HIDDEN = "label_hidden", _("hid the label")
    COLLECTIONS_CHANGED = "collections_changed", _("changed the collections of")
    COLLECTION_CREATED = "collection_created", _("created the collection")
    COLLECTION_CHANGED = "collection_changed", _("changed the collection")
    COLLECTION_DELETED = "collection_deleted", _("deleted the collection")
    DOWNLOADED = "downloaded", _("downloaded the original of")
    ZIP_FETCHED = "zip_fetched", _("fetched another person's ZIP file with")
    PURGED = "purged", _("erased for good the image")
    SIGNED_IN = "signed_in", _("signed in with")
    SIGN_IN_REFUSED = "sign_in_refused", _("refused a sign-in as")
    LOCKED_OUT = "locked_out", _("refused for a while all sign-ins as")
    SESSIONS_ENDED = "sessions_ended", _("ended the sessions of")
    FACTOR_ADDED = "factor_added", _("added a second factor for")
    FACTOR_REMOVED = "factor_removed", _("removed a second factor of")
    CODES_RENEWED = "codes_renewed", _("made new recovery codes for")
    PASSWORD_CHANGED = "password_changed", _("changed the password of")
    INVITED = "invited", _("invited")
    ROLES_CHANGED = "roles_changed", _("changed the roles of")
    PERMISSIONS_CHANGED = "permissions_changed", _("changed the permissions of the group")
    UNDONE = "undone", _("undid a change to")


class Change(models.Model):
    """One change, by whom and when; `kind` names the class in the registry that reads `data`.

    The fields of a change set stand in each of its rows: so a change is one statement, and a row tells all about
    itself. `subject` is what the image, the collection or the tag was called at that time.
    """

    change_set = models.UUIDField(default=uuid.uuid4, editable=False)
    # The change set that this row reverts a part of.
    undoes = models.UUIDField(null=True, blank=True, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    action = models.CharField(_("action"), max_length=24, choices=Action)
    kind = models.CharField(max_length=16, default="event", editable=False)
    image = models.ForeignKey("library.Image", models.SET_NULL, null=True, blank=True, related_name="changes")
    subject = models.CharField(_("subject"), max_length=MAX_LENGTHS["title"])
    data = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["change_set", "id"], name="change_by_set"),
            models.Index(fields=["undoes"], name="change_undoes", condition=models.Q(undoes__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.by or 'MediaHub'} {self.get_action_display()} {self.subject}"

    @cached_property
    def detail(self) -> ChangeKind:
        """What was changed, read from the JSON."""
        return decode(self.kind, self.data)

    @property
    def is_revertible(self) -> bool:
        """Return whether there is something in it to revert."""
        return self.detail.is_revertible and (self.image_id is not None or not self.detail.is_about_image)
