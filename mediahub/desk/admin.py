"""A page for each record, where Django looks for them. Groups have Django's own."""

from mediahub.desk.failures import admin as failures_admin
from mediahub.desk.library import admin as library_admin
from mediahub.desk.people import admin as people_admin
from mediahub.desk.upload import admin as upload_admin

__all__ = ["failures_admin", "library_admin", "people_admin", "upload_admin"]
