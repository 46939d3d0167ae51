from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class DeskSite(AdminSite):
    site_header = site_title = "MediaHub"
    index_title = _("Desk")
