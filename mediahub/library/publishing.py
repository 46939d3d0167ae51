"""Publishing: what must hold of an image before the public may see it, and what ends it by itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mediahub import rounds
from mediahub.library import revisions
from mediahub.library.activity import Act
from mediahub.library.models import Activity, Image


@dataclass(frozen=True)
class Rule:
    """One thing that must hold before an image is published: `says` what is missing, and what to do."""

    name: str
    title: str
    holds: bool
    says: str


@dataclass
class Published:
    """How many images are public now that were not, and what each of the others lacks."""

    done: int = 0
    refused: list[tuple[Image, list[str]]] = field(default_factory=list)


def in_time(image: Image) -> bool:
    """That the rights have not ended; the last day counts whole, by the site's clock."""
    return image.rights_until is None or image.rights_until >= timezone.localdate()


def is_public(image: Image) -> bool:
    """That everyone may see the image now."""
    return image.state == Image.State.PUBLISHED and image.deleted_at is None and in_time(image)


_Check = tuple[str | Promise, str | Promise, Callable[[Image], bool]]
RULES: dict[str, _Check] = {
    "original": (
        gettext_lazy("Original"),
        gettext_lazy("Its original was deleted. Upload the file again, or restore an earlier version."),
        lambda image: image.deleted_at is None,
    ),
    "alt_text": (
        gettext_lazy("Alt text"),
        gettext_lazy("It lacks alt text. Say what someone who cannot see the picture should know."),
        lambda image: bool(image.alt_text.strip()),
    ),
    "credit": (
        gettext_lazy("Credit"),
        gettext_lazy("It lacks a credit. Say whose picture it is."),
        lambda image: bool(image.credit.strip()),
    ),
    "rights": (
        gettext_lazy("Rights"),
        gettext_lazy("The rights have ended. Change the last day if they were extended."),
        in_time,
    ),
    "moderation": (
        gettext_lazy("Flags"),
        gettext_lazy("Something in it was flagged. Look at it, and say that you did."),
        lambda image: not image.moderation or image.moderation_seen_at is not None,
    ),
}
# These hold whatever the settings say: without an original, or rights, there is nothing to publish.
ALWAYS = ("original", "rights")


def rules(image: Image) -> list[Rule]:
    """What must hold before the image is published, as this site asks for it, and whether it does."""
    asked = [name for name in RULES if name in ALWAYS or name in settings.PUBLISH_RULES]
    return [Rule(name, str(RULES[name][0]), RULES[name][2](image), str(RULES[name][1])) for name in asked]


def missing(image: Image) -> list[str]:
    """A sentence for each rule that does not hold."""
    return [rule.says for rule in rules(image) if not rule.holds]


def check_words(image: Image) -> None:
    """Refuse words that would leave a published image without what it must have; raises ValidationError.

    Rights that end are no reason: they take the image down.
    """
    if image.state != Image.State.PUBLISHED:
        return
    broken = [rule.says for rule in rules(image) if not rule.holds and rule.name in ("alt_text", "credit")]
    if broken:
        raise ValidationError([*broken, _("The image is published. Archive it first if it should go without.")])


def publish(act: Act, images: Iterable[Image]) -> Published:
    """Make those images public of which all rules hold."""
    result = Published()
    with transaction.atomic():
        ids = [image.pk for image in images]
        for image in Image.objects.select_for_update().filter(pk__in=ids).exclude(state=Image.State.PUBLISHED):
            lacks = missing(image)
            if lacks:
                result.refused.append((image, lacks))
                continue
            before, image.state = image.state, Image.State.PUBLISHED
            image.save(update_fields=["state", "updated_at"])
            revisions.changed(image.pk)
            act.note(image, Activity.Verb.MOVED, {"fields": {"state": [before, str(image.state)]}})
            result.done += 1
    return result


def look_at_flags(act: Act, image: Image) -> bool:
    """Note that a person has looked at what was flagged; False when somebody had, or nothing was."""
    with transaction.atomic():
        image = Image.objects.select_for_update().get(pk=image.pk)
        if not image.moderation or image.moderation_seen_at:
            return False
        image.moderation_seen_at = timezone.now()
        image.save(update_fields=["moderation_seen_at", "updated_at"])
        changes = {"fields": {"moderation_seen_at": [None, image.moderation_seen_at.isoformat()]}}
        act.note(image, Activity.Verb.SEEN, changes)
    return True


def take_down_ended(most: int = 100) -> int:
    """Archive the published images whose rights have ended, each for itself; returns how many."""
    act = Act(None)
    ended = Image.objects.filter(state=Image.State.PUBLISHED, rights_until__lt=timezone.localdate())

    def take_down(image_id: UUID) -> bool:
        with transaction.atomic():
            # Only what is needed is read: a value elsewhere in the row that cannot be read must not keep it public.
            image = ended.select_for_update().only("title", "state").filter(pk=image_id).first()
            if image is None:
                return False
            before, image.state = image.state, Image.State.ARCHIVED
            image.save(update_fields=["state", "updated_at"])
            revisions.changed(image.pk)
            act.note(image, Activity.Verb.EXPIRED, {"fields": {"state": [before, str(image.state)]}})
        return True

    return rounds.each(rounds.pick(ended.values_list("pk", flat=True), most, "image"), take_down, "image")
