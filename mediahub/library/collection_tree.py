"""The tree of collections as one person may see it: names from the top down, counts, covers, and what a text means."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import CharField, Count, OuterRef, QuerySet, Subquery, UUIDField, Value
from django.db.models.functions import Concat

from mediahub.library import access
from mediahub.library.collections import BETWEEN, STEP
from mediahub.library.models import Collection, Image, Membership

COMPLETIONS = 20
SIGN = f" {BETWEEN} "


@dataclass
class Node:
    """A collection in the tree: `own` counts the images in it that the person may see, `count` those below as well.

    An image in two collections of one branch counts twice in `count`. `open` says that what lies below is shown.
    """

    collection: Collection
    name: str
    own: int = 0
    count: int = 0
    cover: Image | None = None
    open: bool = False
    children: list["Node"] = field(default_factory=list)

    @property
    def level(self) -> int:
        """1 at the top."""
        return len(self.collection.path) // STEP


def names(user: User | AnonymousUser) -> dict[int, str]:
    """The collections that a person may see, by id: their names from the top down, in the order of the tree."""
    return {node.collection.pk: node.name for node in flat(_nodes(user))}


def find(user: User | AnonymousUser, text: str) -> Collection | None:
    """The collection that a typed text means: its names from the top down, or its own where no other has it."""
    wanted = _plain(text)
    nodes = list(flat(_nodes(user)))
    whole = [node.collection for node in nodes if _plain(node.name) == wanted]
    own = [node.collection for node in nodes if node.collection.name.casefold() == wanted]
    return whole[0] if whole else own[0] if len(own) == 1 else None


def complete(user: User | AnonymousUser, text: str) -> list[str]:
    """Names from the top down that hold a text, those first whose own name begins with it."""
    wanted = _plain(text)
    found = [node for node in flat(_nodes(user)) if wanted and wanted in _plain(node.name)]
    found.sort(key=lambda node: not node.collection.name.casefold().startswith(wanted))
    return [node.name for node in found[:COMPLETIONS]]


def flat(nodes: Iterable[Node]) -> Iterable[Node]:
    """All nodes of a tree, each before what lies below it."""
    for node in nodes:
        yield node
        yield from flat(node.children)


def within(user: User | AnonymousUser, pk: int) -> QuerySet[Membership]:
    """What lies in the collection with this id or below it, as far as the person may see the collections."""
    top = Subquery(Collection.objects.filter(pk=pk).values("path"))
    end = Concat(top, Value("9" * STEP), output_field=CharField())
    places = access.collections(user).filter(path__gte=top, path__lt=end)
    return Membership.objects.filter(collection__in=places.order_by().values("pk"))


def tree(user: User | AnonymousUser) -> list[Node]:
    """The collections at the top with all below, counted; three questions to the database, however many there are."""
    top = _nodes(user)
    # Who sees a collection sees all images in it. Those out of use are few: to take them off is quicker than to join.
    own = _held(Membership.objects.all())
    for pk, gone in _held(Membership.objects.filter(image__deleted_at__isnull=False)).items():
        own[pk] -= gone
    _count(top, own)
    return top


def _held(memberships: QuerySet[Membership]) -> dict[int, int]:
    return dict(memberships.order_by().values_list("collection").annotate(n=Count("collection")))


def _nodes(user: User | AnonymousUser) -> list[Node]:
    top: list[Node] = []
    known: dict[int, Node] = {}
    # A collection's path is longer than that of the one it lies in: so each finds its parent there.
    ordered = sorted(access.collections(user), key=lambda one: (len(one.path), one.name.casefold()))
    for one in ordered:
        parent = known.get(one.parent_id or 0)
        node = known[one.pk] = Node(one, f"{parent.name}{SIGN}{one.name}" if parent else one.name)
        (parent.children if parent else top).append(node)
    return top


def _count(nodes: list[Node], own: dict[int, int]) -> int:
    for node in nodes:
        node.own = own.get(node.collection.pk, 0)
        node.count = node.own + _count(node.children, own)
    return sum(node.count for node in nodes)


def _plain(text: str) -> str:
    parts = text.replace(">", BETWEEN).split(BETWEEN)
    return SIGN.join(" ".join(part.split()) for part in parts).casefold()


def cover(nodes: list[Node], user: User | AnonymousUser) -> None:
    """Give each collection the image that was put in last and that the person may see, or that of one below it."""
    latest = Membership.objects.filter(collection=OuterRef("pk"), image__deleted_at=None).order_by("-at", "-pk")
    rows = access.collections(user).annotate(cover=Subquery(latest.values("image")[:1], output_field=UUIDField()))
    chosen = dict(rows.order_by().values_list("pk", "cover"))
    images = Image.objects.defer("label_raw").prefetch_related("renditions").in_bulk(set(chosen.values()) - {None})
    for node in reversed(list(flat(nodes))):
        below = next((child.cover for child in node.children if child.cover), None)
        node.cover = images.get(chosen.get(node.collection.pk)) or below
