"""What the review page's script says."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mediahub.desk.plurals import list_plural_forms
from mediahub.library.models import Image, Tagging


def build_review_texts() -> dict[str, object]:
    """Return each sentence by its name; the script fills in {n}, {title} and the like, and picks plurals by `n`."""
    return {
        "states": {value: str(label) for value, label in Image.State.choices},
        "tagStates": {value: str(label) for value, label in Tagging.State.choices},
        "place": _("{number} of {total}"),
        "outside": _("Not among the {total} of this review"),
        "left": _("{n} left to review"),
        "tags": _("{title}. {place}. Tags: {tags}, undecided: {open}."),
        "acceptMany": _("Accept {n}"),
        "acceptNone": _("Nothing to accept, go on"),
        **_build_queue_texts(),
        "drafts": list_plural_forms(
            lambda n: ngettext("{n} tag typed and not added", "{n} tags typed and not added", n)
        ),
        "refused": _("{title} was not changed. {reason}"),
        "yours": _("You typed as {field}: {text}"),
        "writeYours": _("Write what I typed"),
        "dismiss": _("Dismiss"),
        "goTo": _("Go to the image"),
        "published": _("Published: {title}"),
        "archived": _("Archived: {title}"),
        "accepted": _("Accepted on {title}: {n}"),
        "undone": _("Taken back on {title}"),
        "nothingToUndo": _("Nothing that you did in this review is left to take back."),
        "cannotPublish": _("{title} cannot be published yet. {reason}"),
        "mayNot": _("You may not publish or archive images. Ask a chief editor."),
        "already": _("It is {state} already."),
        "last": _("That was the last image."),
        "first": _("This is the first image."),
        "loading": _("The next image is on its way."),
        "broken": _("The picture could not be loaded. Everything else works."),
        "accept": _("Accept {tag}"),
        "reject": _("Reject {tag}"),
        "percent": _("{n} %"),
    }


def _build_queue_texts() -> dict[str, object]:
    """Return the sentences on how many changes are not saved yet, and why."""
    return {
        "saved": _("All changes are saved"),
        "waiting": list_plural_forms(
            lambda n: ngettext("{n} change waiting to be saved", "{n} changes waiting to be saved", n)
        ),
        "offline": list_plural_forms(
            lambda n: ngettext(
                "{n} change waits: the server does not answer. It is sent again by itself.",
                "{n} changes wait: the server does not answer. They are sent again by themselves.",
                n,
            )
        ),
        "signedOut": list_plural_forms(
            lambda n: ngettext(
                "{n} change waits: you are signed out. Sign in in another tab, and it is sent.",
                "{n} changes wait: you are signed out. Sign in in another tab, and they are sent.",
                n,
            )
        ),
        "other": list_plural_forms(
            lambda n: ngettext(
                "{n} change waits: somebody else has signed in. Sign in again, and it is sent.",
                "{n} changes wait: somebody else has signed in. Sign in again, and they are sent.",
                n,
            )
        ),
    }
