"""What the review page's script says."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mediahub.desk.plurals import list_plural_forms
from mediahub.desk.review.review_queue import QueuePosition
from mediahub.library.models import Image, Tagging


def build_place_texts(place: QueuePosition) -> dict[str, str]:
    """Return how the place of an image and the number of those that are left are told; of a long review in part."""
    if not place.goes_on:
        return {
            "place": _("{number} of {total}"),
            "outside": _("Not one of the {total} images in this review"),
            "left": _("{n} left to review"),
        }
    return {
        "place": _("{number} of more than {total}"),
        "outside": _("Not one of the first {total} images in this review"),
        "left": _("{n} of the first {total} left to review").replace("{total}", str(place.total)),
    }


def build_review_texts(place: QueuePosition) -> dict[str, object]:
    """Return each sentence by its name; the script fills in {n}, {title} and the like, and picks plurals by `n`."""
    return {
        "states": {value: str(label) for value, label in Image.State.choices},
        "tagStates": {value: str(label) for value, label in Tagging.State.choices},
        **build_place_texts(place),
        "tags": _("{title}. {place}. Tags: {tags}, undecided: {open}."),
        "acceptMany": _("Accept {n}"),
        "acceptNone": _("Nothing to accept, continue"),
        **_build_queue_texts(),
        "drafts": list_plural_forms(
            lambda n: ngettext("{n} tag entered but not added", "{n} tags entered but not added", n)
        ),
        "refused": _("{title} was not changed. {reason}"),
        "yours": _("You entered in {field}: {text}"),
        "writeYours": _("Use my text"),
        "dismiss": _("Dismiss"),
        "goTo": _("Open the image"),
        "published": _("Published: {title}"),
        "archived": _("Archived: {title}"),
        "accepted": _("Accepted on {title}: {n}"),
        "undone": _("Undone on {title}"),
        "nothingToUndo": _("There is nothing left to undo in this review."),
        "cannotPublish": _("{title} cannot be published yet. {reason}"),
        "mayNot": _("You don't have permission to publish or archive images. Ask a chief editor."),
        "already": _("The image is already {state}."),
        "last": _("That was the last image."),
        "first": _("This is the first image."),
        "loading": _("Loading the next image."),
        "broken": _("The image could not be loaded. Everything else still works."),
        "accept": _("Accept {tag}"),
        "reject": _("Reject {tag}"),
        "percent": _("{n} %"),
    }


def _build_queue_texts() -> dict[str, object]:
    """Return the sentences on how many changes are not saved yet, and why."""
    return {
        "saved": _("All changes saved"),
        "waiting": list_plural_forms(lambda n: ngettext("{n} change to save", "{n} changes to save", n)),
        "offline": list_plural_forms(
            lambda n: ngettext(
                "{n} change not saved: the server is not responding. It will be sent again automatically.",
                "{n} changes not saved: the server is not responding. They will be sent again automatically.",
                n,
            )
        ),
        "signedOut": list_plural_forms(
            lambda n: ngettext(
                "{n} change not saved: you are signed out. Sign in in another tab, and it will be sent.",
                "{n} changes not saved: you are signed out. Sign in in another tab, and they will be sent.",
                n,
            )
        ),
        "other": list_plural_forms(
            lambda n: ngettext(
                "{n} change not saved: someone else has signed in. Sign in again, and it will be sent.",
                "{n} changes not saved: someone else has signed in. Sign in again, and they will be sent.",
                n,
            )
        ),
    }
