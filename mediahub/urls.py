"""The front door for browsers: everything editors use lives in the admin site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", include("mediahub.desk.urls")),
    path("admin/", admin.site.urls),
]
