"""The desk's own pages, by feature, under the admin site's address and behind its sign-in."""

from django.urls import include, path, register_converter

from mediahub.desk.http import IdConverter

register_converter(IdConverter, "id")
app_name = "desk"
FEATURES = (
    "upload",
    "review",
    "library",
    "collections",
    "duplicates",
    "failures",
    "jobs",
    "activity",
    "dashboard",
    "people",
)
urlpatterns = [path("", include(f"mediahub.desk.{feature}.urls")) for feature in FEATURES]
