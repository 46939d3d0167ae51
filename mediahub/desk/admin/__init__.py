"""A page for each record; Django finds them here. Groups have Django's own."""

from mediahub.desk.admin import failed_items, images, people, recovery, tags, uploads

__all__ = ["failed_items", "images", "people", "recovery", "tags", "uploads"]
