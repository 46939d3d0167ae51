"""Findings about who sees and changes images, and what becomes of them."""

from tests.aws.plants import Edit
from tests.findings import PlantedFinding

UPLOADS, LIBRARY = "mediahub/uploads/", "mediahub/library/"

PLANTS = (
    PlantedFinding(
        3,
        "the activity begins with every change",
        (Edit(f"{LIBRARY}access.py", 'about_images &= match_open(user, "image__")', "pass"),),
        "tests/desk/test_closed.py::test_d12_no_address_tells_a_word_of_a_closed_image[deputy-others]",
    ),
    PlantedFinding(
        3,
        "uploads of closed images are listed",
        (
            Edit(
                f"{UPLOADS}access.py",
                "uploads if access.sees_everything(user) else uploads.filter(own_uploads | ~closed_uploads(user))",
                "uploads",
            ),
        ),
        "tests/desk/test_scopes.py::test_a_file_on_its_way_into_a_closed_collection_is_closed_to_others",
    ),
    PlantedFinding(
        3,
        "failed items of closed images are listed",
        (Edit("mediahub/recovery/access.py", "items = items.exclude(_closed_items(user))", "pass"),),
        "tests/desk/test_scopes.py::test_a_cause_is_told_by_an_item_that_is_open_to_the_reader",
    ),
    PlantedFinding(
        3,
        "a job names every failure",
        (
            Edit(
                "mediahub/jobs/access.py",
                "shown = [failure for failure in failures if failure.image in unclosed]",
                "shown = failures",
            ),
        ),
        "tests/desk/test_scopes.py::test_a_job_names_the_failures_on_open_images_and_counts_the_others",
    ),
    PlantedFinding(
        3,
        "tags that only closed images have are offered",
        (
            Edit(
                f"{LIBRARY}access.py",
                "return Tag.objects.filter(IsNull(on_any, True) | IsNull(on_open, False))",
                "return Tag.objects.all()",
            ),
        ),
        "tests/desk/test_scopes.py::test_a_tag_counts_on_open_images_and_is_offered_when_one_has_it",
    ),
    PlantedFinding(
        4,
        "the mirror holds every image's texts",
        (
            Edit(
                "mediahub/delivery/mirror.py",
                '"tags": tags} if is_public(image) else {}',
                '"tags": tags}',
            ),
        ),
        "tests/delivery/test_mirror.py::test_of_what_is_not_public_the_mirror_tells_no_words_and_no_tags",
    ),
    PlantedFinding(
        5,
        "undo asks for no permission",
        (
            Edit(
                "mediahub/history/undo.py",
                "by_right[user.has_perms(change.detail.permissions(change))]",
                "by_right[True]",
            ),
        ),
        "tests/library/test_undo.py::test_who_lost_the_right_takes_nothing_back",
    ),
    PlantedFinding(
        5,
        "undo changes what is hidden",
        (Edit("mediahub/history/undo.py", "if change.pk in visible_ids]", "]"),),
        "tests/library/test_undo.py::test_an_image_that_was_closed_since_is_not_changed_and_not_named",
    ),
    PlantedFinding(
        6,
        "a file takes the public one's place whoever sent it",
        (Edit(f"{LIBRARY}versions.py", "return not original.may_go_out or bool", "return bool"),),
        "tests/library/test_versions.py::test_a_new_file_of_a_published_image_waits_for_who_may_publish",
    ),
    PlantedFinding(
        6,
        "flags on the new file change nothing",
        (
            Edit(
                f"{LIBRARY}versions.py",
                'or bool(publishing.list_missing(image, ("moderation",)))',
                "",
            ),
        ),
        "tests/library/test_versions.py::test_a_file_that_was_flagged_waits_whoever_sent_it_and_goes_out_when_it_was_looked_at",
    ),
    PlantedFinding(
        6,
        "undoing a replacement needs no right to publish",
        (
            Edit(
                f"{LIBRARY}versions.py",
                '{"library.replace_image"} | ({"library.publish_image"} if is_published else set())',
                '{"library.replace_image"}',
            ),
        ),
        "tests/library/test_versions.py::test_undoing_a_replacement_of_what_is_public_needs_the_right_to_publish",
    ),
    PlantedFinding(
        8,
        "no check is as good as one",
        (Edit(f"{LIBRARY}publishing.py", "settings.MODERATION and image.moderation_checked != image.sha256", "False"),),
        "tests/library/test_moderation.py::test_a_file_that_nothing_looked_at_goes_out_when_a_person_has",
    ),
    PlantedFinding(
        8,
        "a failed check clears flags",
        (
            Edit(
                f"{LIBRARY}cataloging.py",
                'elif is_other_file:\n        image.moderation, image.moderation_checked = [], ""',
                'else:\n        image.moderation, image.moderation_checked = [], ""',
            ),
        ),
        "tests/library/test_moderation.py::test_flags_stay_while_the_service_is_out_of_reach",
    ),
    PlantedFinding(
        14,
        "erasing leaves the originals",
        (Edit("mediahub/jobs/purge_files.py", "sum(originals.erase_key(key) for key in purge.keys)", "0"),),
        "tests/journeys/test_purge.py::test_nothing_of_an_erased_image_is_left",
    ),
    PlantedFinding(
        14,
        "the history of an erased image stays",
        (Edit("mediahub/jobs/purge_records.py", "    Change.objects.filter(image=image_id).delete()\n", ""),),
        "tests/journeys/test_purge.py::test_nothing_of_an_erased_image_is_left",
    ),
    PlantedFinding(
        17,
        "everybody shares searches",
        (Edit(f"{LIBRARY}saved_searches.py", 'return user.has_perm("library.change_image")', "return True"),),
        "tests/desk/test_library.py::test_only_who_changes_images_saves_a_search_for_everybody",
    ),
    PlantedFinding(
        18,
        "downloads are not counted",
        (Edit("mediahub/jobs/downloads.py", "if unfinished.count() >= settings.DOWNLOAD_MAX_OPEN:", "if False:"),),
        "tests/desk/test_jobs.py::test_downloads_in_progress_are_limited_for_each_person",
    ),
    PlantedFinding(
        19,
        "whoever fetches a ZIP file goes unnoted",
        (Edit("mediahub/jobs/downloads.py", "if chunk.job.by_id != user.pk:", "if False:"),),
        "tests/desk/test_jobs.py::test_who_fetches_anothers_zip_file_is_noted",
    ),
    PlantedFinding(
        36,
        "tags are merged without the permission",
        (Edit("mediahub/desk/library/tag_views.py", '@require_permission("library.delete_tag")\n', ""),),
        "tests/desk/test_permissions.py::test_s6_d12_each_role_gets_what_the_table_says[editor]",
    ),
    PlantedFinding(
        36,
        "a file of a hidden image is shown by its number",
        (
            Edit(
                "mediahub/desk/library/version_views.py",
                'get_object_or_404(access.visible_images(user).prefetch_related("renditions"), pk=image_id)',
                'get_object_or_404(Image.objects.prefetch_related("renditions"), pk=image_id)',
            ),
        ),
        "tests/desk/test_permissions.py::test_s6_d12_each_role_gets_what_the_table_says[editor]",
    ),
)
