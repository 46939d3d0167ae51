"""The tests that `make test-slow` runs and `make test` leaves out: which, and what holds the same in `make test`.

A name stands for the whole file, for one test with all its parameters, or for one test with the parameters named.
"""

from functools import cache

FEWER_METHODS = "Reading by other methods than GET; make test asks with GET and POST."
INTERRUPTED = "Sends 12 MB in parts; a pause between parts and a reload after a lost answer stay in make test."
LESS = "This role sees less than the deputy does."
LOOKED_AT = "Every page once more; make test looks at each once, by turns wide and light, and narrow and dark."
ONE_FILE = "The script is that of the upload page, which test_upload.py and test_going_on.py interrupt in the same way."
SESSION = "One end of the session of several; desk/test_session.py holds what the site answers."
WORDS = "One interruption of several; another person at the machine stays in make test."
LINE = "One interruption of several; a reload after a lost answer and a pause between parts stay in make test."
REFUSED = "One refusal of several, shown in the same way; a file of another kind stays in make test."
KEYS = "Keys that come faster than answers, and tags by keys, stay in make test."
TWO = "One meeting of two editors; words that meet stay in make test, and desk holds what the site answers."
TYPED = "One way to leave what is half typed; a half-typed tag and another person at the machine stay in make test."
NAMES = "make test sends a folder, and photographs among other files; uploads holds what the site answers."
GRID = "Filters and bulk edits stay in make test; collections are filled by keys there."
SAME_PAGE = "make test looks at the page in another language or look, or goes through it by keyboard."
ODD = "Some thousand odd requests; desk/test_odd_input.py holds how each kind is refused."
SIGN_IN = "desk/test_sign_in.py holds what the site answers; a passkey and an app are tried in make test."
COMMANDS = "Starts functions as Lambda does; make test rebuilds the mirror and steers a job by commands in this way."
PACKAGE = "Makes the package of 31 MB as Zappa does; processing and worker are tried by their own tests."
SLOW = {
    "simulation/test_simulation.py::test_r1_a_thousand_storms_of_this_day_break_no_promise": (
        "Each storm takes a tenth of a second; make test plays ten."
    ),
    "simulation/test_simulation.py::test_a_planted_bug_is_found_by_the_run_that_the_document_names": (
        "A dozen processes say that the simulation finds bugs; the code itself is held by the storms of make test."
    ),
    "simulation/test_simulation.py::test_a_seed_plays_the_same_run_again": "It tries the simulation, as they do.",
    "journeys/test_deaths.py": "Forty-eight workers die; the storms of the simulation let them die at the same steps.",
    "test_soak.py": "Starts a site's workers for each database; it tries the command behind make soak.",
    "journeys/test_extremes.py::test_no_page_fails_for_what_a_file_holds": (
        "Every page, with whatever a file holds, in three zones; uploads and processing try what is taken from files."
    ),
    **{
        f"desk/test_closed.py::test_d12_no_address_tells_a_word_of_a_closed_image[{role}]": LESS
        for role in ("stranger", "guest", "editor", "chief editor", "onlooker")
    },
    "desk/test_closed.py::test_d12_no_address_tells_a_word_of_a_closed_image[deputy-admin]": (
        "Half of the addresses; desk/test_scopes.py holds what each kind of list and page leaves out."
    ),
    **{
        f"desk/test_permissions.py::test_s6_d12_each_role_gets_what_the_table_says[{role}]": "One role of nine."
        for role in ("anonymous", "outsider", "inactive", "guest", "viewer", "deputy", "chief", "administrator")
    },
    **{
        f"desk/test_naughty_strings.py::test_s2_no_form_gives_a_naughty_string_back_as_more_than_text[{place}]": (
            "make test asks every page for records that hold such strings, and sends files that do."
        )
        for place in range(6)
    },
    **{
        f"desk/test_naughty_strings.py::test_s2_d10_no_naughty_string_is_more_than_text[{part}]": "One fifth of five."
        for part in range(1, 5)
    },
    "desk/test_odd_addresses.py": ODD,
    "desk/test_odd_forms.py": ODD,
    "journeys/test_credit.py": "Reads 330 files back; delivery and processing try the writing of each kind.",
    "desk/test_permissions.py::test_other_methods_and_records_are_answered_alike": FEWER_METHODS,
    "local/test_site.py::test_ctrl_c_stops_all_of_it_and_a_second_start_keeps_the_data": (
        "Starts two sites one after the other; what outlives a restart is held by local/test_stack.py."
    ),
    "local/test_site.py::test_the_demo_alone_leaves_a_running_site_alone": "Starts a second site beside the first.",
    "local/test_site.py::test_the_demo_prints_a_table_for_people": "The same files as JSON stay in make test.",
    **{
        f"local/test_site.py::test_a_demo_that_cannot_begin_says_why[{words}]": "One reason of three."
        for words in ("no file", "no such file")
    },
    "local/test_site.py::test_what_another_site_holds_is_refused_with_what_to_do[port]": (
        "make test asks for a state that another site holds, and for another port."
    ),
    "browser/test_going_on.py::test_a_file_that_the_browser_lost_is_chosen_again_and_goes_on": INTERRUPTED,
    "browser/test_going_on.py::test_parts_that_were_put_together_just_before_a_reload_have_arrived": INTERRUPTED,
    "browser/test_going_on.py::test_parts_that_were_not_put_together_before_a_reload_are": INTERRUPTED,
    "browser/test_going_on.py::test_an_upload_whose_ticket_ended_while_the_page_was_away_begins_anew": INTERRUPTED,
    "browser/test_upload.py::test_what_a_reload_interrupted_is_offered_again": INTERRUPTED,
    "browser/test_one_file.py::test_a_large_file_replaces_an_image_in_parts_with_a_pause": ONE_FILE,
    "browser/test_one_file.py::test_the_session_and_the_line_end_while_a_file_is_replaced": ONE_FILE,
    "browser/test_one_file.py::test_a_reload_while_a_file_is_replaced_loses_no_one": ONE_FILE,
    "browser/test_pages.py::test_every_page_is_accessible_in_each_look": LOOKED_AT,
    "browser/test_pages.py::test_arabic_is_read_from_the_right": LOOKED_AT,
    "browser/test_pages.py::test_long_german_words_fit_into_a_narrow_window": LOOKED_AT,
    "browser/test_together.py::test_the_words_of_an_image_are_saved_after_the_session_has_ended": SESSION,
    "browser/test_together.py::test_a_bulk_edit_is_done_after_the_session_has_ended": SESSION,
    "browser/test_together.py::test_a_sign_in_that_overtakes_the_answer_about_the_session_breaks_no_form": SESSION,
    "browser/test_together.py::test_a_session_that_ends_a_moment_after_the_page_came_loses_nothing": SESSION,
    "browser/test_typed.py::test_the_session_ends_in_the_review_and_all_goes_on_after_signing_in_again": SESSION,
    "browser/test_words.py::test_the_session_ends_while_words_are_saved_and_saving_goes_on": SESSION,
    "browser/test_words.py::test_saving_waits_for_the_connection_and_goes_on_by_itself": WORDS,
    "browser/test_words.py::test_saving_that_the_page_did_not_live_to_see_is_found_done": WORDS,
    "browser/test_words.py::test_two_pages_of_one_person_keep_their_words_apart": WORDS,
    "browser/test_duplicates.py": "Copies by keys; desk/test_duplicates.py holds each answer.",
    "browser/test_work.py::test_renditions_are_made_anew_after_the_price_was_said": (
        "Orders a job and waits for it; desk/test_jobs.py and jobs/test_plans.py hold the price and the work."
    ),
    "browser/test_published.py::test_the_desk_shows_it_on_a_checkerboard_and_fetches_one_file": (
        "One file of a set; delivery/test_public.py holds what a page offers, and test_pages.py shows the desk's."
    ),
    "browser/test_recovery.py": "Twenty failures by mouse and keys; desk/test_failed_items.py holds each answer.",
    "browser/test_work.py::test_a_selection_becomes_a_zip_by_keyboard_and_what_failed_is_tried_again": (
        "Waits for two jobs; jobs/test_downloads.py holds what they make."
    ),
    **dict.fromkeys(
        (
            "browser/test_going_on.py::test_a_line_that_breaks_without_a_word_is_tried_again",
            "browser/test_going_on.py::test_the_server_is_away_for_a_while",
            "browser/test_going_on.py::test_what_the_store_refuses_for_good_says_so_in_a_sentence",
            "browser/test_going_on.py::test_a_lost_file_can_be_left_out",
            "browser/test_going_on.py::test_the_session_ends_while_files_are_sent_and_all_arrive_after_signing_in",
            "browser/test_going_on.py::test_leaving_is_warned_of_while_a_file_is_sent_and_not_after",
            "browser/test_going_on.py::test_offline_is_said_and_sending_goes_on_by_itself",
            "browser/test_going_on.py::test_a_late_answer_does_not_bring_a_skipped_file_back",
        ),
        LINE,
    ),
    **dict.fromkeys(
        (
            "browser/test_one_file.py::test_what_is_no_picture_or_too_large_is_refused_before_it_is_sent",
            "browser/test_one_file.py::test_who_may_not_replace_any_more_is_told_so",
            "browser/test_one_file.py::test_a_form_that_lay_open_over_night_sends_all_the_same",
            "browser/test_one_file.py::test_without_scripts_the_way_back_from_the_stores_own_page_says_what_to_do",
            "browser/test_upload.py::test_a_file_the_server_refuses_says_so_at_the_file",
            "browser/test_upload.py::test_what_a_camera_made_becomes_images",
            "browser/test_one_file.py::test_a_file_dropped_to_replace_another_waits_for_the_button",
            "browser/test_one_file.py::test_what_the_store_refuses_comes_back_with_a_sentence",
            "browser/test_one_file.py::test_a_form_without_a_ticket_says_why",
            "browser/test_review.py::test_a_refusal_names_the_image_and_paints_it_as_it_is",
            "browser/test_review.py::test_what_cannot_be_published_says_why_and_can_after_the_words",
        ),
        REFUSED,
    ),
    **dict.fromkeys(
        (
            "browser/test_review.py::test_a_tag_of_the_whole_batch_leaves_an_image_to_review",
            "browser/test_review.py::test_keys_are_those_that_the_editor_has_set",
            "browser/test_review.py::test_leaving_is_warned_of_while_something_waits",
            "browser/test_review.py::test_the_end_is_said",
            "browser/test_review.py::test_acts_of_who_was_signed_out_wait_for_the_next_sign_in",
            "browser/test_review.py::test_the_list_of_keys_opens_holds_the_focus_and_closes",
            "browser/test_review.py::test_the_threshold_shows_what_is_taken_and_is_remembered",
            "browser/test_review.py::test_boxes_are_brought_out_by_mouse_and_focus",
            "browser/test_review.py::test_the_zoom_is_moved_by_arrows_and_left",
            "browser/test_keyboard.py::test_a_filter_menu_opens_and_closes",
            "browser/test_keyboard.py::test_the_words_are_kept",
            "browser/test_review.py::test_without_a_script_the_review_goes_on",
            "browser/test_review.py::test_the_place_the_address_and_what_is_left_follow",
            "browser/test_keyboard.py::test_a_failed_item_is_retried_to_its_end",
            "browser/test_crop.py::test_the_point_is_moved_by_click_and_keys_and_the_crops_follow",
            "browser/test_review.py::test_what_waits_survives_a_reload_and_answers_that_were_lost",
            "browser/test_review.py::test_everything_is_taken_back_in_its_turn",
            "browser/test_review.py::test_what_was_meant_for_an_image_that_is_not_there_yet_hits_no_other",
            "browser/test_review.py::test_words_are_typed_kept_and_keys_stay_letters",
            "browser/test_keyboard.py::test_images_are_selected_and_published",
        ),
        KEYS,
    ),
    **dict.fromkeys(
        (
            "browser/test_together.py::test_words_that_are_not_saved_yet_stay_while_a_tag_is_decided",
            "browser/test_together.py::test_somebody_else_who_signs_in_sends_nothing_of_it",
            "browser/test_together.py::test_a_credit_for_many_leaves_the_caption_that_is_saved_meanwhile",
            "browser/test_together.py::test_words_for_a_batch_leave_the_title_that_is_typed_meanwhile",
            "browser/test_together.py::test_two_editors_change_different_words_of_one_image",
            "browser/test_together.py::test_without_a_script_what_was_typed_comes_along_through_the_sign_in",
            "browser/test_together.py::test_a_credit_that_somebody_else_gives_meanwhile_is_asked_about",
            "browser/test_together.py::test_a_sign_in_in_another_tab_breaks_no_form",
            "browser/test_together.py::test_a_picture_that_comes_while_all_results_are_chosen_is_not_published",
        ),
        TWO,
    ),
    **dict.fromkeys(
        (
            "browser/test_typed.py::test_a_slow_answer_moves_nothing_that_is_being_typed",
            "browser/test_typed.py::test_words_that_a_crash_cut_off_are_there_again",
            "browser/test_typed.py::test_two_editors_in_one_review_lose_nothing",
            "browser/test_typed.py::test_what_another_editor_wrote_first_is_shown_beside_what_was_typed",
            "browser/test_words.py::test_words_saved_before_the_first_file_reach_it_after_a_reload",
            "browser/test_typed.py::test_half_typed_words_are_saved_for_the_image_they_were_typed_for",
            "browser/test_typed.py::test_nothing_is_sent_under_the_name_of_another_who_signs_in",
            "browser/test_words.py::test_words_typed_before_the_first_file_are_there_again",
            "browser/test_words.py::test_words_typed_for_sent_pictures_wait_for_them_and_no_others",
        ),
        TYPED,
    ),
    **dict.fromkeys(
        (
            "browser/test_odd_files.py::test_a_name_that_lies_does_not_decide",
            "browser/test_odd_files.py::test_names_do_not_decide",
            "browser/test_odd_files.py::test_every_file_can_be_chosen",
            "browser/test_odd_files.py::test_a_composed_name_is_stored_composed",
            "browser/test_odd_files.py::test_a_folder_with_what_systems_leave_is_told_in_one_line",
            "browser/test_sending.py::test_what_is_there_already_waits_for_an_answer_and_what_is_pasted_is_named",
        ),
        NAMES,
    ),
    **dict.fromkeys(
        (
            "browser/test_library.py::test_pictures_keep_their_place_while_they_load",
            "browser/test_library.py::test_shift_and_control_choose_ranges_and_single_ones",
            "browser/test_library.py::test_enter_in_a_field_presses_its_own_button_and_publishes_nothing",
            "browser/test_library.py::test_what_somebody_else_changes_shows_by_itself",
            "browser/test_library.py::test_how_it_is_shown_is_remembered",
            "browser/test_library.py::test_a_frame_drawn_with_the_mouse_chooses_what_it_touches",
            "browser/test_library.py::test_without_a_script_images_are_published_and_taken_down",
            "browser/test_library.py::test_arrows_move_space_chooses_and_shift_takes_along",
            "browser/test_collections.py::test_selected_images_are_dragged_onto_a_collection",
            "browser/test_library.py::test_more_comes_while_one_scrolls_until_all_are_there",
            "browser/test_collections.py::test_without_javascript_all_of_it_is_forms",
            "browser/test_collections.py::test_the_tree_stays_as_it_was_left",
        ),
        GRID,
    ),
    **dict.fromkeys(
        (
            "browser/test_sign_in.py::test_a_passkey_is_a_second_factor_as_well",
            "browser/test_sign_in.py::test_too_many_failures_are_told_with_the_time_to_wait",
            "browser/test_sign_in.py::test_signing_out_everywhere_ends_the_other_browser",
        ),
        SIGN_IN,
    ),
    **dict.fromkeys(
        (
            "browser/test_sign_in.py::test_the_pages_of_the_account_fit_into_a_narrow_window",
            "browser/test_erasing.py::test_an_image_is_erased_without_scripts",
            "browser/test_erasing.py::test_the_page_of_a_person_who_leaves_has_no_findings[chromium-de]",
            "browser/test_published.py::test_a_transparent_logo_is_right_on_a_dark_page",
            "browser/test_pages.py::test_the_chosen_theme_wins_over_the_machines",
        ),
        SAME_PAGE,
    ),
    "browser/test_published.py::test_of_each_kind_a_phone_fetches_one_small_avif_and_without_avif_the_fallback": (
        "Seven kinds of file; delivery/test_public.py holds what a page offers."
    ),
    "deploy/test_package.py": PACKAGE,
    "deploy/test_rehearsal.py::test_the_steps_go_the_whole_way_with_the_desk_its_buckets_and_its_worker": (
        "A site of its own goes through a stage's life; stack and commands are tried by their own tests."
    ),
    "jobs/test_reprocess.py::test_c19_a_killed_worker_goes_on_where_it_was": (
        "Kills a Celery worker and waits for its lease to end; jobs/test_plans.py lets the clock go on after a death."
    ),
    "processing/test_metadata_write.py::test_a_file_that_is_cut_off_at_any_byte_is_told_and_not_written": (
        "Cuts at every byte; make test cuts at every seventh."
    ),
    "local/test_event_loop.py::test_sigterm_ends_the_loop_after_its_batch": "Waits for a process of its own.",
    "local/test_stack.py::test_messages_and_items_outlive_a_restart": "Starts a local AWS twice, as its neighbor does.",
    "local/test_site.py::test_a_database_that_is_not_there_is_told_and_all_is_stopped": "Starts a second site.",
    "local/test_stack.py::test_a_second_start_finds_what_the_first_left[15]": "One signal of two.",
    "deploy/test_template.py::test_cloudformation_takes_it": "`make lint` asks cfn-lint about the same template.",
    "deploy/test_template.py::test_e1_e4_each_loosened_setting_is_noticed": "Loosens each setting of the template.",
    "desk/test_closed.py::test_s2_each_word_that_is_planted_is_told_as_text_to_who_may_see_everything": (
        "It tries the walk; make test walks as the deputy, who may not see everything."
    ),
    "desk/test_questions.py::test_pages_ask_as_much_for_many_as_for_few": (
        "Every page twice; desk/test_library.py holds the same of the lists."
    ),
    **{
        f"journeys/test_purge.py::test_a_worker_that_dies_on_the_way_is_followed_by_the_clock[{step}]": "One of four."
        for step in ("_erase_files", "bury_image", "_erase_mentions")
    },
    "bench/test_corpus.py": "It tries the command behind make corpus; processing tries what becomes of each file.",
    **{
        f"jail/test_batch.py::test_r4_a_poison_file_is_refused_at_once_and_its_nine_siblings_are_ready[{poison}]": (
            "One poison of three; jail/test_jail.py lets each end a decoder."
        )
        for poison in ("spin", "overflow")
    },
    "aws/test_names.py::test_each_size_that_may_be_given_is_one_that_fargate_has": (
        "Asks cfn-lint about each size of a worker; `make lint` asks it about the usual one."
    ),
    "desk/test_naughty_strings.py::test_s2_what_is_copied_into_other_pages_is_text_there": (
        "make test asks every page for records that hold such strings."
    ),
    "jobs/test_reprocess.py::test_inline_and_celery_give_the_same_bytes": (
        "Starts a Celery worker; jobs/test_runner.py works on the chunks that it is sent."
    ),
    "jobs/test_commands.py::test_buckets_records_and_mirror_are_compared_through_the_queue": COMMANDS,
    "jobs/test_commands.py::test_an_operator_who_leaves_stops_nothing": COMMANDS,
    "test_findings.py::test_pytest_finds_the_test_of_each_plant_with_its_parameters": (
        "Collects a hundred tests; make test looks for their functions."
    ),
    "browser/test_journey.py": "Thirty photographs by keyboard alone; each step is tried with one or two elsewhere.",
}
# On SQLite alone: make test tries them on PostgreSQL.
SLOW_ON_SQLITE = {
    "library/test_audiences.py::AfterAnySequence::test_the_column_says_what_the_collections_say": (
        "Fifteen sequences of acts, held against the collections; make test tries six on PostgreSQL."
    ),
    **dict.fromkeys(
        (
            "library/test_bulk.py::test_twice_as_many_images_take_as_many_statements",
            "library/test_figures.py::test_what_the_clock_keeps_is_what_pages_count",
            "library/test_figures.py::test_pages_of_a_large_library_count_nothing",
            "library/test_figures.py::test_a_tag_on_hidden_images_alone_is_not_named_by_figures",
            "library/test_figures.py::test_a_small_library_counts_itself",
        ),
        "Counts statements, or many records, of which SQLite is sent the same.",
    ),
}

# What `make test-fast` leaves out besides the slow tests and those that need a browser or the local AWS: folders, and
# files that take five seconds or more. The rules of AWS, decoders in their jails, random files, and long sequences.
NOT_FAST = (
    *("aws", "bench", "browser", "deploy", "fuzz", "jail", "journeys", "local", "simulation"),
    "library/test_figures.py",
    "library/test_search_sorts.py",
    "processing/test_colors.py",
    "processing/test_decode.py",
    "processing/test_metadata_write.py",
    "processing/test_truncation.py",
    "recovery/test_duties.py",
    "uploads/test_permutations.py",
)


def list_slow_files() -> list[str]:
    """Return the paths below tests/ of the files that have slow tests."""
    return sorted({slow.partition("::")[0] for slow in (*SLOW, *SLOW_ON_SQLITE)})


def is_slow(name: str, vendor: str) -> bool:
    """Return whether a test, named by its path below tests/ and its function, is a slow one on a vendor's database."""
    slow_ones = _slow_by_file(vendor).get(name.partition("::")[0], [])
    return any(name == slow or name.startswith((f"{slow}::", f"{slow}[")) or _is_case(name, slow) for slow in slow_ones)


@cache
def _slow_by_file(vendor: str) -> dict[str, list[str]]:
    """Return the slow ones of each file: asking all of them about each test takes a second of each process."""
    by_file: dict[str, list[str]] = {}
    for slow in {**SLOW, **SLOW_ON_SQLITE} if vendor == "sqlite" else SLOW:
        by_file.setdefault(slow.partition("::")[0], []).append(slow)
    return by_file


def _is_case(name: str, slow: str) -> bool:
    """Return whether the parameters begin as those of `slow` do, which a browser's name may follow."""
    return slow.endswith("]") and name.startswith(f"{slow.removesuffix(']')}-")
