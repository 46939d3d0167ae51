"""Publishing one image, and what is said of those that cannot be."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from mediahub.desk.activity.undo_views import say
from mediahub.desk.current_user import editor
from mediahub.desk.http import require_permission
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, publishing
from mediahub.library.publishing import Published

# A page of sentences is read by nobody.
MOST_REFUSALS = 5


def tell(request: HttpRequest, result: Published, act: ChangeSet) -> None:
    """Say how many are public now, and what the others lack."""
    if result.count or not result.refused:
        done = ngettext("%(n)d image is published now.", "%(n)d images are published now.", result.count)
        say(request, done % {"n": result.count}, act)
    for image, lacks in result.refused[:MOST_REFUSALS]:
        said = _("%(title)s was not published. %(why)s") % {"title": image.title, "why": " ".join(lacks)}
        messages.warning(request, said)
    more = len(result.refused) - MOST_REFUSALS
    if more > 0:
        said = ngettext("%(n)d more image was not published.", "%(n)d more images were not published.", more)
        messages.warning(request, said % {"n": more})


@require_POST
@require_permission("library.review_tagging")
def look_at_flags(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Note that this editor has looked at the file that the page showed."""
    image = get_object_or_404(access.changeable_images(request.user), pk=image_id)
    shown = request.POST.get("file", "")
    if not publishing.mark_flags_reviewed(ChangeSet(editor(request)), image, shown) and shown not in ("", image.sha256):
        messages.warning(request, _("The image has another file by now. Look at this one, and say that you did."))
    return redirect("admin:library_image_change", image_id)
