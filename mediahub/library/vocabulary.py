"""The vocabulary of tags: what changes here, changes on every image."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action
from mediahub.library import access, revisions
from mediahub.library.access import Person
from mediahub.library.models import LabelRule, Synonym, Tag, Tagging

# Of two decisions on the same image this one stands: what an editor said outweighs what a machine thinks.
WEIGHT = {Tagging.State.ACCEPTED: 2, Tagging.State.REJECTED: 1, Tagging.State.SUGGESTED: 0}
LONGEST = 100
COMPLETIONS = 20


def keep(tag: Tag) -> None:
    """Write a new or renamed tag; every image that holds it accepted is mirrored with the new word."""
    with transaction.atomic():
        tag.save()
        _tell(tag)


def clean(name: str) -> str:
    """A tag's name with single spaces; raises ValidationError for what is no tag."""
    name = " ".join(name.split())
    if not name or not name.isprintable():
        raise ValidationError(_("Type the tag to add: a word or a few, without line breaks."))
    if len(name) > LONGEST:
        raise ValidationError(_("A tag has at most 100 characters; this one has %(n)d.") % {"n": len(name)})
    return name


def find(name: str) -> Tag | None:
    """The tag of this name, or the one it is a synonym of, however it is capitalised."""
    return Tag.objects.filter(name__iexact=name).first() or Tag.objects.filter(synonyms__word__iexact=name).first()


def find_or_make(name: str) -> Tag:
    """The tag that is meant by a name, made when there is none."""
    return find(name) or Tag.objects.get_or_create(name=name)[0]


def meant(words: Iterable[str], *, labels: bool = False) -> dict[str, Tag | None]:
    """The tag that each word stands for, made when there is none; None for a label that is hidden.

    `labels` says that the words are a machine's, for which there are rules.
    """
    words = list(dict.fromkeys(words))
    rules = {}
    if labels:
        rules = {rule.label.casefold(): rule.tag for rule in LabelRule.objects.filter(_is("label", words))}
    known = {one.word.casefold(): one.tag for one in Synonym.objects.filter(_is("word", words)).select_related("tag")}
    known |= {tag.name.casefold(): tag for tag in Tag.objects.filter(_is("name", words))}
    found: dict[str, Tag | None] = {}
    for word in words:
        key = word.casefold()
        found[word] = rules[key] if key in rules else known.get(key) or Tag.objects.get_or_create(name=word)[0]
    return found


def complete(tags: QuerySet[Tag], text: str) -> list[str]:
    """Names of those of the tags that begin with a text, that hold it anywhere, and that it is a synonym of."""
    text = " ".join(text.split())[:LONGEST]
    if not text:
        return []
    held = Q(name__icontains=text) | Q(synonyms__word__icontains=text)
    names = tags.filter(held).distinct().values_list("name", flat=True)[: 5 * COMPLETIONS]
    return sorted(names, key=lambda name: (not name.casefold().startswith(text.casefold()), name))[:COMPLETIONS]


def common(user: Person, most: int) -> list[str]:
    """Return the names of the tags that most of the images have which are open to this person, the commonest first."""
    tags = access.visible_tags(user).annotate(held=Count("taggings", filter=access.on_open_images(user)))
    return list(tags.order_by("-held", "name").values_list("name", flat=True)[:most])


def merge(change_set: ChangeSet, tag: Tag, into: Tag) -> int:
    """Make one tag another, whose synonym its name becomes; returns on how many images it was that the person may see.

    Raises ValidationError for a tag and itself. It cannot be taken back: afterwards nobody knows which was which.
    """
    if tag.pk == into.pk:
        raise ValidationError(_("A tag cannot be merged into itself."))
    with transaction.atomic():
        number = _open_to(change_set, tag.taggings.all()).count()
        moved = list(tag.taggings.select_related("image"))
        held = {
            tagging.image_id: tagging for tagging in into.taggings.filter(image__in=[one.image_id for one in moved])
        }
        for tagging in moved:
            _move(tagging, held.get(tagging.image_id), into)
        tag.synonyms.update(tag=into)
        tag.labels.update(tag=into)
        tag.delete()
        Synonym.objects.update_or_create(word=tag.name, defaults={"tag": into})
        change_set.record_other(f"{tag.name} → {into.name}", Action.MERGED)
    return number


def check_synonyms(user: Person, tag: Tag, words: Iterable[str]) -> dict[str, str]:
    """Return the words that may stand for the tag besides its name; raises ValidationError for a word that is taken."""
    wanted = {word.casefold(): word for word in (clean(word) for word in words if word.strip())}
    wanted.pop(tag.name.casefold(), None)
    taken = Tag.objects.filter(_is("name", list(wanted.values()))).exclude(pk=tag.pk).first()
    if taken:
        raise ValidationError(_("“%(word)s” is a tag itself. Merge it into this one.") % {"word": taken.name})
    other = (
        Synonym.objects.filter(_is("word", list(wanted.values()))).exclude(tag_id=tag.pk).select_related("tag").first()
    )
    if other and access.visible_tags(user).filter(pk=other.tag_id).exists():
        said = _("“%(word)s” stands for “%(tag)s” already.")
        raise ValidationError(said % {"word": other.word, "tag": other.tag.name})
    if other:
        said = _("“%(word)s” stands for a tag of images that are closed to you.")
        raise ValidationError(said % {"word": other.word})
    return wanted


def name_synonyms(user: Person, tag: Tag, words: Iterable[str]) -> None:
    """Say which other words stand for the tag; raises ValidationError for a word that is taken."""
    wanted = check_synonyms(user, tag, words)
    with transaction.atomic():
        tag.synonyms.all().delete()
        Synonym.objects.bulk_create([Synonym(word=word, tag=tag) for word in wanted.values()])


def hide_label(change_set: ChangeSet, tag: Tag) -> int:
    """Suggest a machine's label nowhere any more; what editors accepted stays.

    Returns on how many images it was that the person may see.
    """
    with transaction.atomic():
        LabelRule.objects.update_or_create(label=tag.name, defaults={"tag": None})
        machines = (Tagging.Source.EDITOR, Tagging.Source.FILE)
        suggested = tag.taggings.filter(state=Tagging.State.SUGGESTED).exclude(source__in=machines)
        number = _open_to(change_set, suggested).count()
        suggested.delete()
        change_set.record_other(tag.name, Action.HIDDEN)
    return number


def show_label(rule: LabelRule) -> None:
    """Let a label be suggested again as it is; images that come in from now on have it."""
    rule.delete()


def _open_to(change_set: ChangeSet, taggings: QuerySet[Tagging]) -> QuerySet[Tagging]:
    """Return those of the taggings that are on images which are open to who acts; MediaHub itself counts all."""
    return access.about_unclosed(change_set.by, taggings) if change_set.by else taggings


def _move(tagging: Tagging, other: Tagging | None, into: Tag) -> None:
    before = other.state if other else None
    if other and WEIGHT[Tagging.State(other.state)] >= WEIGHT[Tagging.State(tagging.state)]:
        tagging.delete()
    else:
        if other:
            other.delete()
        tagging.tag = into
        tagging.save(update_fields=["tag"])
    if Tagging.State.ACCEPTED in (before, tagging.state):
        revisions.changed(tagging.image_id)


def _tell(tag: Tag) -> None:
    held = tag.taggings.filter(state=Tagging.State.ACCEPTED)
    for image_id in held.values_list("image_id", flat=True):
        revisions.changed(image_id)


def _is(field: str, words: list[str]) -> Q:
    named = Q(pk__in=[])
    for word in words:
        named |= Q(**{f"{field}__iexact": word})
    return named
