"""The findings, heaviest first; a test is named by its file below tests/ and its function."""

from tests.findings import Finding

HIGH, MEDIUM, LOW, BUILT = "high", "medium", "low", "added"
USED, TICKETS = "journeys/test_used_tickets.py::", "uploads/test_tickets.py::"
SCOPES, UNDO, VERSIONS = "desk/test_scopes.py::", "library/test_undo.py::", "library/test_versions.py::"
MODERATION, GUARD, SIGN = "library/test_moderation.py::", "local/test_guard.py::", "desk/test_sign.py::"
PURGE, JOBS, SIGN_IN = "journeys/test_purge.py::", "desk/test_jobs.py::", "desk/test_sign_in.py::"

FINDINGS = (
    Finding(
        HIGH,
        "The holder of a used ticket overwrites the original of an image, also of a published one",
        (
            f"{USED}test_d6_a_used_ticket_changes_nothing_that_is_published",
            f"{USED}test_d6_a_second_upload_in_parts_is_refused_by_the_store_itself",
            f"{USED}test_d6_the_first_version_stays_while_it_waits_to_be_tried_again",
            f"{USED}test_a_completed_upload_without_the_condition_has_no_signature",
        ),
    ),
    Finding(
        HIGH,
        "The consistency check says nothing of it, and the true original is deleted as an old version",
        (
            f"{USED}test_d6_a_used_ticket_changes_nothing_that_is_published",
            f"{USED}test_a_chief_editor_puts_an_original_back_on_top_so_that_the_bucket_never_forgets_it",
        ),
    ),
    Finding(
        HIGH,
        "Activity, failures, jobs, uploads, tags, and figures tell words of images in closed collections",
        (
            "desk/test_closed.py::test_d12_no_address_tells_a_word_of_a_closed_image",
            f"{SCOPES}test_a_file_on_its_way_into_a_closed_collection_is_closed_to_others",
            f"{SCOPES}test_a_cause_is_told_by_an_item_that_is_open_to_the_reader",
            f"{SCOPES}test_a_job_names_the_failures_on_open_images_and_counts_the_others",
            f"{SCOPES}test_a_tag_counts_on_open_images_and_is_offered_when_one_has_it",
            f"{SCOPES}test_history_masks_the_titles_of_closed_images",
        ),
    ),
    Finding(
        HIGH,
        "The mirror holds texts and tags of images that are not published",
        ("delivery/test_mirror.py::test_of_what_is_not_public_the_mirror_tells_no_words_and_no_tags",),
    ),
    Finding(
        HIGH,
        "Undo asks neither for the permission of each change nor whether the image is visible",
        (
            f"{UNDO}test_who_lost_the_right_takes_nothing_back",
            f"{UNDO}test_an_image_that_was_closed_since_is_not_changed_and_not_named",
            f"{UNDO}test_of_one_act_each_line_is_judged_by_itself",
            f"{UNDO}test_a_collection_that_is_closed_to_the_person_is_not_opened_again",
        ),
    ),
    Finding(
        HIGH,
        "Who may not publish replaces or restores the file of a published image, and flags on it change nothing",
        (
            f"{VERSIONS}test_a_new_file_of_a_published_image_waits_for_who_may_publish",
            f"{VERSIONS}test_a_file_that_was_flagged_waits_whoever_sent_it_and_goes_out_when_it_was_looked_at",
            f"{VERSIONS}test_undoing_a_replacement_of_what_is_public_needs_the_right_to_publish",
            "uploads/test_ingest.py::test_a_file_sent_for_a_published_image_goes_out_only_from_who_may_publish",
        ),
    ),
    Finding(
        MEDIUM,
        "A ticket in parts limits neither a part nor their sum, and nothing limits the bytes of a person",
        (
            f"{TICKETS}test_d9_a_large_file_is_sent_in_parts",
            f"{TICKETS}test_d8_the_bytes_of_one_day_are_bounded_for_each_person",
            f"{SIGN}test_d8_too_many_bytes_in_one_day_are_answered_with_when_to_come_back",
        ),
    ),
    Finding(
        MEDIUM,
        "A file that nothing looked at counts as not flagged, and a failed check clears flags",
        (
            f"{MODERATION}test_a_file_that_nothing_looked_at_goes_out_when_a_person_has",
            f"{MODERATION}test_flags_stay_while_the_service_is_out_of_reach",
            f"{MODERATION}test_a_new_file_that_nothing_looked_at_does_not_reach_the_public",
        ),
    ),
    Finding(
        MEDIUM,
        "Tokens of invitations stand in the log",
        (
            "test_logs.py::test_no_answer_to_an_invitation_writes_its_token",
            "test_logs.py::test_a_function_writes_no_token_and_no_signature",
        ),
    ),
    Finding(
        MEDIUM,
        "XMP in UTF-16 hides a document type and unpacks without end",
        ("processing/test_metadata_merge.py::test_b16_a_document_type_is_refused_in_every_encoding",),
    ),
    Finding(
        MEDIUM,
        "A downloaded original keeps any suffix, such as .bat",
        (
            "library/test_file_names.py::test_an_original_is_named_by_what_it_is",
            f"{JOBS}test_d11_an_original_is_named_by_what_it_is",
        ),
    ),
    Finding(
        MEDIUM,
        "The local AWS answers pages of any origin, with a key that everybody knows, and others read its files",
        (
            f"{GUARD}test_a_key_that_everybody_knows_is_nobodys",
            f"{GUARD}test_what_nobody_signed_is_refused",
            f"{GUARD}test_pages_of_other_machines_are_refused_whatever_they_know",
            f"{GUARD}test_what_it_keeps_is_its_owners_alone",
        ),
    ),
    Finding(
        MEDIUM,
        "NUL, deep JSON, long numbers, and odd ids end in an error of the server",
        (
            "desk/test_odd_input.py::test_the_gate_answers_400_without_sign_in_and_asks_no_database",
            "desk/test_odd_input.py::test_a_program_that_sends_no_json_object_gets_a_reason",
            "desk/test_odd_addresses.py::test_no_odd_part_of_an_address_is_an_error_of_the_server",
            "desk/test_odd_forms.py::test_no_body_is_an_error_of_the_server",
        ),
    ),
    Finding(
        MEDIUM,
        "No image and no person can be erased for good",
        (
            f"{PURGE}test_nothing_of_an_erased_image_is_left",
            f"{PURGE}test_what_comes_late_brings_nothing_back",
            f"{PURGE}test_a_worker_that_dies_on_the_way_is_followed_by_the_clock",
            f"{PURGE}test_a_restored_database_learns_from_the_bucket",
            "desk/test_departures.py::test_the_history_names_nobody_and_searches_pass_on",
            "desk/test_departures.py::test_no_door_stays_open",
        ),
    ),
    Finding(
        LOW,
        "A role may decrypt with the key by itself",
        (
            "aws/test_keys.py::test_no_code_asks_kms_by_itself",
            "deploy/test_template.py::test_e1_e4_each_loosened_setting_is_noticed",
        ),
    ),
    Finding(
        LOW,
        "Scripts may come from anywhere on CloudFront's host",
        ("aws/test_signed_hosts.py::test_cloudfronts_host_shows_pictures_and_serves_what_pages_load",),
    ),
    Finding(
        LOW,
        "People without permissions save searches for everyone",
        ("desk/test_library.py::test_only_who_changes_images_saves_a_search_for_everybody",),
    ),
    Finding(
        LOW,
        "Nothing limits a person's downloads in progress",
        (f"{JOBS}test_downloads_in_progress_are_limited_for_each_person",),
    ),
    Finding(
        LOW,
        "Nobody learns who fetched another person's ZIP file",
        (f"{JOBS}test_who_fetches_anothers_zip_file_is_noted",),
    ),
    Finding(
        LOW,
        "A ticket outlives its person's account",
        (f"{USED}test_a_ticket_brings_nothing_after_its_person_has_left",),
    ),
    Finding(
        LOW,
        "Pages may use cameras and other devices",
        ("desk/test_site.py::test_every_page_carries_the_policy_and_no_inline_style_or_script",),
    ),
    Finding(
        LOW,
        "After signing out, files and drafts stay in the browser",
        ("desk/test_session.py::test_signing_out_leaves_nothing_in_the_browser",),
    ),
    Finding(
        LOW,
        "Full-width signs begin a formula in a table",
        ("library/test_spreadsheets.py::test_what_a_program_may_take_for_a_formula_is_escaped",),
    ),
    Finding(
        LOW,
        "Passwords of eight characters are accepted",
        ("deploy/test_package.py::test_an_invitation_leads_to_a_password",),
    ),
    Finding(
        LOW,
        "A key with the end of a line forges a line of the log",
        ("test_logs.py::test_s2_a_message_is_one_line_whatever_it_names",),
    ),
    Finding(
        LOW,
        "The end of a line in a title ends in an error of the server when its file is opened",
        (
            "desk/test_naughty_strings.py::test_s2_what_is_typed_is_on_one_line_where_names_are_made_of_it",
            "desk/test_naughty_strings.py::test_s2_no_name_of_a_download_is_more_than_a_name",
        ),
    ),
    Finding(
        LOW,
        "Markdown to copy holds tags and code of the alt text",
        ("desk/test_naughty_strings.py::test_s2_what_is_copied_into_other_pages_is_text_there",),
    ),
    Finding(
        LOW,
        "Workers read CloudFront's private key and the site's",
        (
            "local/test_roles.py::test_s4_e4_a_role_may_not",
            "test_secrets.py::test_a_worker_has_a_key_of_its_own_and_reads_no_secret",
        ),
    ),
    Finding(
        LOW,
        "The decoder of hostile files signs in as the user who owns the database",
        (
            "test_database_rights.py::test_a_user_may_not",
            "aws/test_database_users.py::test_each_role_signs_in_as_its_own_user_alone",
        ),
    ),
    Finding(
        LOW,
        "The deployer may change every API",
        ("aws/test_deployer.py::test_the_deployer_changes_the_api_of_its_stage_and_no_other",),
    ),
    Finding(
        LOW,
        "Rejected files stay for ever",
        ("journeys/test_rejected_files.py::test_a_rejected_file_goes_when_its_time_is_over",),
    ),
    Finding(
        LOW,
        "What a browser stores of a person outlives a session that ended by itself",
        ("desk/test_stored_data.py::test_another_person_who_signs_in_gets_nothing_of_the_one_before",),
    ),
    Finding(
        BUILT,
        "Bill of materials, and licenses of what is shipped",
        (
            "deploy/test_sbom.py::test_it_lists_each_locked_package_once",
            "deploy/test_sbom.py::test_each_license_is_allowed_or_accepted_with_a_reason",
        ),
    ),
    Finding(BUILT, "security.txt", ("desk/test_security_txt.py::test_it_names_contacts_and_a_day_within_the_year",)),
    Finding(
        BUILT,
        "Reports of the policy are counted",
        ("desk/test_csp_reports.py::test_a_report_is_counted_and_nothing_of_it_is_kept",),
    ),
    Finding(
        BUILT,
        "Each address answers each role as a table says",
        ("desk/test_permissions.py::test_s6_d12_each_role_gets_what_the_table_says",),
    ),
    Finding(
        BUILT,
        "Every change of a ticket is refused",
        (
            "uploads/test_ticket_changes.py::test_s1_d5_s3_takes_a_form_as_it_was_issued_and_no_other",
            "uploads/test_ticket_changes.py::test_s1_d5_s3_takes_a_step_as_it_was_signed_and_no_other",
            "uploads/test_ticket_changes.py::test_d6_a_finished_upload_in_parts_takes_nothing_more",
            "uploads/test_ticket_changes.py::test_d7_a_step_is_signed_for_the_upload_of_its_person_alone",
        ),
    ),
    Finding(
        BUILT,
        "No text is more than text",
        (
            "desk/test_naughty_strings.py::test_s2_d10_no_naughty_string_is_more_than_text",
            "desk/test_naughty_strings.py::test_s2_no_form_gives_a_naughty_string_back_as_more_than_text",
            "desk/test_closed.py::test_s2_each_word_that_is_planted_is_told_as_text_to_who_may_see_everything",
        ),
    ),
    Finding(
        BUILT,
        "A second factor is asked for, and demanded by role",
        (
            f"{SIGN_IN}test_s6_the_second_factor_is_asked_for_after_the_password",
            f"{SIGN_IN}test_s6_a_chief_editor_without_a_factor_reaches_nothing_else",
            f"{SIGN_IN}test_a_code_works_once",
            f"{SIGN_IN}test_setting_up_an_app_opens_the_desk_and_shows_recovery_codes_once",
            f"{SIGN_IN}test_changing_factors_needs_a_recent_sign_in",
            f"{SIGN_IN}test_a_passkey_that_confirms_who_one_is_must_be_unlocked",
            "browser/test_sign_in.py::test_a_passkey_is_added_and_signs_in_without_a_password",
            "browser/test_sign_in.py::test_a_chief_editor_sets_up_an_app_and_signs_in_with_a_code_and_a_recovery_code",
        ),
    ),
    Finding(
        BUILT,
        "Guessing is stopped and tells nothing",
        (
            f"{SIGN_IN}test_d15_known_and_unknown_people_get_the_same_answer",
            f"{SIGN_IN}test_d15_too_many_failures_stop_a_name_from_an_address_for_a_while",
            f"{SIGN_IN}test_many_names_from_one_address_are_stopped",
            f"{SIGN_IN}test_nobody_is_locked_out_from_where_they_sign_in_from",
            f"{SIGN_IN}test_the_addresses_of_one_ipv6_customer_count_as_one",
            f"{SIGN_IN}test_codes_cannot_be_guessed_either",
            f"{SIGN_IN}test_d15_no_header_of_the_client_changes_its_address",
            "worker/test_lambda_entry.py::test_no_client_chooses_the_address_that_is_counted",
            "browser/test_sign_in.py::test_too_many_failures_are_told_with_the_time_to_wait",
        ),
    ),
    Finding(
        BUILT,
        "People end their sessions, and those that are not used end",
        (
            f"{SIGN_IN}test_signing_out_everywhere_ends_every_session_and_clears_the_browser",
            f"{SIGN_IN}test_a_person_sees_and_ends_their_own_sessions",
            f"{SIGN_IN}test_a_session_ends_when_it_is_not_used",
            f"{SIGN_IN}test_what_a_script_asks_by_itself_keeps_no_session_alive",
            f"{SIGN_IN}test_no_session_outlives_its_time_however_much_it_is_used",
        ),
    ),
    Finding(
        BUILT,
        "An organization's provider lets in known people only",
        ("desk/test_organization.py::test_a_known_person_comes_in_and_nobody_else",),
    ),
    Finding(
        BUILT,
        "A decoder opens, starts, and sees nothing",
        ("jail/test_jail.py::test_a_decoder_can_open_start_and_see_nothing",),
    ),
    Finding(
        BUILT,
        "A decoder that eats, spins, or dies refuses its file and no other",
        (
            "jail/test_jail.py::test_whatever_ends_a_decoder_refuses_its_file_and_no_other",
            "jail/test_batch.py::test_r4_a_poison_file_is_refused_at_once_and_its_nine_siblings_are_ready",
        ),
    ),
    Finding(
        BUILT,
        "Altered files and messages are processed or refused with a code",
        ("fuzz/test_fuzz.py::test_b27_altered_files_and_messages_are_processed_or_refused_with_a_code",),
    ),
)
