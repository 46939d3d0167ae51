"""Collections and what is in them."""

from django.contrib import admin
from django.urls import path

from mediahub.desk.collections import membership_views, views

view = admin.site.admin_view
# Scripts ask those without `view`: they answer 403 in JSON where a page would lead to the sign-in.
urlpatterns = [
    path("collections/", view(views.show_collections), name="collections"),
    path("collections/make/", view(views.create_collection), name="make_collection"),
    path("collections/complete/", views.complete_collection, name="complete_collection"),
    path("collections/put/", membership_views.drop_images, name="drop"),
    path("collections/<id:pk>/", view(views.show_collection), name="collection"),
    path("collections/<id:pk>/change/", view(views.change_collection), name="change_collection"),
    path("images/<uuid:image_id>/collections/", view(membership_views.change_image_collections), name="file_image"),
]
