"""An action on more images than one request takes: it becomes a job, with a page that shows how far it is."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from mediahub.desk.http import get_return_address
from mediahub.desk.library import selection
from mediahub.desk.library.selection import COMMIT_DELAY, ShownPage
from mediahub.jobs import orders
from mediahub.jobs.image_actions import VERBS, ImageAction
from mediahub.library import metadata, vocabulary
from mediahub.library.models import Image
from mediahub.library.search import Search

# So many images a person changes with one button, and takes back with one.
MOST_IMAGES = 100_000
# Nobody knows how many of a large result are new; more than these are not counted.
MOST_COUNTED = 1000


def order_job(request: HttpRequest, user: User, act: str) -> HttpResponse | None:
    """Order what the form asks for all results of a search, if they are too many for one request; None if not.

    Images that were added or changed since the page was made, or so shortly before that it may not have shown it, are
    left out.
    """
    page = ShownPage.parse(request.POST.get("seen", ""))
    if not request.POST.get("all") or act not in VERBS or page is None or page.number <= selection.MAX_IMAGES:
        return None
    results = Search.parse(request.GET).images(user)
    settled_at = page.moment - COMMIT_DELAY
    images = results.filter(created_at__lte=settled_at, updated_at__lte=settled_at)
    try:
        _check_number(images)
        action = ImageAction(act, _read_value(request, act), page.moment.isoformat())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(get_return_address(request))
    job = orders.order_action(images, action, user)
    newer = results.filter(Q(created_at__gt=settled_at) | Q(updated_at__gt=settled_at)).order_by()
    selection.report_left_out(request, newer[:MOST_COUNTED].count())
    return redirect("desk:job", job.pk)


def _check_number(images: QuerySet[Image]) -> None:
    if images.order_by()[: MOST_IMAGES + 1].count() > MOST_IMAGES:
        sentence = _(
            "You selected %(images)s; the limit is %(most)d at a time. Narrow the search and work in smaller groups."
        )
        number = selection.describe_number(MOST_IMAGES + 1, MOST_IMAGES)
        raise ValidationError(sentence % {"images": number, "most": MOST_IMAGES})


def _read_value(request: HttpRequest, act: str) -> str:
    """Return the tag or the text that an action needs; raise ValidationError for one that cannot be written."""
    if act in ("add_tag", "reject_tag"):
        return vocabulary.clean_name(request.POST.get("tag", ""))
    if not act.startswith("set_"):
        return ""
    return metadata.clean_line(act.removeprefix("set_"), request.POST.get(act.removeprefix("set_"), ""))
