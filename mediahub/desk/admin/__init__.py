"""A page for each record; Django finds them here. Users and groups have Django's own."""

from mediahub.desk.admin import failed_items, images, tags, uploads

__all__ = ["failed_items", "images", "tags", "uploads"]
