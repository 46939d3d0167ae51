"""The vocabulary of tags: what changes here, changes on every image."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Upper
from django.db.models.lookups import In
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action
from mediahub.library import access, figures, revisions
from mediahub.library.access import Person
from mediahub.library.changes import lock_images
from mediahub.library.memberships import split
from mediahub.library.models import LabelRule, Synonym, Tag, Tagging
from mediahub.library.parsing import read_name
from mediahub.library.search import index
from processing import compose

# Of two decisions on the same image this one stands: what an editor said outweighs what a machine thinks.
WEIGHT = {Tagging.State.ACCEPTED: 2, Tagging.State.REJECTED: 1, Tagging.State.SUGGESTED: 0}
LONGEST = 100
COMPLETIONS = 20


def save_tag(tag: Tag) -> None:
    """Save a new or renamed tag, and mirror every image on which it is accepted."""
    with transaction.atomic():
        tag.save()
        _mirror_images(tag)
        index.update_tag(tag)


def clean_name(name: str) -> str:
    """Return a tag's name as it is stored; raises ValidationError for an invalid one."""
    tag_name = read_name(name)
    if tag_name is None:
        raise ValidationError(_("Enter a tag: a few words without line breaks."))
    if len(tag_name) > LONGEST:
        raise ValidationError(_("A tag has at most 100 characters; this one has %(n)d.") % {"n": len(tag_name)})
    return tag_name


def find_tag(name: str) -> Tag | None:
    """Return the tag of this name, or the one it is a synonym of, however it is capitalized and composed."""
    name = compose(name)
    return Tag.objects.filter(name__iexact=name).first() or Tag.objects.filter(synonyms__word__iexact=name).first()


def resolve_tags(words: Iterable[str], *, labels: bool = False) -> dict[str, Tag | None]:
    """Return the tag that each word stands for, created when there is none; None for a hidden label.

    `labels` says that the words are a machine's, for which there are rules.
    """
    words = list(dict.fromkeys(words))
    rules = {}
    if labels:
        rules = {rule.label.casefold(): rule.tag for rule in LabelRule.objects.filter(_matches_any("label", words))}
    existing = {
        synonym.word.casefold(): synonym.tag
        for synonym in Synonym.objects.filter(_matches_any("word", words)).select_related("tag")
    }
    existing |= {tag.name.casefold(): tag for tag in Tag.objects.filter(_matches_any("name", words))}
    existing |= _create_tags(word for word in words if word.casefold() not in rules.keys() | existing.keys())
    return {word: rules[key] if (key := word.casefold()) in rules else existing[key] for word in words}


def _create_tags(words: Iterable[str]) -> dict[str, Tag]:
    """Return a tag for each of these words, which are no tags yet, by the folded word."""
    names = {word.casefold(): word for word in reversed(list(words))}
    if not names:
        return {}
    # Another worker may have created one in the meantime. In one order, or two of them could wait for each other.
    Tag.objects.bulk_create([Tag(name=names[key]) for key in sorted(names)], ignore_conflicts=True)
    return {tag.name.casefold(): tag for tag in Tag.objects.filter(name__in=names.values())}


def complete_name(tags: QuerySet[Tag], text: str) -> list[str]:
    """Return names of the tags that begin with a text, contain it, or have it as a synonym."""
    text = compose(" ".join(text.split()))[:LONGEST]
    if not text:
        return []
    matching = Q(name__icontains=text) | Q(synonyms__word__icontains=text)
    names = tags.filter(matching).distinct().values_list("name", flat=True)[: 5 * COMPLETIONS]
    return sorted(names, key=lambda name: (not name.casefold().startswith(text.casefold()), name))[:COMPLETIONS]


def list_common_names(user: Person, most: int) -> list[str]:
    """Return the names of the tags that most of the images have which are open to this person, the commonest first."""
    return [name for _pk, name in figures.list_common_tags(user, most)]


def merge_tags(change_set: ChangeSet, tag: Tag, into: Tag) -> int:
    """Make one tag another, whose synonym its name becomes; returns on how many images it was that the person may see.

    Raises ValidationError for a tag and itself. It cannot be taken back: afterwards nobody knows which was which.
    """
    if tag.pk == into.pk:
        raise ValidationError(_("A tag cannot be merged into itself."))
    with transaction.atomic():
        number = _open_to(change_set, tag.taggings.all()).count()
        image_ids = list(tag.taggings.order_by("image").values_list("image", flat=True))
        for chunk in split(image_ids):
            _move_taggings(lock_images(chunk, "pk"), tag, into)
        tag.synonyms.update(tag=into)
        tag.labels.update(tag=into)
        tag.delete()
        Synonym.objects.update_or_create(word=tag.name, defaults={"tag": into})
        index.update_tag(into)
        change_set.record_other(f"{tag.name} → {into.name}", Action.TAG_MERGED)
    return number


def check_synonyms(user: Person, tag: Tag, words: Iterable[str]) -> dict[str, str]:
    """Return the words that may stand for the tag besides its name; raises ValidationError for a word that is taken."""
    synonyms = {word.casefold(): word for word in (clean_name(word) for word in words if word.strip())}
    synonyms.pop(tag.name.casefold(), None)
    taken = Tag.objects.filter(_matches_any("name", list(synonyms.values()))).exclude(pk=tag.pk).first()
    if taken:
        raise ValidationError(_("“%(word)s” is a tag itself. Merge it into this tag.") % {"word": taken.name})
    other = (
        Synonym.objects.filter(_matches_any("word", list(synonyms.values())))
        .exclude(tag_id=tag.pk)
        .select_related("tag")
        .first()
    )
    if other and access.visible_tags(user).filter(pk=other.tag_id).exists():
        message = _("“%(word)s” is already a synonym of “%(tag)s”.")
        raise ValidationError(message % {"word": other.word, "tag": other.tag.name})
    if other:
        message = _("“%(word)s” belongs to a tag on images you don't have access to.")
        raise ValidationError(message % {"word": other.word})
    return synonyms


def set_synonyms(user: Person, tag: Tag, words: Iterable[str]) -> None:
    """Set the other words that stand for the tag; raises ValidationError for a word that is taken."""
    synonyms = check_synonyms(user, tag, words)
    with transaction.atomic():
        # The images first, as everybody locks them; who gives the tag to another one meanwhile waits for its new words.
        for chunk in split(tag.taggings.order_by("image").values_list("image", flat=True)):
            lock_images(chunk, "pk")
        Tag.objects.select_for_update().get(pk=tag.pk)
        tag.synonyms.all().delete()
        Synonym.objects.bulk_create([Synonym(word=word, tag=tag) for word in synonyms.values()])
        index.update_tag(tag)


def hide_label(change_set: ChangeSet, tag: Tag) -> int:
    """Stop suggesting a label; what editors accepted stays.

    Returns on how many images it was that the person may see.
    """
    with transaction.atomic():
        LabelRule.objects.update_or_create(label=tag.name, defaults={"tag": None})
        machines = (Tagging.Source.EDITOR, Tagging.Source.FILE)
        suggested = tag.taggings.filter(state=Tagging.State.SUGGESTED).exclude(source__in=machines)
        number = _open_to(change_set, suggested).count()
        image_ids = list(suggested.order_by().values_list("image", flat=True))
        suggested.delete()
        index.update_entries(image_ids)
        change_set.record_other(tag.name, Action.LABEL_HIDDEN)
    return number


def unhide_label(rule: LabelRule) -> None:
    """Let a label be suggested again as it is; images that come in from now on have it."""
    rule.delete()


def _open_to(change_set: ChangeSet, taggings: QuerySet[Tagging]) -> QuerySet[Tagging]:
    """Return those of the taggings that are on images which are open to who acts; MediaHub itself counts all."""
    return access.about_open_images(change_set.by, taggings) if change_set.by else taggings


def _move_taggings(image_ids: Collection[UUID], tag: Tag, into: Tag) -> None:
    """Make one tag another on some locked images; where both stand, the decision stays that weighs more."""
    existing = {tagging.image_id: tagging for tagging in into.taggings.filter(image__in=image_ids)}
    moved, removed, mirrored = [], [], []
    for tagging in tag.taggings.filter(image__in=image_ids):
        other = existing.get(tagging.image_id)
        weighs_more = other is None or WEIGHT[Tagging.State(tagging.state)] > WEIGHT[Tagging.State(other.state)]
        removed += [loser.pk for loser in [other if weighs_more else tagging] if loser]
        moved += [tagging.pk] if weighs_more else []
        if Tagging.State.ACCEPTED in (tagging.state, other.state if other else None):
            mirrored.append(tagging.image_id)
    Tagging.objects.filter(pk__in=removed).delete()
    Tagging.objects.filter(pk__in=moved).update(tag=into)
    revisions.record_changes(mirrored)


def _mirror_images(tag: Tag) -> None:
    accepted = tag.taggings.filter(state=Tagging.State.ACCEPTED).order_by("image")
    for chunk in split(accepted.values_list("image", flat=True)):
        revisions.record_changes(chunk)


def _matches_any(field: str, words: list[str]) -> Q:
    """Return the condition that a field is one of the words, however it is capitalized."""
    return Q(In(Upper(F(field)), [Upper(Value(word)) for word in words])) if words else Q(pk__in=[])
