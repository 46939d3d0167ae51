"""Which records a person may see and change: the one place that every page asks.

Each function returns a queryset of what is open to one person. Views and the functions behind them take such a
queryset, or the person; none begins with all rows of a table that tells of images. For uploads, failed items and jobs
`uploads.access`, `recovery.access` and `jobs.access` do the same.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Exists, F, ForeignKey, Lookup, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import ExpressionWrapper
from django.db.models.fields import CharField
from django.db.models.lookups import IsNull

from mediahub.history.models import Action, Change
from mediahub.library.models import Audience, Collection, Image, LabelRule, Tag, Tagging

R = TypeVar("R", bound=Model)
Person = User | AnonymousUser
# What a change that is about no image can be besides one of a collection: one of the vocabulary.
VOCABULARY_ACTIONS = (Action.TAG_MERGED, Action.LABEL_HIDDEN)
# Sign-ins and what is changed about people, whose addresses and names are not for everybody.
PEOPLE_ACTIONS = (
    *(Action.SIGNED_IN, Action.SIGN_IN_REFUSED, Action.LOCKED_OUT, Action.SESSIONS_ENDED, Action.FACTOR_ADDED),
    *(Action.FACTOR_REMOVED, Action.CODES_RENEWED, Action.PASSWORD_CHANGED, Action.INVITED, Action.ROLES_CHANGED),
    Action.PERMISSIONS_CHANGED,
)
PEOPLE_KINDS = ("sign_in", "person")
# Built, not yet asked, and kept in the process.
MOST_QUERIES = 256


def visible_images(user: Person) -> QuerySet[Image]:
    """Return the images that this person may see, including those without an original; none without that right."""
    return open_images(user) if user.has_perm("library.view_image") else Image.objects.none()


def open_images(user: Person) -> QuerySet[Image]:
    """Return the images that no collection closes to this person, whatever else they may do.

    An image whose collections are all closed to the person is hidden; one that lies in none is not.
    """
    return Image.objects.filter(match_open(user))


def sees_everything(user: Person) -> bool:
    """Return whether no collection is ever closed to this person."""
    return user.has_perm("library.see_every_collection")


def match_open(user: Person, image: str = "") -> Q:
    """Return the condition that an image is open to this person; `image` leads to it from another record.

    It is true of a record that is about no image. It asks one column of the image: see `audiences`.
    """
    if sees_everything(user):
        return Q()
    # As a list of those that are open, and never “not in”: a row is kept or left out by what stands in it.
    return Q(**{f"{image}audience": None}) | Q(**{f"{image}audience__open_to": user.pk})


def match_closed(user: Person, image: str = "") -> Q:
    """Return the condition that an image is closed to this person; `image` leads to it from another record."""
    if sees_everything(user):
        return Q(pk__in=[])
    closed = Audience.objects.exclude(pk__in=_open_audiences(user.pk))
    return Q(**{f"{image}audience__in": closed.values("pk")})


def about_open_images(user: Person, records: QuerySet[R]) -> QuerySet[R]:
    """Return these records without those about an image that is closed to the person; `image` is null where none is."""
    return records.filter(match_open(user, "image__"))


def match_open_audiences(user: Person) -> Q:
    """Return the condition that figures of an audience tell of images that are open to this person."""
    return Q() if sees_everything(user) else Q(audience=None) | Q(audience__open_to=user.pk)


def closed_collections(user: Person) -> QuerySet[Collection]:
    """Return the collections that a restriction, of their own or from above, closes to this person."""
    # A copy: answers that a caller reads must not be kept with the question.
    return Collection.objects.none() if sees_everything(user) else _closed_to(user.pk).all()


def visible_changes(user: Person) -> QuerySet[Change]:
    """Return the changes this person may read: those of images they may see.

    A change of no image is about a collection, a word, or an image that is gone. Nobody can say any more to whom it
    was open, so it is for the person who did it and for those who see every collection. Words of the vocabulary are
    told to everybody to whom no collection is closed, because there they hide nothing. Sign-ins and changes of people
    are for those who may see people, and for the person who did them.
    """
    about_images = Q(image__isnull=False) if user.has_perm("library.view_image") else Q(pk__in=[])
    about_people = Q(action__in=PEOPLE_ACTIONS)
    if sees_everything(user):
        readable = Change.objects.filter(about_images | Q(image=None))
        return readable if user.has_perm("auth.view_user") else readable.filter(~about_people | Q(by=user.pk))
    words = Q(action__in=VOCABULARY_ACTIONS) & nothing_closed(user)
    about_images &= match_open(user, "image__")
    if user.has_perm("auth.view_user"):
        # By its kind as well: such a change holds names of people and groups, and never words of an image.
        words |= about_people & Q(kind__in=PEOPLE_KINDS)
    return Change.objects.filter(about_images | (Q(image=None) & (Q(by=user.pk) | words)))


def visible_taggings(user: Person) -> QuerySet[Tagging]:
    """Return the taggings of images that are not closed to this person."""
    return about_open_images(user, Tagging.objects.all())


def on_open_images(user: Person) -> Q:
    """Return the condition that a tagging of a tag is on an image that is open to this person, to count taggings by."""
    return match_open(user, "taggings__image__")


def visible_tags(user: Person) -> QuerySet[Tag]:
    """Return the tags this person may read: all but those that only closed images have.

    A tag that is on no image at all belongs to the vocabulary and is open.
    """
    if sees_everything(user):
        return Tag.objects.all()
    on_any, on_open = _find_taggings(user)
    return Tag.objects.filter(IsNull(on_any, True) | IsNull(on_open, False))


def visible_rules(user: Person) -> QuerySet[LabelRule]:
    """Return the rules for labels that name no tag which is closed to this person."""
    if sees_everything(user):
        return LabelRule.objects.all()
    on_any, on_open = _find_taggings(user)
    closed = Tag.objects.filter(IsNull(on_any, False), IsNull(on_open, True)).order_by()
    # A rule that hides a label has no tag, and is named like one.
    named = ~Exists(closed.filter(name__iexact=OuterRef("label")))
    return LabelRule.objects.filter(named).exclude(tag__in=closed.values("pk"))


def nothing_closed(user: Person) -> Q:
    """Return the condition that no collection at all is closed to this person."""
    return Q() if sees_everything(user) else ~Q(Exists(closed_collections(user)))


def count_closed(ids: Sequence[UUID]) -> int:
    """Return how many of these images are closed to a person who is in no group at all."""
    return Image.objects.filter(pk__in=ids).exclude(audience=None).count()


def changeable_images(user: Person) -> QuerySet[Image]:
    """Return the images whose metadata and tags this person may change."""
    return visible_images(user) if user.has_perm("library.review_tagging") else Image.objects.none()


def visible_collections(user: Person) -> QuerySet[Collection]:
    """Return the collections that no restriction, of their own or from above, closes to this person."""
    if not user.has_perm("library.view_image"):
        return Collection.objects.none()
    if sees_everything(user):
        return Collection.objects.all()
    return Collection.objects.exclude(pk__in=closed_collections(user).values("pk"))


def _find_taggings(user: Person) -> tuple[Subquery, Subquery]:
    """Return one tagging of a tag, and one on an image that is open to this person, as expressions.

    Of an “exists” PostgreSQL may make a join with all taggings; this it looks up for each tag, and stops at the first.
    The state stands beside the tag in an index, so that no row is read for a tag that has none. In its order old images
    come first: the newest ones of a tag may all be of one closed batch.
    """
    on_images = Tagging.objects.filter(tag=OuterRef("pk")).values("state")
    on_open = on_images.filter(match_open(user, "image__"))
    return Subquery(on_images.order_by("state")[:1]), Subquery(on_open.order_by("state")[:1])


@ForeignKey.register_lookup
class OpenTo(Lookup):
    """Whether an audience has a gate that is open to the person with this id, by their groups alone.

    A page puts this question into a dozen others. Django would write it anew each time, and take a fifth of the time
    of the library's page; so its text is kept.
    """

    lookup_name = "open_to"
    prepare_rhs = False
    # Nobody has no id.
    can_use_none_as_rhs = True

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the condition in SQL, and what stands in its places."""
        audience, places = self.process_lhs(compiler, connection)
        sql, others = _write_open_audiences(self.rhs, connection.alias)
        return f"{audience} IN ({sql})", (*places, *others)


@lru_cache(maxsize=MOST_QUERIES)
def _write_open_audiences(user_id: int | None, alias: str) -> tuple[str, tuple[Any, ...]]:
    """Return the question for the ids of the open audiences in the SQL of a database, and what stands in its places."""
    sql, places = _open_audiences(user_id).query.get_compiler(alias).as_sql()
    return sql, tuple(places)


def _open_audiences(user_id: int | None) -> QuerySet[Any, Any]:
    gates = Audience.gates.through.objects.exclude(collection__in=_closed_to(user_id).values("pk"))
    return gates.order_by().values("audience")


@lru_cache(maxsize=MOST_QUERIES)
def _closed_to(user_id: int | None) -> QuerySet[Collection]:
    """Return what lies in or below a collection that is for groups, in none of which the person is; None is nobody."""
    links = Collection.groups.through.objects.filter(collection=OuterRef("pk"))
    admitting = links.filter(group__user=user_id) if user_id else links.none()
    asked = ExpressionWrapper(OuterRef("path"), output_field=CharField())
    restricted = Collection.objects.filter(~Exists(admitting), restricted=True)
    return Collection.objects.filter(Exists(restricted.alias(asked=asked).filter(asked__startswith=F("path"))))
