"""The tests that `make test-slow` runs and `make test` leaves out: which, and what holds the same in `make test`.

A name stands for the whole file, for one test with all its parameters, or for one test with the parameters named.
"""

FEWER_METHODS = "Reading by other methods than GET; make test asks with GET and POST."
INTERRUPTED = "Sends 12 MB in parts; an end of the session and a reload between parts stay in make test."
LESS = "This role sees less than the deputy does."
LOOKED_AT = "Every page once more; make test looks at each twice, wide and narrow, light and dark."
ONE_FILE = "The script is that of the upload page, which test_upload.py and test_going_on.py interrupt in the same way."
SESSION = "One end of the session of several; desk/test_session.py holds what the site answers."
WORDS = "One interruption of several; a reload and another person at the machine stay in make test."
SLOW = {
    "simulation/test_simulation.py::test_r1_a_thousand_storms_of_this_day_break_no_promise": (
        "Each storm takes a tenth of a second; make test plays fifty."
    ),
    "simulation/test_simulation.py::test_a_planted_bug_is_found_by_the_run_that_the_document_names": (
        "A dozen processes say that the simulation finds bugs; the code itself is held by its fifty storms."
    ),
    "simulation/test_simulation.py::test_a_seed_plays_the_same_run_again": "It tries the simulation, as they do.",
    "journeys/test_deaths.py": "Forty-eight workers die; the storms of the simulation let them die at the same steps.",
    "test_soak.py": "Starts a site's workers for each database; it tries the command behind make soak.",
    "journeys/test_extremes.py::test_no_page_fails_for_what_a_file_holds[America/New_York]": "One zone of three.",
    "journeys/test_extremes.py::test_no_page_fails_for_what_a_file_holds[UTC]": "One zone of three.",
    "desk/test_closed.py::test_d12_no_address_tells_a_word_of_a_closed_image[editor]": LESS,
    "desk/test_closed.py::test_d12_no_address_tells_a_word_of_a_closed_image[chief editor]": LESS,
    "desk/test_closed.py::test_d12_no_address_tells_a_word_of_a_closed_image[onlooker]": LESS,
    **{
        f"desk/test_permissions.py::test_s6_d12_each_role_gets_what_the_table_says[{role}]": "One role of nine."
        for role in ("outsider", "inactive", "viewer", "chief", "administrator")
    },
    **{
        f"desk/test_naughty_strings.py::test_s2_no_form_gives_a_naughty_string_back_as_more_than_text[{place}]": (
            "Make test sends one string of each kind."
        )
        for place in range(1, 6)
    },
    **{
        f"desk/test_naughty_strings.py::test_s2_d10_no_naughty_string_is_more_than_text[{part}]": "One fifth of five."
        for part in range(1, 5)
    },
    "desk/test_permissions.py::test_other_methods_and_records_are_answered_alike": FEWER_METHODS,
    "local/test_site.py::test_ctrl_c_stops_all_of_it_and_a_second_start_keeps_the_data": (
        "Starts two sites one after the other; what outlives a restart is held by local/test_stack.py."
    ),
    "local/test_site.py::test_the_demo_alone_leaves_a_running_site_alone": "Starts a second site beside the first.",
    "browser/test_going_on.py::test_a_file_that_the_browser_lost_is_chosen_again_and_goes_on": INTERRUPTED,
    "browser/test_going_on.py::test_parts_that_were_put_together_just_before_a_reload_have_arrived": INTERRUPTED,
    "browser/test_going_on.py::test_parts_that_were_not_put_together_before_a_reload_are": INTERRUPTED,
    "browser/test_going_on.py::test_an_upload_whose_ticket_ended_while_the_page_was_away_begins_anew": INTERRUPTED,
    "browser/test_upload.py::test_what_a_reload_interrupted_is_offered_again": INTERRUPTED,
    "browser/test_one_file.py::test_a_large_file_replaces_an_image_in_parts_with_a_pause": ONE_FILE,
    "browser/test_one_file.py::test_the_session_and_the_line_end_while_a_file_is_replaced": ONE_FILE,
    "browser/test_one_file.py::test_a_reload_while_a_file_is_replaced_loses_no_one": ONE_FILE,
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
    "browser/test_recovery.py": "Twenty failures by mouse and keys; desk/test_failed_items.py holds each answer.",
    "browser/test_work.py::test_a_selection_becomes_a_zip_by_keyboard_and_what_failed_is_tried_again": (
        "Waits for two jobs; jobs/test_downloads.py holds what they make."
    ),
    "browser/test_journey.py": "Thirty photographs by keyboard alone; each step is tried with one or two elsewhere.",
}
# On SQLite alone: make test tries them on PostgreSQL, which refuses more of what a request may hold.
SLOW_ON_SQLITE = {
    "desk/test_odd_addresses.py": "Some thousand odd addresses.",
    "desk/test_odd_forms.py": "Some thousand odd forms.",
    "journeys/test_extremes.py::test_no_page_fails_for_what_a_file_holds": "Every page, with whatever a file holds.",
}


def is_slow(name: str, vendor: str) -> bool:
    """Return whether a test, named by its path below tests/ and its function, is a slow one on a vendor's database."""
    slow_ones = {**SLOW, **SLOW_ON_SQLITE} if vendor == "sqlite" else SLOW
    return any(name == slow or name.startswith((f"{slow}::", f"{slow}[")) or _is_case(name, slow) for slow in slow_ones)


def _is_case(name: str, slow: str) -> bool:
    """Return whether the parameters begin as those of `slow` do, which a browser's name may follow."""
    return slow.endswith("]") and name.startswith(f"{slow.removesuffix(']')}-")
