"""What editors keep: images, the vocabulary of tags, collections, and searches."""

from mediahub.library.models.collections import Audience, Collection, Membership
from mediahub.library.models.figures import CollectionFigures, FigureRound, ImageFigures, TagFigures
from mediahub.library.models.images import FingerprintPart, Image, Rendition, SimilarPair, Version, uncut
from mediahub.library.models.purges import Purge, PurgedUpload
from mediahub.library.models.saved_searches import SavedSearch
from mediahub.library.models.search_entries import IndexQuery, KnownWord, SearchEntry
from mediahub.library.models.tags import LabelRule, Synonym, Tag, Tagging

__all__ = [
    "Audience",
    "Collection",
    "CollectionFigures",
    "FigureRound",
    "FingerprintPart",
    "Image",
    "ImageFigures",
    "IndexQuery",
    "KnownWord",
    "LabelRule",
    "Membership",
    "Purge",
    "PurgedUpload",
    "Rendition",
    "SavedSearch",
    "SearchEntry",
    "SimilarPair",
    "Synonym",
    "Tag",
    "TagFigures",
    "Tagging",
    "Version",
    "uncut",
]
