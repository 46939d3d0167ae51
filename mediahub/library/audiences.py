"""Keeping `Image.audience`: each verb that changes memberships, or what is restricted, calls one of these.

A verb that changes memberships calls `lock_places` first and `update_images` after them, one that changes collections
holds the lock of all collections and calls `update_below`. So of two at the same time, the second reads what the first
has written.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection as Sized
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from mediahub.library.collection_tree import STEP
from mediahub.library.models import Audience, Collection, Image, Membership

ROWS = 2000
Gates = tuple[int, ...]


def lock_places(collection_ids: Iterable[int]) -> None:
    """Lock these collections against those who change what is restricted, in the caller's transaction."""
    places = Collection.objects.filter(pk__in=set(collection_ids)).order_by("pk")
    list(places.select_for_update(no_key=True).values_list("pk"))


def update_images(image_ids: Iterable[UUID]) -> int:
    """Write the audience of these images as their memberships are now; return how many had another one.

    Locks the images, in the caller's transaction.
    """
    number = 0
    every = sorted(set(image_ids))
    with transaction.atomic(savepoint=False):
        for first in range(0, len(every), ROWS):
            ids = every[first : first + ROWS]
            images = Image.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
            before = dict(images.values_list("pk", "audience"))
            by_gates: dict[Gates, list[UUID]] = defaultdict(list)
            for pk, gates in find_gates(ids).items():
                by_gates[gates].append(pk)
            audiences = _get_or_create(set(by_gates))
            for gates, members in by_gates.items():
                audience = audiences[gates]
                changed = [pk for pk in members if pk in before and before[pk] != audience]
                Image.objects.filter(pk__in=changed).update(audience=audience) if changed else None
                number += len(changed)
    return number


def update_below(path: str) -> None:
    """Write the audience of all images in the collection with this path and below it, after what changed is saved."""
    end = f"{path}{'9' * STEP}"
    members = Membership.objects.filter(collection__path__gte=path, collection__path__lt=end)
    update_images(members.order_by().values_list("image", flat=True))


def forget_collection(pk: int) -> None:
    """Delete the audiences of a collection that is about to be deleted, and in which no image lies any more."""
    Audience.objects.filter(gates=pk).delete()


def find_gates(image_ids: Sized[UUID]) -> dict[UUID, Gates]:
    """Return the gates of these images by their memberships, in order; none for an image that is open to all."""
    restricted = set(Collection.objects.filter(restricted=True).values_list("pk", flat=True))
    gates: dict[UUID, set[int | None]] = {pk: set() for pk in image_ids}
    members = Membership.objects.filter(image__in=image_ids) if restricted else Membership.objects.none()
    for image_id, path in members.order_by().values_list("image", "collection__path"):
        gates[image_id].add(find_gate(path, restricted))
    return {pk: () if None in each else tuple(sorted(filter(None, each))) for pk, each in gates.items()}


def find_gate(path: str, restricted: Sized[int]) -> int | None:
    """Return the nearest restricted collection at the end of a path or above it."""
    ids = (int(path[start : start + STEP]) for start in range(len(path) - STEP, -1, -STEP))
    return next((pk for pk in ids if pk in restricted), None)


def find_drifted(image_ids: Sized[UUID]) -> list[UUID]:
    """Return those of the images whose audience is not what their memberships say."""
    written = dict(Image.objects.filter(pk__in=image_ids).values_list("pk", "audience"))
    links = Audience.gates.through.objects.filter(audience__in=set(written.values()) - {None})
    stored: dict[int | None, set[int]] = defaultdict(set)
    for audience, collection in links.values_list("audience", "collection"):
        stored[audience].add(collection)
    expected = find_gates(list(written))
    return [
        pk
        for pk, audience in written.items()
        if stored[audience] != set(expected[pk]) or (audience is not None and not expected[pk])
    ]


def _get_or_create(every: set[Gates]) -> dict[Gates, int | None]:
    """Return the id of the audience of each of these sets of gates; that without gates is None."""
    digests = {hashlib.sha256(",".join(map(str, gates)).encode()).hexdigest(): gates for gates in every if gates}
    # In one order, or two who create the same audiences could wait for each other.
    Audience.objects.bulk_create([Audience(digest=digest) for digest in sorted(digests)], ignore_conflicts=True)
    existing = Audience.objects.filter(digest__in=digests).order_by("digest")
    ids: dict[Gates, int | None] = {(): None}
    ids |= {digests[digest]: pk for digest, pk in existing.values_list("digest", "pk")}
    link = Audience.gates.through
    links = [link(audience_id=pk, collection_id=gate) for gates, pk in ids.items() for gate in gates]
    link.objects.bulk_create(links, ignore_conflicts=True)
    return ids
