"""Accepting, rejecting and adding the tags of one image, by plain forms that need no JavaScript."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mediahub.desk.current_user import editor
from mediahub.desk.http import require_permission
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, field_edits, metadata, tag_decisions
from mediahub.library.field_edits import UNSEEN, Conflicted
from mediahub.library.models import Tagging

VERBS = {"accept": tag_decisions.accept, "reject": tag_decisions.reject}
VERDICTS = {"accept": Tagging.State.ACCEPTED, "reject": Tagging.State.REJECTED}

may_review = require_permission("library.review_tagging")


@require_POST
@may_review
def decide(request: HttpRequest, image_id: UUID, tagging_id: int) -> HttpResponse:
    """Accept or reject one tag of the image, as the button named `verdict` says."""
    image = get_object_or_404(access.changeable_images(request.user), pk=image_id)
    tagging = get_object_or_404(image.taggings.select_related("tag", "image"), pk=tagging_id)
    verb = VERBS.get(request.POST.get("verdict", ""))
    if verb is None:
        messages.error(request, _("Choose whether to accept or reject the tag."))
        return _back(image_id, "tags")
    seen = request.POST.get("seen", tagging.state)
    if tagging.state in (seen, VERDICTS[request.POST["verdict"]]):
        verb(ChangeSet(editor(request)), [tagging])
    else:
        said = _("Somebody else has decided on “%(tag)s” since: it is %(state)s now.")
        messages.warning(request, said % {"tag": tagging.tag.name, "state": tagging.get_state_display()})
    return _back(image_id, f"tag-{tagging.pk}")


@require_POST
@may_review
def add(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Put a tag of the editor's own on the image."""
    image = get_object_or_404(access.changeable_images(request.user), pk=image_id)
    try:
        tag_decisions.add_tag(ChangeSet(editor(request)), image, request.POST.get("name", ""))
    except ValidationError as error:
        for sentence in error.messages:
            messages.error(request, sentence)
    return _back(image_id, "add-tag")


@require_POST
@may_review
def take_over(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Put a word of the file into the field that the button names."""
    image = get_object_or_404(access.changeable_images(request.user), pk=image_id)
    try:
        metadata.copy_from_file(
            ChangeSet(editor(request)), image, request.POST.get("field", ""), request.POST.get("seen", UNSEEN)
        )
    except Conflicted as error:
        for conflict in error.conflicts:
            messages.error(request, field_edits.describe_conflict(image.title, conflict))
    except ValidationError as error:
        for sentence in error.messages:
            messages.error(request, sentence)
    return _back(image_id, "embedded")


def _back(image_id: UUID, place: str) -> HttpResponse:
    return redirect(f"{reverse('admin:library_image_change', args=[image_id])}#{place}")
