"""The tree of collections as one person may see it: names from the top down, counts, covers, and what a text means."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import CharField, Count, Exists, F, OuterRef, QuerySet, Subquery, UUIDField, Value
from django.db.models.functions import Concat

from mediahub.library import access
from mediahub.library.models import Collection, Image, Membership
from processing import compose

COMPLETIONS = 20
# The digits of each collection in a path.
STEP = 8
# Stands between the names of a collection and of those it lies in; so no name may hold it.
BETWEEN = "›"
SIGN = f" {BETWEEN} "


@dataclass
class Node:
    """A collection in the tree; `own_count` and `count` are the visible images in it, and with those below it.

    An image in two collections of one branch counts twice in `count`. `open` says that the collections below are shown.
    """

    collection: Collection
    name: str
    # What the clock counted; None where pages count.
    kept_count: int | None = None
    has_image: bool = False
    own_count: int = 0
    count: int = 0
    cover: Image | None = None
    open: bool = False
    children: list["Node"] = field(default_factory=list)

    @property
    def level(self) -> int:
        """1 at the top."""
        return len(self.collection.path) // STEP


def list_names(user: User | AnonymousUser) -> dict[int, str]:
    """Return the names from the top down, by id, of the collections that a person may see, in the order of the tree."""
    return {node.collection.pk: node.name for node in flatten(_nodes(user))}


def list_nodes(user: User | AnonymousUser, image: Image) -> list[Node]:
    """Return the collections that a person may see, in the order of the tree; each says whether an image is in it."""
    return list(flatten(_nodes(user, image)))


def find_collection(user: User | AnonymousUser, text: str) -> Collection | None:
    """Return the collection that a typed text names: from the top down, or by its own name if no other has it."""
    typed = _normalize(text)
    nodes = list(flatten(_nodes(user)))
    by_path = [node.collection for node in nodes if _normalize(node.name) == typed]
    by_name = [node.collection for node in nodes if node.collection.name.casefold() == typed]
    return by_path[0] if by_path else by_name[0] if len(by_name) == 1 else None


def complete_name(user: User | AnonymousUser, text: str) -> list[str]:
    """Return names from the top down that contain a text; those whose own name begins with it come first."""
    typed = _normalize(text)
    matches = [node for node in flatten(_nodes(user)) if typed and typed in _normalize(node.name)]
    matches.sort(key=lambda node: not node.collection.name.casefold().startswith(typed))
    return [node.name for node in matches[:COMPLETIONS]]


def flatten(nodes: Iterable[Node]) -> Iterable[Node]:
    """Yield all nodes of a tree, each before those below it."""
    for node in nodes:
        yield node
        yield from flatten(node.children)


def memberships_within(user: User | AnonymousUser, pk: int) -> QuerySet[Membership]:
    """Return the memberships of the collection with this id and of those below it that the person may see."""
    top = Subquery(Collection.objects.filter(pk=pk).values("path"))
    end = Concat(top, Value("9" * STEP), output_field=CharField())
    places = access.visible_collections(user).filter(path__gte=top, path__lt=end)
    return Membership.objects.filter(collection__in=places.order_by().values("pk"))


def build_tree(user: User | AnonymousUser) -> list[Node]:
    """Return the collections at the top with those below, counted, in three queries however many there are."""
    top = _nodes(user)
    # Who sees a collection sees all images in it. Those out of use are few: to take them off is quicker than to join.
    kept_counts = {node.collection.pk: node.kept_count for node in flatten(top)}
    counts = {pk: number for pk, number in kept_counts.items() if number is not None}
    _count(top, counts | _count_members([pk for pk in kept_counts if pk not in counts]))
    return top


def _count_members(collection_ids: list[int]) -> dict[int, int]:
    """Return how many images in use are in each of these collections, which the clock has not counted."""
    if not collection_ids:
        return {}
    members = Membership.objects.filter(collection__in=collection_ids)
    counts = _count_images(members)
    for pk, gone in _count_images(members.filter(image__deleted_at__isnull=False)).items():
        counts[pk] -= gone
    return counts


def _count_images(memberships: QuerySet[Membership]) -> dict[int, int]:
    return dict(memberships.order_by().values_list("collection").annotate(n=Count("collection")))


def _nodes(user: User | AnonymousUser, image: Image | None = None) -> list[Node]:
    top: list[Node] = []
    by_id: dict[int, Node] = {}
    # A collection's path is longer than that of the one it lies in: so each finds its parent there.
    inside = Exists(Membership.objects.filter(collection=OuterRef("pk"), image=image)) if image else Value(value=False)
    visible = access.visible_collections(user).annotate(kept_count=F("figures__images"), has_image=inside)
    ordered = sorted(visible, key=lambda collection: (len(collection.path), collection.name.casefold()))
    for collection in ordered:
        parent = by_id.get(collection.parent_id or 0)
        node = by_id[collection.pk] = Node(
            collection,
            f"{parent.name}{SIGN}{collection.name}" if parent else collection.name,
            collection.kept_count,
            collection.has_image,
        )
        (parent.children if parent else top).append(node)
    return top


def _count(nodes: list[Node], counts: dict[int, int]) -> int:
    for node in nodes:
        node.own_count = counts.get(node.collection.pk, 0)
        node.count = node.own_count + _count(node.children, counts)
    return sum(node.count for node in nodes)


def _normalize(text: str) -> str:
    parts = compose(text).replace(">", BETWEEN).split(BETWEEN)
    return SIGN.join(" ".join(part.split()) for part in parts).casefold()


def assign_covers(nodes: list[Node], user: User | AnonymousUser) -> None:
    """Give each collection the image that was added last and that the person may see, or that of one below it."""
    latest = Membership.objects.filter(collection=OuterRef("pk"), image__deleted_at=None).order_by("-at", "-pk")
    rows = access.visible_collections(user).annotate(
        cover=Subquery(latest.values("image")[:1], output_field=UUIDField())
    )
    chosen = dict(rows.order_by().values_list("pk", "cover"))
    images = Image.objects.defer("label_raw").prefetch_related("renditions").in_bulk(set(chosen.values()) - {None})
    for node in reversed(list(flatten(nodes))):
        below = next((child.cover for child in node.children if child.cover), None)
        node.cover = images.get(chosen.get(node.collection.pk)) or below
