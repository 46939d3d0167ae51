"""What an editor does to one image on its page: its tags, metadata, flags, and original."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from mediahub.delivery import addresses
from mediahub.delivery.credited_files import read_rendition
from mediahub.desk.http import get_editor, get_return_address, require_permission
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action
from mediahub.library import access, field_edits, metadata, publishing, tag_decisions
from mediahub.library.field_edits import UNSEEN, Conflicted
from mediahub.library.file_names import name_original
from mediahub.library.models import Tagging
from processing import ProcessingError
from processing.formats import get_output

VERDICT_FUNCTIONS = {"accept": tag_decisions.accept, "reject": tag_decisions.reject}
VERDICT_STATES = {"accept": Tagging.State.ACCEPTED, "reject": Tagging.State.REJECTED}
# Lambda answers with at most 6 MB, in which a file is written as base64; the credit adds at most 70 kB to it.
MAX_ANSWER_BYTES = 4_400_000
require_review_permission = require_permission("library.review_tagging")


@require_POST
@require_permission("library.review_tagging")
def confirm_flags(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Log that this editor has looked at the file that the page showed."""
    image = get_object_or_404(access.changeable_images(request.user), pk=image_id)
    shown = request.POST.get("file", "")
    if not publishing.mark_flags_reviewed(ChangeSet(get_editor(request)), image, shown) and shown not in (
        "",
        image.sha256,
    ):
        messages.warning(
            request, _("The file of this image has been replaced. Review the new file and confirm that you did.")
        )
    return redirect("admin:library_image_change", image_id)


@require_POST
@require_review_permission
def decide_tag(request: HttpRequest, image_id: UUID, tagging_id: int) -> HttpResponse:
    """Accept or reject one tag of the image, as the button named `verdict` says."""
    image = get_object_or_404(access.changeable_images(request.user), pk=image_id)
    tagging = get_object_or_404(image.taggings.select_related("tag", "image"), pk=tagging_id)
    verb = VERDICT_FUNCTIONS.get(request.POST.get("verdict", ""))
    if verb is None:
        messages.error(request, _("Choose whether to accept or reject the tag."))
        return _return_to(image_id, "tags")
    seen = request.POST.get("seen", tagging.state)
    if tagging.state in (seen, VERDICT_STATES[request.POST["verdict"]]):
        verb(ChangeSet(get_editor(request)), [tagging])
    else:
        sentence = _("Someone else has decided on “%(tag)s” in the meantime. It is now %(state)s.")
        messages.warning(request, sentence % {"tag": tagging.tag.name, "state": tagging.get_state_display()})
    return _return_to(image_id, f"tag-{tagging.pk}")


@require_POST
@require_review_permission
def add_tag(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Add a tag of the editor's own to the image."""
    image = get_object_or_404(access.changeable_images(request.user), pk=image_id)
    try:
        tag_decisions.add_tag(ChangeSet(get_editor(request)), image, request.POST.get("name", ""))
    except ValidationError as error:
        for sentence in error.messages:
            messages.error(request, sentence)
    return _return_to(image_id, "add-tag")


@require_POST
@require_review_permission
def take_over_field(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Copy a value from the file into the field that the button names."""
    image = get_object_or_404(access.changeable_images(request.user), pk=image_id)
    try:
        metadata.copy_from_file(
            ChangeSet(get_editor(request)), image, request.POST.get("field", ""), request.POST.get("seen", UNSEEN)
        )
    except Conflicted as error:
        for conflict in error.conflicts:
            messages.error(request, field_edits.describe_conflict(image.title, conflict))
    except ValidationError as error:
        for sentence in error.messages:
            messages.error(request, sentence)
    return _return_to(image_id, "embedded")


def _return_to(image_id: UUID, place: str) -> HttpResponse:
    return redirect(f"{reverse('admin:library_image_change', args=[image_id])}#{place}")


@require_safe
@require_permission("library.view_image")
def show_rendition(request: HttpRequest, image_id: UUID, name: str, format_name: str) -> HttpResponse:
    """Show one rendition as a file to take along, with the credit that the record has now inside it."""
    image = get_object_or_404(access.visible_images(request.user), pk=image_id)
    rendition = get_object_or_404(image.renditions, name=name, format=format_name)
    if rendition.bytes > MAX_ANSWER_BYTES:
        sentence = _(
            "The rendition %(name)s of “%(title)s” has %(size)s, which is too large to be opened from here. Select the "
            "image in the library, and choose “Download ZIP”."
        )
        size = filesizeformat(rendition.bytes)
        messages.error(request, sentence % {"name": rendition.name, "title": image.title, "size": size})
        return redirect("admin:library_image_change", image_id)
    try:
        data = read_rendition(image, rendition)
    except ProcessingError as error:
        messages.error(request, error.message)
        return redirect("admin:library_image_change", image_id)
    answer = HttpResponse(data, content_type=rendition.content_type)
    file_name = f"{image.title} {rendition.name}.{get_output(rendition.format).suffix}"
    answer["Content-Disposition"] = content_disposition_header(False, file_name) or "inline"
    return answer


@require_POST
@never_cache
@require_permission("library.download_original")
def download_original(request: HttpRequest, image_id: UUID, number: int | None = None) -> HttpResponse:
    """Log who downloads the file, and redirect to it by a link that is valid for a moment."""
    image = get_object_or_404(access.visible_images(request.user), pk=image_id)
    which = {"current": True} if number is None else {"number": number}
    version = image.versions.filter(**which).first()
    if version is None or not version.version_id:
        sentence = _(
            "MediaHub has no record of where the original of %(title)s is stored. Ask your "
            "administrator to run a consistency check."
        )
        messages.error(request, sentence % {"title": image.title})
        return redirect(get_return_address(request))
    facts = {"file_name": image.file_name, "format": image.format, **version.facts}
    name = name_original(facts["file_name"], facts["format"])
    try:
        address = addresses.sign_original_link(version.key, version.version_id, name)
    except ProcessingError as error:
        messages.error(request, error.message)
        return redirect(get_return_address(request))
    ChangeSet(get_editor(request)).record(image, Action.DOWNLOADED)
    return redirect(address)
