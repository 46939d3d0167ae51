"""A tree of collections as large as a busy desk makes in years."""

from mediahub.library.collection_tree import STEP
from mediahub.library.models import Collection


def five_hundred(top: Collection) -> None:
    """Fifty collections below this one, nine in each, written at once."""
    places = [Collection(name=f"Place {n}", parent=top) for n in range(50)]
    _write(places)
    _write([Collection(name=f"Part {n}", parent=place) for place in places for n in range(9)])


def _write(collections: list[Collection]) -> None:
    Collection.objects.bulk_create(collections)
    for one in collections:
        one.path = f"{one.parent.path if one.parent else ''}{one.pk:0{STEP}d}"
    Collection.objects.bulk_update(collections, ["path"])
