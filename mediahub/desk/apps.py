from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "mediahub.desk"
    verbose_name = _("Desk")
    default = True


class AdminConfig(admin_apps.AdminConfig):
    default_site = "mediahub.desk.site.DeskSite"
    default = False
