"""What an editor does to many images at once."""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mediahub import costs
from mediahub.desk.collections import membership_views
from mediahub.desk.http import add_undo_message
from mediahub.desk.jobs import views as jobs_views
from mediahub.desk.library import purge_views, selection
from mediahub.desk.library.selection import SelectedImages
from mediahub.history.change_set import ChangeSet
from mediahub.library import field_edits, metadata, publishing, tag_decisions
from mediahub.library.changes import describe_refusal
from mediahub.library.field_edits import Conflict
from mediahub.library.models import Image, Tagging
from mediahub.library.publishing import Published, is_public
from processing import compose

# A page of sentences is read by nobody.
MAX_REFUSALS = 5
# A verb may lead to a page of its own.
BulkAction = Callable[[HttpRequest, ChangeSet, SelectedImages], HttpResponse | None]
ImagesAction = Callable[[HttpRequest, ChangeSet, QuerySet[Image]], HttpResponse | None]


def _without_marks(verb: ImagesAction) -> BulkAction:
    """Return an action for a function that needs the images alone."""
    return lambda request, change_set, chosen: verb(request, change_set, chosen.images)


def _publish(request: HttpRequest, change_set: ChangeSet, chosen: SelectedImages) -> None:
    report_publishing(request, publishing.publish(change_set, chosen.images, chosen.seen), change_set)


def _archive(request: HttpRequest, change_set: ChangeSet, images: QuerySet[Image]) -> None:
    number = publishing.archive(change_set, images)
    text = ngettext("%(n)d image archived.", "%(n)d images archived.", number)
    add_undo_message(request, text % {"n": number}, change_set)


def _reopen(request: HttpRequest, change_set: ChangeSet, images: QuerySet[Image]) -> None:
    number = publishing.reopen(change_set, images)
    text = ngettext("%(n)d image returned to review.", "%(n)d images returned to review.", number)
    add_undo_message(request, text % {"n": number}, change_set)


def _add_tag(request: HttpRequest, change_set: ChangeSet, images: QuerySet[Image]) -> None:
    try:
        tag = tag_decisions.add_tag_to_images(change_set, images.only("pk"), request.POST.get("tag", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return
    text = ngettext("“%(tag)s” added to %(n)d image.", "“%(tag)s” added to %(n)d images.", change_set.images)
    add_undo_message(request, text % {"tag": tag.name, "n": change_set.images}, change_set)


def _reject_tag(request: HttpRequest, change_set: ChangeSet, images: QuerySet[Image]) -> None:
    name = compose(" ".join(request.POST.get("tag", "").split()))
    taggings = Tagging.objects.filter(image__in=images.values("pk"), tag__name__iexact=name)
    tag_decisions.reject(change_set, taggings.select_related("tag"))
    text = ngettext("“%(tag)s” rejected on %(n)d image.", "“%(tag)s” rejected on %(n)d images.", change_set.images)
    add_undo_message(request, text % {"tag": name, "n": change_set.images}, change_set)


def _set_field(request: HttpRequest, change_set: ChangeSet, chosen: SelectedImages, name: str) -> HttpResponse | None:
    """Put one text into the field `name` of all images that are chosen, unless somebody else has changed it since."""
    title = field_edits.get_label(name).capitalize()
    try:
        value = metadata.clean_line(name, request.POST.get(name, ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return None
    images = {image.pk: image for image in chosen.images.defer("label_raw")}
    edited = metadata.set_field(change_set, images, name, value, chosen.page.moment if chosen.page else timezone.now())
    if change_set.images or not edited.conflicts:
        text = ngettext("%(field)s: saved for %(n)d image.", "%(field)s: saved for %(n)d images.", change_set.images)
        add_undo_message(request, text % {"field": title, "n": change_set.images}, change_set)
    for pk, refusal in list(edited.refusals.items())[:MAX_REFUSALS]:
        sentence = _("%(title)s was not changed. %(why)s")
        messages.warning(request, sentence % {"title": images[pk].title, "why": describe_refusal(refusal)})
    changed = images.keys() - edited.conflicts.keys() - edited.refusals.keys()
    _tell_rewrite_cost(request, sum(is_public(images[pk]) for pk in changed))
    return _ask_about_conflicts(request, images, title, edited.conflicts)


def _ask_about_conflicts(
    request: HttpRequest, images: Mapping[UUID, Image], title: str, conflicts: Mapping[UUID, list[Conflict]]
) -> HttpResponse | None:
    """Return the page that shows what somebody else has written meanwhile; None where nobody has."""
    if not conflicts:
        return None
    unchanged = [
        (images[pk], " ".join(field_edits.describe_conflict(images[pk].title, conflict) for conflict in each))
        for pk, each in conflicts.items()
    ]
    says = ngettext(
        "%(field)s: %(n)d image was not changed, because someone else changed it while you had the page open.",
        "%(field)s: %(n)d images were not changed, because someone else changed them while you had the page open.",
        len(unchanged),
    )
    return selection.ask_to_confirm(request, says % {"field": title, "n": len(unchanged)}, left=unchanged)


def _tell_rewrite_cost(request: HttpRequest, number: int) -> None:
    """Say what it costs to write the public files of so many images anew, with the changed text inside them."""
    if number:
        text = ngettext(
            "The public files of %(n)d image are written again with the new text inside them. This costs about "
            "$%(cost)s, at AWS list prices.",
            "The public files of %(n)d images are written again with the new text inside them. This costs about "
            "$%(cost)s, at AWS list prices.",
            number,
        )
        cost = costs.bill(costs.Plan(images=0, recredited=number)).total(standing=False)
        messages.info(request, text % {"n": number, "cost": floatformat(cost, 4)})


BULK_ACTIONS: dict[str, tuple[str, BulkAction]] = {
    "publish": ("library.publish_image", _publish),
    "archive": ("library.publish_image", _without_marks(_archive)),
    "reopen": ("library.publish_image", _without_marks(_reopen)),
    "add_tag": ("library.review_tagging", _without_marks(_add_tag)),
    "reject_tag": ("library.review_tagging", _without_marks(_reject_tag)),
    "put_in": ("library.add_membership", _without_marks(membership_views.put_in)),
    "take_out": ("library.delete_membership", _without_marks(membership_views.take_out)),
    "set_credit": ("library.change_image", partial(_set_field, name="credit")),
    "set_copyright": ("library.change_image", partial(_set_field, name="copyright")),
    "set_license": ("library.change_image", partial(_set_field, name="license")),
    "set_license_url": ("library.change_image", partial(_set_field, name="license_url")),
    "ask_reprocess": ("jobs.reprocess_images", _without_marks(jobs_views.confirm_reprocess)),
    "reprocess": ("jobs.reprocess_images", _without_marks(jobs_views.start_reprocess)),
    "ask_purge": ("library.purge_image", purge_views.confirm_purge),
    "download": ("library.download_original", _without_marks(jobs_views.start_download)),
}


def report_publishing(request: HttpRequest, result: Published, change_set: ChangeSet) -> None:
    """Say how many are public now, and what the others lack."""
    if result.count or not result.refused:
        text = ngettext("%(n)d image published.", "%(n)d images published.", result.count)
        add_undo_message(request, text % {"n": result.count}, change_set)
    for image, lacks in result.refused[:MAX_REFUSALS]:
        sentence = _("%(title)s was not published. %(why)s") % {"title": image.title, "why": " ".join(lacks)}
        messages.warning(request, sentence)
    more = len(result.refused) - MAX_REFUSALS
    if more > 0:
        sentence = ngettext("%(n)d more image was not published.", "%(n)d more images were not published.", more)
        messages.warning(request, sentence % {"n": more})
