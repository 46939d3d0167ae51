"""Publishing: what must hold of an image before the public may see it, and what ends it by itself."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mediahub import rounds
from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import register
from mediahub.history.models import Action
from mediahub.library import etags
from mediahub.library.changes import FieldChange, lock_images, perform_all
from mediahub.library.memberships import split
from mediahub.library.models import Image
from processing import is_meaningful


@dataclass(frozen=True)
class Rule:
    """One thing that must hold before an image is published: `says` what is missing, and what to do.

    `means` explains what the rule asks for.
    """

    name: str
    title: str
    holds: bool
    says: str
    means: str


@dataclass
class Published:
    """How many images are public now that were not, and what each of the others lacks."""

    count: int = 0
    refused: list[tuple[Image, list[str]]] = field(default_factory=list)


def has_rights_today(image: Image) -> bool:
    """Return whether the rights have not ended; the last day counts whole, by the site's clock."""
    return image.rights_until is None or image.rights_until >= timezone.localdate()


def has_rights(image: Image) -> bool:
    """Return whether something says by what right the picture is shown, and that this has not ended."""
    is_licensed = is_meaningful(image.license) or bool(image.license_url)
    return has_rights_today(image) and (image.rights_until is not None or is_licensed)


def _rights_missing(image: Image) -> str:
    if not has_rights_today(image):
        return _("The rights have expired. If they were extended, change the last day.")
    return _("No rights are recorded. Enter a license or the last day of the rights.")


def is_public(image: Image) -> bool:
    """Return whether everyone may see the image now."""
    return image.state == Image.State.PUBLISHED and image.deleted_at is None and has_rights_today(image)


def match_public() -> Q:
    """Return which images everyone may see now, as `is_public` says of one."""
    has_rights = Q(rights_until=None) | Q(rights_until__gte=timezone.localdate())
    return Q(state=Image.State.PUBLISHED, deleted_at=None) & has_rights


def is_unchecked(image: Image) -> bool:
    """Return whether the site has files looked at for flags, and nothing has looked at the one the image is made of."""
    return settings.MODERATION and image.moderation_checked != image.sha256


def needs_flag_review(image: Image) -> bool:
    """Return whether a person has to look at the image's file before it goes out, and has not."""
    return image.moderation_seen_at is None and (bool(image.moderation) or is_unchecked(image))


def _say_why_to_look(image: Image) -> str:
    if image.moderation:
        return _("The image was flagged. Review it and confirm that you did.")
    return _("The image has not been checked for flags yet. Review it and confirm that you did.")


_Sentence = str | Promise | Callable[[Image], str]
_Check = tuple[str | Promise, _Sentence, Callable[[Image], bool]]
RULES: dict[str, _Check] = {
    "original": (
        gettext_lazy("Original"),
        gettext_lazy("The original was deleted. Upload the file again, or restore an earlier version."),
        lambda image: image.deleted_at is None,
    ),
    "alt_text": (
        gettext_lazy("Alt text"),
        gettext_lazy("The alt text is missing. Describe the image for people who cannot see it."),
        lambda image: is_meaningful(image.alt_text),
    ),
    "credit": (
        gettext_lazy("Credit"),
        gettext_lazy("The credit is missing. Enter the creator of the image."),
        lambda image: is_meaningful(image.credit),
    ),
    "rights": (
        gettext_lazy("Rights"),
        _rights_missing,
        has_rights,
    ),
    "moderation": (
        gettext_lazy("Flags"),
        _say_why_to_look,
        lambda image: not needs_flag_review(image),
    ),
}
# What it says of an image that a rule holds, as the checklist explains it.
MEANS: dict[str, str | Promise] = {
    "original": gettext_lazy("The original is kept."),
    "alt_text": gettext_lazy("The alt text describes the image."),
    "credit": gettext_lazy("A creator is named; a dash, “null”, or “n/a” does not count."),
    "rights": gettext_lazy("There is a license, or the last day of the rights has not passed."),
    "moderation": gettext_lazy("There are no flags, or someone has reviewed them."),
}
# These hold whatever the settings say: without an original, or rights, there is nothing to publish.
ALWAYS = ("original", "rights")
# What people type, and could take away from an image that is published.
TYPED = ("alt_text", "credit", "rights")


def check_rules(image: Image) -> list[Rule]:
    """Return the rules that this site sets for publishing, and whether the image meets them."""
    return [_judge(name, image) for name in RULES if name in ALWAYS or name in settings.PUBLISH_RULES]


def _judge(name: str, image: Image) -> Rule:
    title, says, holds = RULES[name]
    return Rule(name, str(title), holds(image), says(image) if callable(says) else str(says), str(MEANS[name]))


def list_missing(image: Image, names: Collection[str] = ()) -> list[str]:
    """Return a sentence for each rule that does not hold, or for each of these rules alone."""
    return [rule.says for rule in check_rules(image) if not rule.holds and (not names or rule.name in names)]


def check_metadata(image: Image) -> None:
    """Refuse words that would leave a published image without what it must have; raises ValidationError.

    So a last day that is over does not take a picture from the public as a side effect of saving.
    """
    broken = list_missing(image, TYPED) if image.state == Image.State.PUBLISHED else []
    if broken:
        raise ValidationError(
            [*broken, _("The image is published and needs this field. Archive the image first to clear it.")]
        )


def check_file(image: Image) -> None:
    """Refuse a file that a published image may not show, as nobody looked at what was flagged in it.

    Raises ValidationError.
    """
    broken = list_missing(image, ("moderation",)) if image.state == Image.State.PUBLISHED else []
    if broken:
        raise ValidationError(broken)


@register
@dataclass(frozen=True)
class StateChange(FieldChange):
    """An image that was published, archived, or put back into review."""

    kind = "state"
    permission = "library.publish_image"

    def check(self, image: Image) -> None:
        """Raise ValidationError where an image that would be published lacks something."""
        if image.state == Image.State.PUBLISHED and (lacks := list_missing(image)):
            raise ValidationError(lacks)


@register
@dataclass(frozen=True)
class FlagReview(FieldChange):
    """A look of a person at a file that was flagged, or that nothing has looked at."""

    kind = "flag_review"
    permission = "library.review_tagging"

    def check(self, image: Image) -> None:
        """Raise ValidationError where a published image may not show a file that nobody looked at."""
        check_file(image)


def publish(
    change_set: ChangeSet, images: Iterable[Image], seen: Mapping[UUID, str] = MappingProxyType({})
) -> Published:
    """Publish the images that meet all rules and are as somebody saw them.

    `seen` has, by image, the mark that `sight.mark` gave when it was shown.
    """
    result = Published()
    with transaction.atomic():
        for chunk in split(images):
            _publish_chunk(change_set, [image.pk for image in chunk], seen, result)
    return result


def _publish_chunk(
    change_set: ChangeSet, image_ids: Sequence[UUID], seen: Mapping[UUID, str], result: Published
) -> None:
    locked = lock_images(image_ids)
    refused: dict[UUID, list[str]] = {}
    details = []
    for image in locked.values():
        if image.state == Image.State.PUBLISHED:
            continue
        if seen.get(image.pk, etags.image_etag(image)) != etags.image_etag(image):
            refused[image.pk] = [
                _("Its file, details, or state changed after you loaded the page. Review it again first.")
            ]
        elif lacks := list_missing(image):
            refused[image.pk] = lacks
        else:
            details.append((image, StateChange.between(image, {"state": str(Image.State.PUBLISHED)})))
    perform_all(change_set, details, Action.STATE_CHANGED)
    result.count += len(details)
    result.refused += [(locked[image_id], refused[image_id]) for image_id in image_ids if image_id in refused]


def _set_state(change_set: ChangeSet, images: Iterable[Image], state: Image.State) -> int:
    moved = 0
    with transaction.atomic():
        for chunk in split(images):
            locked = lock_images((image.pk for image in chunk), "title", "state").values()
            others = [image for image in locked if image.state != state]
            details = [(image, StateChange.between(image, {"state": str(state)})) for image in others]
            perform_all(change_set, details, Action.STATE_CHANGED)
            moved += len(details)
    return moved


def archive(change_set: ChangeSet, images: Iterable[Image]) -> int:
    """Archive the images, keeping everything; returns how many were not before."""
    return _set_state(change_set, images, Image.State.ARCHIVED)


def reopen(change_set: ChangeSet, images: Iterable[Image]) -> int:
    """Put the images back into review; returns how many were not there before."""
    return _set_state(change_set, images, Image.State.IN_REVIEW)


def mark_flags_reviewed(change_set: ChangeSet, image: Image, sha256: str = "") -> bool:
    """Record that a person has looked at a file that was flagged, or that nothing has looked at.

    Returns False when somebody had, when there is no need, or when the image is made of another file than `sha256`.
    """
    with transaction.atomic():
        image = Image.objects.select_for_update().get(pk=image.pk)
        if not needs_flag_review(image) or sha256 not in ("", image.sha256):
            return False
        change = FlagReview.between(image, {"moderation_seen_at": timezone.now()})
        change.apply(image, change_set.by)
        change_set.record(image, Action.FLAGS_REVIEWED, change)
    return True


def archive_expired(most: int = 100) -> int:
    """Archive the published images whose rights have ended, each for itself; returns how many."""
    change_set = ChangeSet(None)
    ended = Image.objects.filter(state=Image.State.PUBLISHED, rights_until__lt=timezone.localdate())

    def take_down(image_id: UUID) -> bool:
        with transaction.atomic():
            # Only what is needed is read: a value elsewhere in the row that cannot be read must not keep it public.
            image = ended.select_for_update().only("title", "state").filter(pk=image_id).first()
            if image is None:
                return False
            change = StateChange.between(image, {"state": str(Image.State.ARCHIVED)})
            change.perform(change_set, image, Action.EXPIRED)
        return True

    return rounds.process_each(rounds.pick_items(ended.values_list("pk", flat=True), most, "image"), take_down, "image")
