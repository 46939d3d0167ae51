"""Which tests are measured: those that add lines to the coverage, each as cheaply as can be.

A test that is measured takes twice its time, and the processes that it starts as well. So the suite measures no test
that drives the whole product, sends every view the same, or runs next to no line that no other test runs; without them
the bound of the coverage must be reached all the same. A name stands for a folder, a file, or a test with all its
parameters, and the longest name of a test decides.
"""

import importlib
import pkgutil

import mediahub
import processing

# Ministack has another Python, the organization needs its settings, and on Lambda all comes from a stack.
ELSEWHERE = ("mediahub.local.guarded_emulator", "mediahub.desk.people.organization", "mediahub.worker.lambda_entry")
UNMEASURED = (
    "aws",
    "bench",
    "browser",
    "deploy",
    "journeys",
    "simulation",
    "delivery/test_mirror.py::test_c8_more_tags_than_a_transaction_takes_stay_on_the_item",
    "delivery/test_public.py",
    "delivery/test_public_credit.py",
    "delivery/test_restored.py::test_what_was_published_since_is_public_no_more",
    "desk/test_activity.py::test_a_page_costs_the_same_for_many_acts_and_goes_on",
    "desk/test_activity.py::test_a_title_that_looks_like_a_date_is_told_as_it_was_typed",
    "desk/test_all_results.py::test_a_form_that_does_not_say_what_was_seen_is_asked",
    "desk/test_all_results.py::test_what_came_after_the_page_was_shown_is_not_published",
    "desk/test_closed.py",
    "desk/test_collections.py::test_five_hundred_collections_cost_as_many_questions_as_two",
    "desk/test_edits.py::test_of_two_who_save_one_field_in_the_same_moment_one_is_asked",
    "desk/test_frontend.py::test_a_broken_lock_is_reported_with_what_npm_said",
    "desk/test_library.py::test_d17_a_page_costs_the_same_for_five_as_for_fifty",
    "desk/test_library.py::test_pages_follow_each_other_without_gap_or_overlap",
    "desk/test_naughty_strings.py",
    "desk/test_permissions.py::test_s6_d12_each_role_gets_what_the_table_says",
    "desk/test_review.py::test_each_decision_of_a_person_on_an_image_is_a_review",
    "desk/test_review.py::test_the_page_and_its_questions_cost_the_same_for_few_as_for_many",
    "desk/test_scopes.py::test_figures_count_what_is_open_to_the_reader",
    "desk/test_stored_data.py",
    "desk/test_web_faults.py::test_d13_no_form_leads_to_another_site",
    "desk/test_weight.py",
    "fuzz/test_fuzz.py",
    "jail/test_batch.py::test_r4_a_poison_file_is_refused_at_once_and_its_nine_siblings_are_ready",
    "jail/test_jail.py::test_every_format_is_the_same_in_the_jail",
    "jail/test_jail.py::test_whatever_ends_a_decoder_refuses_its_file_and_no_other",
    "jobs/test_commands.py",
    "jobs/test_downloads.py::test_it_holds_the_originals_byte_for_byte_and_their_words",
    "jobs/test_downloads.py::test_the_files_are_removed_when_their_time_is_over",
    "jobs/test_downloads.py::test_what_is_missing_is_told_in_the_zip_and_on_the_job",
    "jobs/test_downloads.py::test_what_is_more_than_one_part_holds_goes_into_several",
    "jobs/test_plans.py::test_a_worker_that_dies_while_it_mirrors_leaves_the_rest_to_the_clock",
    "jobs/test_plans.py::test_the_plan_of_renditions_is_what_they_take",
    "jobs/test_plans.py::test_the_plan_of_the_mirror_is_what_it_takes",
    "jobs/test_plans.py::test_the_same_bytes_learn_by_which_recipe_they_were_made",
    "jobs/test_reprocess.py::test_c19_a_chunk_that_is_finished_is_not_done_again",
    "jobs/test_reprocess.py::test_c19_an_interrupted_order_is_gone_on_with",
    "jobs/test_runner.py",
    "library/test_bulk.py::test_twice_as_many_images_take_as_many_statements",
    "library/test_collections.py::test_a_thousand_images_cost_few_questions",
    "library/test_collections.py::test_a_tree_costs_the_same_for_five_hundred",
    "library/test_figures.py",
    "library/test_publishing.py",
    "library/test_search_as_typed.py::test_each_way_to_ask_finds_the_same",
    "library/test_search_as_typed.py::test_what_cannot_be_meant_is_not_corrected",
    "library/test_search_sorts.py::test_a_mark_that_makes_no_sense_is_no_error",
    "library/test_search_sorts.py::test_d17_nothing_that_is_typed_is_an_error",
    "library/test_tag_decisions.py",
    "library/test_undo.py::test_who_has_every_right_takes_it_back",
    "library/test_undo.py::test_who_lost_the_right_takes_nothing_back",
    "local/test_bucket.py",
    "local/test_guard.py",
    "local/test_roles.py",
    "local/test_stack.py::test_a_second_start_finds_what_the_first_left",
    "local/test_stack.py::test_e5_only_listed_addresses_upload_and_reads_are_left_alone",
    "local/test_stack.py::test_plain_http_is_refused_unless_the_deployment_is_local",
    "processing/test_colors.py::test_a_profile_is_judged_by_what_it_does",
    "processing/test_colors.py::test_sixteen_bits_are_scaled_and_converted",
    "processing/test_colors.py::test_the_chunks_of_a_png_count_in_their_order",
    "processing/test_colors.py::test_the_code_points_of_a_heic_count",
    "processing/test_cost.py::test_a_png_of_endless_chunks_is_refused",
    "processing/test_crop.py",
    "processing/test_damage.py::test_a_jpeg_of_which_only_the_beginning_came_is_refused",
    "processing/test_decode.py::test_b17_compressed_text_that_unpacks_without_end_is_bounded",
    "processing/test_decode.py::test_b2_a_truncated_file_is_refused",
    "processing/test_fingerprint.py",
    "processing/test_orientation.py",
    "processing/test_pipeline.py",
    "processing/test_planes.py::test_files_look_like_those_of_the_careful_way",
    "processing/test_tiff.py::test_every_compression",
    "processing/test_tiff.py::test_orientations_are_turned_once",
    "processing/test_tiff.py::test_tiles_and_strips_of_both_depths_and_orders",
    "processing/test_truncation.py",
    "recovery/test_consistency_checks.py::test_a16_it_finds_exactly_what_was_lost_and_mends_it",
    "recovery/test_consistency_checks.py::test_an_image_in_use_is_compared_with_the_bucket_whatever_its_record_says",
    "recovery/test_consistency_checks.py::test_an_original_that_was_deleted_unseen_is_noticed",
    "recovery/test_consistency_checks.py::test_c5_labels_that_could_not_be_had_are_asked_for_again",
    "recovery/test_consistency_checks.py::test_system_files_are_not_missed",
    "recovery/test_dead_letters.py::test_c20_a_retry_of_a_file_that_is_gone_ends_as_deleted",
    "recovery/test_dead_letters.py::test_r6_a_failing_store_ends_on_the_desk_and_a_retry_ends_in_ready_once",
    "recovery/test_duties.py::test_a_duty_that_raises_holds_up_no_other_and_is_told_on_the_page_of_checks",
    "recovery/test_duties.py::test_an_image_that_cannot_be_mirrored_holds_up_no_other",
    "recovery/test_duties.py::test_images_that_fail_do_not_starve_those_behind_them",
    "test_documents.py",
    "test_figures.py::test_costs_in_sentences_are_those_that_the_command_prints",
    "test_findings.py",
    "test_functions.py",
    "test_house.py",
    "test_matrix.py",
    "test_messages.py",
    "test_queue_and_table.py",
    "test_soak.py",
    "test_words.py",
    "uploads/test_crops.py::test_a_version_is_restored_with_its_crops_at_todays_point",
    "uploads/test_crops.py::test_public_copies_follow_and_old_addresses_stay",
    "uploads/test_crops.py::test_the_crops_follow_the_point_and_nothing_else_changes",
    "uploads/test_ingest.py",
    "uploads/test_permutations.py::test_r2_any_order_and_number_of_events_comes_to_one_outcome",
    "uploads/test_refusals.py::test_the_doctor_reads_what_the_worker_would_read",
    "uploads/test_ticket_changes.py",
    "worker/test_clock_rest.py::test_it_does_not_rest_while_a_file_is_on_its_way",
    "worker/test_clock_rest_ends.py",
)
# Measured all the same.
MEASURED = (
    "delivery/test_public.py::test_what_is_wanted_again_while_it_is_swept_stays",
    "fuzz/test_fuzz.py::test_b27_altered_files_and_messages_are_processed_or_refused_with_a_code",
    "jobs/test_commands.py::test_a_job_is_steered_from_the_shell",
    "jobs/test_runner.py::test_a_turn_without_time_is_put_off_and_a_short_one_goes_on",
    "journeys/test_purge.py::test_a_restored_database_learns_from_the_bucket",
    "journeys/test_rejected_files.py::test_a_rejected_file_goes_when_its_time_is_over",
    "journeys/test_used_tickets.py::test_a_chief_editor_puts_an_original_back_on_top_so_that_the_bucket_never_forgets_it",
    "library/test_figures.py::test_a_round_goes_on_where_the_clock_left_off",
)


def import_source() -> None:
    """Import every module, so that its first lines count whichever test comes first to need it."""
    importlib.import_module("mediahub.urls")
    for package in (mediahub, processing):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name not in ELSEWHERE:
                importlib.import_module(module.name)


def is_measured(name: str) -> bool:
    """Return whether the lines of a test are measured, which is named by its path below tests/ and its function."""
    return max((_longest(name, MEASURED), True), (_longest(name, UNMEASURED), False), (0, True))[1]


def _longest(name: str, names: tuple[str, ...]) -> int:
    """Return the length of the longest of the names that stands for a test; -1 where none does."""
    return max(
        (len(one) for one in names if name == one or name.startswith((f"{one}/", f"{one}::", f"{one}["))), default=-1
    )
