"""What the desk remembers of each editor."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Preference(models.Model):
    """How one editor works: which key does what, if keys do anything, from which confidence to accept; the language."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="preference")
    # The name of each act → its key; an act that is not named has its usual key, an empty key is none.
    shortcuts = models.JSONField(_("keyboard shortcuts"), default=dict, blank=True)
    shortcuts_on = models.BooleanField(_("keyboard shortcuts enabled"), default=True)
    threshold = models.PositiveSmallIntegerField(_("acceptance threshold, in percent"), default=80)
    # The code of a language; empty is what the browser asks for.
    language = models.CharField(_("language"), max_length=8, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return str(self.user)
