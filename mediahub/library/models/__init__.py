"""What editors keep: images, the vocabulary of tags, collections, and searches."""

from mediahub.library.models.collections import Collection, Membership
from mediahub.library.models.images import WHOLE, Band, Image, Likeness, Rendition, Version, uncut
from mediahub.library.models.saved_searches import SavedSearch
from mediahub.library.models.tags import LabelRule, Synonym, Tag, Tagging

__all__ = [
    "WHOLE",
    "Band",
    "Collection",
    "Image",
    "LabelRule",
    "Likeness",
    "Membership",
    "Rendition",
    "SavedSearch",
    "Synonym",
    "Tag",
    "Tagging",
    "Version",
    "uncut",
]
