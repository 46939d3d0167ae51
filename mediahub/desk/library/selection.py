"""The images that a form of the library selects, compared with those that its page showed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mediahub.desk.http import get_return_address, render_page
from mediahub.library import access, etags
from mediahub.library.access import Person
from mediahub.library.models import Image
from mediahub.library.parsing import read_moment
from mediahub.library.search import Search
from mediahub.library.search.query import MOST_COUNTED, count_images

# One request may take so many; more would outlast the function.
MAX_IMAGES = 1000
# Of the images that common words name, so many mostly hold MAX_IMAGES that the person may see.
SAMPLE = 1500
# A row may be committed so long after the moment that it bears.
COMMIT_DELAY = timedelta(seconds=30)
MAX_PICTURES = 60
# What a form says besides the images.
CARRIED_FIELDS = (
    *("act", "next", "tag", "collection", "files", "labels"),
    *("credit", "copyright", "license", "license_url"),
)
ACTION_LABELS = {
    "publish": gettext_lazy("Publish"),
    "archive": gettext_lazy("Archive"),
    "reopen": gettext_lazy("Return to review"),
    "add_tag": gettext_lazy("Tag"),
    "reject_tag": gettext_lazy("Reject on all images"),
    "put_in": gettext_lazy("Add to collection"),
    "take_out": gettext_lazy("Remove from collection"),
    "set_credit": gettext_lazy("Credit"),
    "set_copyright": gettext_lazy("Copyright notice"),
    "set_license": gettext_lazy("License"),
    "set_license_url": gettext_lazy("Address of the license"),
    "ask_reprocess": gettext_lazy("Regenerate renditions"),
    "download": gettext_lazy("Download"),
    "ask_purge": gettext_lazy("Erase for good"),
}


@dataclass(frozen=True)
class ShownPage:
    """What a page of the library showed: the moment before it was made, and the images that its search found.

    Of more images than one action may take, `number` says only that there are more, and `ids` is None. `candidates` are
    all search entries that the words of the search name, if these are few.
    """

    moment: datetime
    number: int
    digest: str
    ids: tuple[UUID, ...] | None = field(default=None, compare=False)
    candidates: tuple[int, ...] | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.moment.isoformat()} {self.number} {self.digest}"

    @classmethod
    def show(cls, search: Search, user: User) -> "ShownPage":
        """Return what a page that is made now shows of a search; to be asked before the images themselves."""
        moment = timezone.now()
        candidates, are_all = search.list_candidates() if search.looked_for else ([], False)
        sample = candidates if are_all else candidates[:SAMPLE]
        rows = _list_revisions(search, user, sample) if sample else []
        if not are_all and len(rows) <= MAX_IMAGES:
            rows = _list_revisions(search, user)
        known = tuple(candidates) if are_all else None
        if len(rows) > MAX_IMAGES:
            return cls(moment, len(rows), "", candidates=known)
        return cls(moment, len(rows), etags.revisions_etag(rows), tuple(pk for pk, _revision in rows), known)

    def narrow(self, search: Search, user: Person) -> QuerySet[Image]:
        """Return the images of the search; by their ids alone where these are known.

        To fill a page with words that are common but seldom stand together, PostgreSQL would look through all images.
        """
        if self.ids is not None:
            return access.visible_images(user).filter(pk__in=self.ids)
        if self.candidates is not None:
            # The words once more: by them PostgreSQL knows that these are few, and does not walk the order of the page.
            return search.images(user).filter(search_entry__in=self.candidates)
        return search.images(user, are_many=True, rows=search.choose_sort().rows)

    @classmethod
    def parse(cls, text: str) -> "ShownPage | None":
        """Return what a form says that its page showed; None where it says nothing that makes sense."""
        try:
            at, number, digest = text.split(" ")
            moment = read_moment(at)
            return cls(moment, int(number[:9]), digest) if moment else None
        except ValueError:
            return None


@dataclass(frozen=True)
class SelectedImages:
    """The images to act on; `seen` has the mark that each was seen with, as far as the form says, `page` the rest."""

    images: QuerySet[Image]
    seen: Mapping[UUID, str] = field(default_factory=dict)
    page: ShownPage | None = None
    left_out: int = 0


def _list_revisions(search: Search, user: User, candidates: Sequence[int] = ()) -> list[tuple[UUID, int]]:
    """Return (id, revision) of the images of a search, at most one more than MAX_IMAGES."""
    sort = search.choose_sort()
    images = search.images(user, candidates=candidates, rows=sort.rows)
    # Without the order the database may look through all images for those that have such a row.
    ordered = sort.order(images) if sort.rows else images.order_by()
    return list(ordered.values_list("pk", "revision")[: MAX_IMAGES + 1])


def select_images(request: HttpRequest, user: User) -> SelectedImages | HttpResponse | None:
    """Return the images that the form names, or a page that asks; None, and a sentence, for none or too many."""
    page = ShownPage.parse(request.POST.get("seen", ""))
    if request.POST.get("all"):
        results = Search.parse(request.GET).images(user)
        rows = list(results.defer("label_raw")[: MAX_IMAGES + 1])
        return _select_all_results(request, user, rows, page) if _check_number(request, len(rows), results) else None
    seen = read_boxes(request)
    images = access.visible_images(user).filter(pk__in=list(seen))
    if not _check_number(request, images.order_by().count(), images):
        return None
    return SelectedImages(images, {pk: mark for pk, mark in seen.items() if mark}, page)


def _check_number(request: HttpRequest, number: int, images: QuerySet[Image]) -> bool:
    if number == 0:
        messages.error(request, _("Select images first."))
    elif number > MAX_IMAGES:
        sentence = _(
            "You selected %(images)s; the limit is %(most)d at a time. Narrow the search and work in smaller groups."
        )
        messages.error(
            request, sentence % {"images": describe_number(count_images(images.order_by())), "most": MAX_IMAGES}
        )
    return 0 < number <= MAX_IMAGES


def describe_number(number: int, most: int = MOST_COUNTED) -> str:
    """Return a number of images for a person, which is exact up to `most`."""
    if number > most:
        return _("more than %(n)s images") % {"n": number_format(most, force_grouping=True)}
    text = ngettext("%(n)s image", "%(n)s images", number)
    return text % {"n": number_format(number, force_grouping=True)}


def read_boxes(request: HttpRequest) -> dict[UUID, str]:
    """Return the ids of the images that a form names, with the mark that each was seen with."""
    return dict(_read_box(text) for text in request.POST.getlist("image") if _read_box(text))


def _read_box(text: str) -> Any:
    """Return (id, mark) of what a box says; nothing for what is none."""
    pk, _slash, mark = text.partition("/")
    try:
        return UUID(pk), mark
    except ValueError:
        return ()


def _select_all_results(
    request: HttpRequest, user: User, rows: list[Image], page: ShownPage | None
) -> SelectedImages | HttpResponse:
    if page is None:
        says = _("The form does not say which images you saw. Review the images and select them again.")
        return ask_to_confirm(request, says, left=[(image, "") for image in rows])
    before = [image for image in rows if max(image.created_at, image.updated_at) <= page.moment]
    for same in (rows, before):
        if etags.revisions_etag((image.pk, image.revision) for image in same) == page.digest:
            images = access.visible_images(user).filter(pk__in=[image.pk for image in same])
            seen = {image.pk: etags.image_etag(image) for image in same}
            return SelectedImages(images, seen, page, len(rows) - len(same))
    settled = [image for image in rows if max(image.created_at, image.updated_at) <= page.moment - COMMIT_DELAY]
    pks = {image.pk for image in settled}
    others = [(image, "") for image in rows if image.pk not in pks]
    says = ngettext(
        "Your search matched %(n)d image when you loaded the page. Since then, images were "
        "added, removed, or changed. Nothing has been done yet.",
        "Your search matched %(n)d images when you loaded the page. Since then, images were "
        "added, removed, or changed. Nothing has been done yet.",
        page.number,
    )
    return ask_to_confirm(request, says % {"n": page.number}, go_on=settled, left=others)


def ask_to_confirm(
    request: HttpRequest, says: str, *, go_on: Sequence[Image] = (), left: Sequence[tuple[Image, str]] = ()
) -> HttpResponse:
    """Return the page that asks before it goes on: with images as they were seen, and with those that were not.

    Each of the latter has a sentence that says why it was left out, or none.
    """
    shown = {image.pk: image for image in _list_with_renditions([image for image, _why in left[:MAX_PICTURES]])}
    context = {
        "title": _("%(act)s: review the changes") % {"act": ACTION_LABELS.get(request.POST.get("act", ""), "")},
        "says": says,
        "go_on": [(image, etags.image_etag(image)) for image in go_on],
        "left": [(image, etags.image_etag(image)) for image, _why in left],
        "shown": [(shown[image.pk], why) for image, why in left[:MAX_PICTURES] if image.pk in shown],
        "order": [(name, request.POST[name]) for name in CARRIED_FIELDS if name in request.POST],
        "seen": ShownPage(timezone.now(), len(left), ""),
        "back": get_return_address(request),
    }
    return render_page(request, "desk/library/confirm_selection.html", context, status=409)


def _list_with_renditions(images: Sequence[Image]) -> QuerySet[Image]:
    records = Image.objects.filter(pk__in=[image.pk for image in images])
    return records.defer("label_raw").prefetch_related("renditions")


def report_left_out(request: HttpRequest, number: int) -> None:
    """Say how many images were left out, because they came or were changed after the page was shown."""
    if number:
        sentence = ngettext(
            "%(n)d image was added or changed after you loaded this page, and was skipped. Review it first.",
            "%(n)d images were added or changed after you loaded this page, and were skipped. Review them first.",
            number,
        )
        messages.warning(request, sentence % {"n": number})
