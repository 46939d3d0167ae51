"""The desk's own pages, under the admin site's address and behind its sign-in."""

from django.contrib import admin
from django.urls import path, register_converter

from mediahub.desk.activity import undo_views
from mediahub.desk.activity import views as activity_views
from mediahub.desk.collections import membership_views
from mediahub.desk.collections import views as collections_views
from mediahub.desk.dashboard import views as dashboard_views
from mediahub.desk.duplicates import views as duplicates_views
from mediahub.desk.failures import original_views
from mediahub.desk.http import IdConverter
from mediahub.desk.jobs import views as jobs_views
from mediahub.desk.library import crop_views, download_views, publishing_views, tag_views, version_views
from mediahub.desk.library import views as library_views
from mediahub.desk.people import preference_views, session_views
from mediahub.desk.review import action_views, form_views
from mediahub.desk.review import views as review_views
from mediahub.desk.upload import batch_views, progress_views
from mediahub.desk.upload import views as upload_views

register_converter(IdConverter, "id")
app_name = "desk"
view = admin.site.admin_view
urlpatterns = [
    path("upload/", view(upload_views.page), name="upload"),
    path("upload/plain/", view(upload_views.plain), name="plain"),
    path("upload/<uuid:upload_id>/", view(upload_views.arrival), name="arrival"),
    # Programs ask these: they answer 403 in JSON where a page would lead to the sign-in.
    path("upload/sign/", upload_views.sign, name="sign"),
    path("upload/known/", batch_views.known, name="known"),
    path("upload/batches/<uuid:batch_id>/", view(batch_views.page), name="batch"),
    path("upload/batches/<uuid:batch_id>/words/", batch_views.words, name="batch_words"),
    path("upload/status/", progress_views.status, name="status"),
    path("pulse/", progress_views.pulse, name="pulse"),
    path("session/", session_views.state, name="session"),
    path("tags/complete/", tag_views.complete, name="complete"),
    path("tags/<id:pk>/merge/", view(tag_views.merge), name="merge_tag"),
    path("tags/<id:pk>/hide/", view(tag_views.hide), name="hide_label"),
    path("tags/labels/<id:pk>/", view(tag_views.show), name="show_label"),
    path("originals/put-back/", view(original_views.put_back), name="put_back"),
    path("dashboard/", view(dashboard_views.page), name="dashboard"),
    path("tour/", view(dashboard_views.tour), name="tour"),
    path("activity/", view(activity_views.page), name="activity"),
    path("activity/export.<slug:kind>", view(activity_views.export), name="export_activity"),
    path("images/act/", view(library_views.bulk), name="bulk"),
    path("images/searches/", view(library_views.save_search), name="save_search"),
    path("images/searches/<id:pk>/", view(library_views.change_search), name="change_search"),
    path("collections/", view(collections_views.page), name="collections"),
    path("collections/make/", view(collections_views.make), name="make_collection"),
    path("collections/complete/", collections_views.complete, name="complete_collection"),
    path("collections/put/", membership_views.drop, name="drop"),
    path("collections/<id:pk>/", view(collections_views.one), name="collection"),
    path("collections/<id:pk>/change/", view(collections_views.change), name="change_collection"),
    path("images/<uuid:image_id>/collections/", view(membership_views.of_image), name="file_image"),
    path("duplicates/", view(duplicates_views.start), name="duplicates"),
    path("duplicates/decide/", view(duplicates_views.decide), name="decide_duplicates"),
    path("duplicates/<uuid:image_id>/", view(duplicates_views.page), name="duplicates_of"),
    path("jobs/", view(jobs_views.listing), name="jobs"),
    path("jobs/<uuid:job_id>/", view(jobs_views.page), name="job"),
    path("jobs/<uuid:job_id>/steer/", view(jobs_views.steer), name="steer_job"),
    path("jobs/<uuid:job_id>/parts/<id:pk>/", view(jobs_views.part), name="job_part"),
    path("images/<uuid:image_id>/original/", view(download_views.original), name="download"),
    path(
        "images/<uuid:image_id>/versions/<id:number>/original/", view(download_views.original), name="download_version"
    ),
    path("undo/<uuid:batch>/", view(undo_views.undo), name="undo"),
    path("review/", view(review_views.start), name="review_start"),
    path("review/items/", review_views.items, name="review_items"),
    path("review/acts/", action_views.many, name="review_acts"),
    path("review/tags/", review_views.tag_names, name="tag_names"),
    path("images/<uuid:image_id>/review/", view(review_views.page), name="review"),
    path("images/<uuid:image_id>/review/act/", view(action_views.one), name="review_act"),
    path("preferences/", view(preference_views.page), name="preferences"),
    path("preferences/keys/", view(preference_views.keys), name="keys"),
    path("preferences/threshold/", preference_views.threshold, name="threshold"),
    path("images/<uuid:image_id>/versions/", view(version_views.page), name="versions"),
    path("images/<uuid:image_id>/versions/<id:number>/", view(version_views.restore), name="restore_version"),
    path("images/<uuid:image_id>/replace/", view(version_views.replace), name="replace"),
    path("images/<uuid:image_id>/crop/", view(crop_views.page), name="crop"),
    path("images/<uuid:image_id>/flags/", view(publishing_views.look_at_flags), name="look_at_flags"),
    path("images/<uuid:image_id>/words/", view(form_views.take_over), name="take_over"),
    path("images/<uuid:image_id>/tags/", view(form_views.add), name="add_tag"),
    path("images/<uuid:image_id>/tags/<id:tagging_id>/", view(form_views.decide), name="decide_tag"),
]
