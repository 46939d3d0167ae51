"""The page that asks before images are erased for good, and the list of those that were."""

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from mediahub.desk.http import get_editor, get_return_address, render_page, require_permission
from mediahub.desk.library.selection import SelectedImages, read_boxes
from mediahub.history.change_set import ChangeSet
from mediahub.jobs import purge_records
from mediahub.library import access, etags
from mediahub.library.models import Image, Purge
from mediahub.library.parsing import read_number

require_purge_permission = require_permission("library.purge_image")
MOST_LISTED = 500


def confirm_purge(request: HttpRequest, change_set: ChangeSet, chosen: SelectedImages) -> HttpResponse:
    """Show what would be erased, and ask for a reason and for the number of images."""
    images = list(chosen.images.prefetch_related("renditions").defer("label_raw")[: purge_records.MOST_IMAGES + 1])
    if len(images) > purge_records.MOST_IMAGES:
        sentence = _("At most %(most)d images can be erased at a time. Select fewer images.")
        messages.error(request, sentence % {"most": purge_records.MOST_IMAGES})
        return redirect(get_return_address(request))
    return _render_question(request, images)


@require_POST
@never_cache
@require_purge_permission
def purge_images(request: HttpRequest) -> HttpResponse:
    """Erase the images that the form names, if its number is theirs and nobody has changed them meanwhile."""
    user, seen = get_editor(request), read_boxes(request)
    images = access.visible_images(user).filter(pk__in=list(seen))
    shown = list(images.prefetch_related("renditions").defer("label_raw")[: purge_records.MOST_IMAGES + 1])
    if not shown:
        messages.error(request, _("These images do not exist any more, or you don't have access to them."))
        return redirect("admin:library_image_changelist")
    if any(etags.image_etag(image) != seen[image.pk] for image in shown) or len(shown) < len(seen):
        sentence = _("Someone changed or removed images while you had the page open. Nothing was erased. Look again.")
        return _render_question(request, shown, [sentence], status=409)
    if read_number(request.POST.get("number", "").strip()) != len(shown):
        sentence = _("Nothing was erased. Enter %(n)d, the number of images, to confirm.")
        return _render_question(request, shown, [sentence % {"n": len(shown)}], status=400)
    try:
        erased = purge_records.order_purges(user, images, request.POST.get("reason", ""))
    except ValidationError as error:
        return _render_question(request, shown, error.messages, status=400)
    sentence = ngettext(
        "%(n)d image erased. Its files are removed within minutes.",
        "%(n)d images erased. Their files are removed within minutes.",
        len(erased),
    )
    messages.success(request, sentence % {"n": len(erased)})
    return redirect("desk:purges")


@require_GET
@never_cache
@require_purge_permission
def show_purges(request: HttpRequest) -> HttpResponse:
    """Show what is left of the images that were erased: who, when, why."""
    purges = list(Purge.objects.select_related("by")[: MOST_LISTED + 1])
    context = {
        "title": _("Erased images"),
        "purges": purges[:MOST_LISTED],
        "most": MOST_LISTED if len(purges) > MOST_LISTED else 0,
    }
    return render_page(request, "desk/library/purges.html", context)


def _render_question(
    request: HttpRequest, images: Sequence[Image], problems: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    marks: list[tuple[Image, str]] = [(image, etags.image_etag(image)) for image in images]
    context = {
        "title": ngettext("Erase %(n)d image for good", "Erase %(n)d images for good", len(images))
        % {"n": len(images)},
        "images": marks,
        "published": sum(image.state == Image.State.PUBLISHED for image in images),
        "problems": problems,
        "reason": request.POST.get("reason", ""),
        "most_characters": purge_records.MOST_CHARACTERS,
        "back": get_return_address(request),
    }
    return render_page(request, "desk/library/purge.html", context, status=status)
