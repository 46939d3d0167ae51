"""Upload: the pages, and what their scripts ask."""

from django.contrib import admin
from django.urls import path

from mediahub.desk.upload import script_views, views

view = admin.site.admin_view
# Scripts ask those without `view`: they answer 403 in JSON where a page would lead to the sign-in.
urlpatterns = [
    path("upload/", view(views.show_upload_page), name="upload"),
    path("upload/plain/", view(views.show_plain_form), name="plain"),
    path("upload/<uuid:upload_id>/", view(views.show_upload), name="arrival"),
    path("upload/sign/", script_views.sign, name="sign"),
    path("upload/identify/", script_views.identify_file, name="identify"),
    path("upload/known/", script_views.find_known_files, name="known"),
    path("upload/batches/<uuid:batch_id>/", view(views.show_batch), name="batch"),
    path("upload/batches/<uuid:batch_id>/words/", script_views.edit_batch_metadata, name="batch_words"),
    path("upload/status/", script_views.list_statuses, name="status"),
]
