"""Duplicates."""

from django.contrib import admin
from django.urls import path

from mediahub.desk.duplicates import views

view = admin.site.admin_view
urlpatterns = [
    path("duplicates/", view(views.show_newest_group), name="duplicates"),
    path("duplicates/decide/", view(views.decide_group), name="decide_duplicates"),
    path("duplicates/<uuid:image_id>/", view(views.show_group), name="duplicates_of"),
]
