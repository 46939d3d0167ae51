"""The review."""

from django.contrib import admin
from django.urls import path

from mediahub.desk.review import views

view = admin.site.admin_view
# Scripts ask those without `view`: they answer 403 in JSON where a page would lead to the sign-in.
urlpatterns = [
    path("review/", view(views.start_review), name="review_start"),
    path("review/items/", views.list_images, name="review_items"),
    path("review/acts/", views.run_actions, name="review_acts"),
    path("review/tags/", views.complete_tag, name="tag_names"),
    path("images/<uuid:image_id>/review/", view(views.show_image), name="review"),
    path("images/<uuid:image_id>/review/act/", view(views.run_action), name="review_act"),
]
