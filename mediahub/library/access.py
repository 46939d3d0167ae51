"""Which images a person may see and change: the one place that every page asks."""

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from mediahub.library.models import Image


def visible(user: User | AnonymousUser) -> QuerySet[Image]:
    """The images this person may see, those without an original included; none without the right to see any."""
    return Image.objects.all() if user.has_perm("library.view_image") else Image.objects.none()


def changeable(user: User | AnonymousUser) -> QuerySet[Image]:
    """The images whose words and tags this person may change."""
    return visible(user) if user.has_perm("library.review_tagging") else Image.objects.none()
