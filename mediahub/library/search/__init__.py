"""The search of the library: its language, filters and orders, and the index of words."""

from mediahub.library.search.filters import FILTERS, NONE, TAG_FILTERS, Filter
from mediahub.library.search.query import Search

__all__ = ["FILTERS", "NONE", "TAG_FILTERS", "Filter", "Search"]
