"""The library: many images, one image, and tags."""

from django.contrib import admin
from django.urls import path

from mediahub.desk.library import crop_views, image_views, purge_views, tag_views, version_views, views

view = admin.site.admin_view
# Scripts ask those without `view`: they answer 403 in JSON where a page would lead to the sign-in.
urlpatterns = [
    path("pulse/", views.show_pulse, name="pulse"),
    path("images/count/", views.count_images, name="count_images"),
    path("images/filters/", view(views.show_search_menus), name="search_menus"),
    path("images/act/", view(views.run_bulk_action), name="bulk"),
    path("images/erase/", view(purge_views.purge_images), name="purge"),
    path("images/erased/", view(purge_views.show_purges), name="purges"),
    path("images/searches/", view(views.save_search), name="save_search"),
    path("images/searches/<id:pk>/", view(views.change_search), name="change_search"),
    path("tags/complete/", tag_views.complete_tag, name="complete"),
    path("tags/<id:pk>/merge/", view(tag_views.merge_tag), name="merge_tag"),
    path("tags/<id:pk>/hide/", view(tag_views.hide_label), name="hide_label"),
    path("tags/labels/<id:pk>/", view(tag_views.show_label), name="show_label"),
    path("images/<uuid:image_id>/original/", view(image_views.download_original), name="download"),
    path(
        "images/<uuid:image_id>/versions/<id:number>/original/",
        view(image_views.download_original),
        name="download_version",
    ),
    path(
        "images/<uuid:image_id>/renditions/<str:name>/<str:format_name>/",
        view(image_views.show_rendition),
        name="rendition",
    ),
    path("images/<uuid:image_id>/versions/", view(version_views.show_versions), name="versions"),
    path("images/<uuid:image_id>/versions/<id:number>/", view(version_views.restore_version), name="restore_version"),
    path("images/<uuid:image_id>/replace/", view(version_views.replace_file), name="replace"),
    path("images/<uuid:image_id>/crop/", view(crop_views.edit_focal_point), name="crop"),
    path("images/<uuid:image_id>/flags/", view(image_views.confirm_flags), name="look_at_flags"),
    path("images/<uuid:image_id>/words/", view(image_views.take_over_field), name="take_over"),
    path("images/<uuid:image_id>/tags/", view(image_views.add_tag), name="add_tag"),
    path("images/<uuid:image_id>/tags/<id:tagging_id>/", view(image_views.decide_tag), name="decide_tag"),
]
