"""Edits that bring findings back, one by one, by the number of the finding in the table."""

from tests.aws.plants import Edit
from tests.findings import PlantedFinding

UPLOADS, LIBRARY, TICKETS = "mediahub/uploads/", "mediahub/library/", "mediahub/uploads/tickets.py"
PLANTS = (
    PlantedFinding(
        1,
        "a later version under a ticket is taken",
        (
            Edit(f"{UPLOADS}models.py", "self.has_other_version(version_id) and put_at <= until", "False"),
            Edit(
                f"{UPLOADS}models.py",
                'open_to = ~Q(source=cls.Source.BROWSER, expires_at__isnull=False) | Q(version_id__in=["", '
                "claim.version_id])",
                "open_to = Q()",
            ),
        ),
        "tests/journeys/test_used_tickets.py::test_d6_a_used_ticket_changes_nothing_that_is_published",
    ),
    PlantedFinding(
        1,
        "parts are put together without a condition",
        (
            Edit("processing/store.py", 'params = {**params, "IfNoneMatch": "*"}', "params = {**params}"),
            Edit("processing/store.py", 'return {"If-None-Match": "*"}', "return {}"),
        ),
        "tests/journeys/test_used_tickets.py::test_d6_a_second_upload_in_parts_is_refused_by_the_store_itself",
    ),
    PlantedFinding(
        2,
        "an overwritten original is no finding",
        (
            Edit(
                "mediahub/recovery/comparisons.py",
                "            or _judge_overwritten(listed, record)\n",
                "",
            ),
        ),
        "tests/journeys/test_used_tickets.py::test_d6_a_used_ticket_changes_nothing_that_is_published",
    ),
    PlantedFinding(
        3,
        "the activity begins with every change",
        (Edit(f"{LIBRARY}access.py", 'about_images &= match_open(user, "image__")', "pass"),),
        "tests/desk/test_closed.py::test_d12_no_address_tells_a_word_of_a_closed_image[deputy]",
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
        7,
        "a part may have any size",
        (
            Edit(
                TICKETS,
                'params["ContentLength"] = min(PART_BYTES, (upload.declared_bytes or 0) - (part - 1) * PART_BYTES)',
                "pass",
            ),
        ),
        "tests/uploads/test_tickets.py::test_d9_a_large_file_is_sent_in_parts",
    ),
    PlantedFinding(
        7,
        "parts are not compared with the ticket",
        (Edit(TICKETS, "        _compare_parts(upload, multipart_id)", "        pass"),),
        "tests/uploads/test_tickets.py::test_d9_a_large_file_is_sent_in_parts",
    ),
    PlantedFinding(
        7,
        "a day has no limit",
        (Edit(TICKETS, "    _check_daily_bytes(user, size)\n", ""),),
        "tests/desk/test_sign.py::test_d8_too_many_bytes_in_one_day_are_answered_with_when_to_come_back",
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
        9,
        "records are not masked",
        (Edit("mediahub/logs.py", "        _mask(record)\n", ""),),
        "tests/test_logs.py::test_a_function_writes_no_token_and_no_signature",
    ),
    PlantedFinding(
        10,
        "a document type is looked for in bytes",
        (
            Edit(
                "processing/metadata/xmp.py",
                'if "<!DOCTYPE" in text or "<!ENTITY" in text:',
                'if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:',
            ),
        ),
        "tests/processing/test_metadata_merge.py::test_b16_a_document_type_is_refused_in_every_encoding",
    ),
    PlantedFinding(
        11,
        "an original keeps its suffix",
        (Edit(f"{LIBRARY}file_names.py", 'return f"{stem}.{known.suffix}"', "return file_name"),),
        "tests/library/test_file_names.py::test_an_original_is_named_by_what_it_is",
    ),
    PlantedFinding(
        12,
        "every key is the root's",
        (
            Edit(
                "mediahub/local/guarded_emulator.py",
                'return access_key_id in ("", os.environ["AWS_ACCESS_KEY_ID"])',
                "return True",
            ),
        ),
        "tests/local/test_guard.py::test_a_key_that_everybody_knows_is_nobodys",
    ),
    PlantedFinding(
        12,
        "pages of any origin are answered",
        (
            Edit(
                "mediahub/local/guarded_emulator.py",
                "if origin is not None and not is_private_form and urlsplit(origin).hostname not in LOOPBACK:",
                "if False:",
            ),
        ),
        "tests/local/test_guard.py::test_pages_of_other_machines_are_refused_whatever_they_know",
    ),
    PlantedFinding(
        12,
        "its files are readable by others",
        (Edit("mediahub/local/emulator.py", "            umask=PRIVATE,\n", "            umask=0o022,\n"),),
        "tests/local/test_guard.py::test_what_it_keeps_is_its_owners_alone",
    ),
    PlantedFinding(
        13,
        "the gate lets any text in",
        (
            Edit(
                "mediahub/desk/request_gate.py",
                "if not all(map(is_storable, _texts(request))) or not _is_utf8(request):",
                "if False:",
            ),
        ),
        "tests/desk/test_odd_input.py::test_the_gate_answers_400_without_sign_in_and_asks_no_database",
    ),
    PlantedFinding(
        20,
        "a ticket is taken after its person left",
        (Edit(f"{UPLOADS}ingest.py", "if upload.outlives_sender():", "if False:"),),
        "tests/journeys/test_used_tickets.py::test_a_ticket_brings_nothing_after_its_person_has_left",
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
        22,
        "signing out clears nothing",
        (Edit("mediahub/desk/site.py", '        answer["Clear-Site-Data"] = CLEAR_SITE_DATA\n', ""),),
        "tests/desk/test_session.py::test_signing_out_leaves_nothing_in_the_browser",
    ),
    PlantedFinding(
        23,
        "full-width signs are not normalized",
        (Edit(f"{LIBRARY}spreadsheets.py", 'plain = unicodedata.normalize("NFKC", cell)', "plain = cell"),),
        "tests/library/test_spreadsheets.py::test_what_a_program_may_take_for_a_formula_is_escaped",
    ),
    PlantedFinding(
        21,
        "pages carry no Permissions-Policy",
        (
            Edit(
                "mediahub/desk/security_headers.py",
                '        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)\n',
                "",
            ),
        ),
        "tests/desk/test_site.py::test_every_page_carries_the_policy_and_no_inline_style_or_script",
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
    PlantedFinding(
        37,
        "a form allows any size",
        (
            Edit(
                "processing/store.py",
                'conditions.append(["content-length-range", 1, max_bytes])',
                'conditions.append(["content-length-range", 0, 5_000_000_000])',
            ),
        ),
        "tests/uploads/test_ticket_changes.py::test_s1_d5_s3_takes_a_form_as_it_was_issued_and_no_other",
    ),
    PlantedFinding(
        38,
        "a title is not escaped",
        (
            Edit(
                "templates/desk/library/_card.html",
                '"card-name">{{ image.title }}',
                '"card-name">{{ image.title|safe }}',
            ),
        ),
        "tests/desk/test_naughty_strings.py::test_s2_d10_no_naughty_string_is_more_than_text[0]",
    ),
    PlantedFinding(
        38,
        "cells of the activity's table are not escaped",
        (
            Edit(
                "mediahub/desk/activity/presenters.py",
                "tuple(escape_formula(row[name]) for name in COLUMNS)",
                "tuple(row[name] for name in COLUMNS)",
            ),
        ),
        "tests/desk/test_naughty_strings.py::test_s2_d10_no_naughty_string_is_more_than_text[0]",
    ),
    PlantedFinding(
        25,
        "messages keep the ends of lines",
        (
            Edit(
                "mediahub/logs.py",
                '_CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), mask_secrets(message))',
                "mask_secrets(message)",
            ),
        ),
        "tests/test_logs.py::test_s2_a_message_is_one_line_whatever_it_names",
    ),
    PlantedFinding(
        26,
        "a title has several lines",
        (
            Edit(
                f"{LIBRARY}field_edits.py",
                're.sub(r"[\\t\\n]+", " ", value) if is_on_one_line else value',
                "value",
            ),
        ),
        "tests/desk/test_naughty_strings.py::test_s2_what_is_typed_is_on_one_line_where_names_are_made_of_it",
    ),
    PlantedFinding(
        27,
        "Markdown escapes brackets alone",
        (Edit("mediahub/delivery/embed.py", 'for mark in "\\\\[]`<>&*_":', 'for mark in "\\\\[]":'),),
        "tests/desk/test_naughty_strings.py::test_s2_what_is_copied_into_other_pages_is_text_there",
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
)
