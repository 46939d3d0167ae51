from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LibraryConfig(AppConfig):
    name = "mediahub.library"
    verbose_name = _("Library")

    def ready(self) -> None:
        from mediahub import checks  # noqa: F401 - registers the system checks
        from mediahub.library import collections, duplicates, focal_point, versions  # noqa: F401 - kinds of change
