"""The tests that `make test-slow` runs and `make test` leaves out: which, and what holds the same in `make test`.

A name stands for the whole file, for one test with all its parameters, or for one test with the parameters named.
"""

INTERRUPTED = "Sends 12 MB in parts; an end of the session and a reload between parts stay in make test."
LESS = "This role sees less than the deputy does."
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
    "desk/test_closed.py::test_no_address_tells_a_word_of_a_closed_image[editor]": LESS,
    "desk/test_closed.py::test_no_address_tells_a_word_of_a_closed_image[chief editor]": LESS,
    "desk/test_closed.py::test_no_address_tells_a_word_of_a_closed_image[onlooker]": LESS,
    "local/test_site.py::test_ctrl_c_stops_all_of_it_and_a_second_start_keeps_the_data": (
        "Starts two sites one after the other; what outlives a restart is held by local/test_stack.py."
    ),
    "local/test_site.py::test_the_demo_alone_leaves_a_running_site_alone": "Starts a second site beside the first.",
    "browser/test_going_on.py::test_a_file_that_the_browser_lost_is_chosen_again_and_goes_on": INTERRUPTED,
    "browser/test_going_on.py::test_parts_that_were_put_together_just_before_a_reload_have_arrived": INTERRUPTED,
    "browser/test_going_on.py::test_parts_that_were_not_put_together_before_a_reload_are": INTERRUPTED,
    "browser/test_going_on.py::test_an_upload_whose_ticket_ended_while_the_page_was_away_begins_anew": INTERRUPTED,
    "browser/test_journey.py": "Thirty photographs by keyboard alone; each step is tried with one or two elsewhere.",
}


def is_slow(name: str) -> bool:
    """Return whether a test, named by its path below tests/ and its function, is one of the slow ones."""
    return any(name == slow or name.startswith((f"{slow}::", f"{slow}[")) or _is_case(name, slow) for slow in SLOW)


def _is_case(name: str, slow: str) -> bool:
    """Return whether the parameters begin as those of `slow` do, which a browser's name may follow."""
    return slow.endswith("]") and name.startswith(f"{slow.removesuffix(']')}-")
