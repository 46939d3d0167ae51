"""Findings about the sign-in, sessions, and what a browser stores."""

from tests.aws.plants import Edit
from tests.findings import PlantedFinding

PEOPLE, SETTINGS = "mediahub/desk/people/", "mediahub/settings.py"
TESTS = "tests/desk/test_sign_in.py::"
KNOWN_PERSON = "tests/desk/test_organization.py::test_a_known_person_comes_in_and_nobody_else"

PLANTS = (
    PlantedFinding(
        22,
        "signing out clears nothing",
        (Edit("mediahub/desk/site.py", '        answer["Clear-Site-Data"] = CLEAR_SITE_DATA\n', ""),),
        "tests/desk/test_session.py::test_signing_out_leaves_nothing_in_the_browser",
    ),
    PlantedFinding(
        24,
        "eight characters are a password",
        (Edit(SETTINGS, '"OPTIONS": {"min_length": 12},', '"OPTIONS": {"min_length": 8},'),),
        "tests/deploy/test_package.py::test_an_invitation_leads_to_a_password",
    ),
    PlantedFinding(
        32,
        "the next person finds what the browser stores",
        (Edit("mediahub/desk/stored_data.py", "if owner and owner != user.pk:", "if False:"),),
        "tests/desk/test_stored_data.py::test_another_person_who_signs_in_gets_nothing_of_the_one_before",
    ),
    PlantedFinding(
        39,
        "the password alone signs in",
        (Edit(f"{PEOPLE}adapters.py", 'return ["allauth.mfa.stages.AuthenticateStage"]', "return []"),),
        f"{TESTS}test_s6_the_second_factor_is_asked_for_after_the_password",
    ),
    PlantedFinding(
        39,
        "no role demands a second factor",
        (Edit(f"{PEOPLE}session_rules.py", "        return _demand_factor(request)\n", "        return None\n"),),
        f"{TESTS}test_s6_a_chief_editor_without_a_factor_reaches_nothing_else",
    ),
    PlantedFinding(
        39,
        "one page more opens without the second factor",
        (Edit(f"{PEOPLE}session_rules.py", '*("login", "logout",', '*("login", "logout", "preferences",'),),
        f"{TESTS}test_s6_a_chief_editor_without_a_factor_reaches_nothing_else",
    ),
    PlantedFinding(
        39,
        "a code is taken twice",
        (Edit(SETTINGS, "django.core.cache.backends.db.DatabaseCache", "django.core.cache.backends.dummy.DummyCache"),),
        f"{TESTS}test_a_code_works_once",
    ),
    PlantedFinding(
        39,
        "the last factor of a role that needs it can be removed",
        (
            Edit(
                f"{PEOPLE}adapters.py",
                "return not second_factor.needs_second_factor(authenticator.user) or (",
                "return True or (",
            ),
        ),
        f"{TESTS}test_setting_up_an_app_opens_the_desk_and_shows_recovery_codes_once",
    ),
    PlantedFinding(
        39,
        "an old sign-in is enough to change factors",
        (
            Edit(
                f"{PEOPLE}adapters.py",
                'now - record["at"] < app_settings.REAUTHENTICATION_TIMEOUT for record in records',
                "records",
            ),
        ),
        f"{TESTS}test_changing_factors_needs_a_recent_sign_in",
    ),
    PlantedFinding(
        39,
        "a passkey that confirms who one is need not be unlocked",
        (
            Edit(
                SETTINGS, 'MFA_WEBAUTHN_USER_VERIFICATION = "required"', 'MFA_WEBAUTHN_USER_VERIFICATION = "preferred"'
            ),
        ),
        f"{TESTS}test_a_passkey_that_confirms_who_one_is_must_be_unlocked",
    ),
    PlantedFinding(
        40,
        "nobody is locked out",
        (Edit(f"{PEOPLE}lockouts.py", "if end := _find_end(attempt):", "if end := None:"),),
        f"{TESTS}test_d15_too_many_failures_stop_a_name_from_an_address_for_a_while",
    ),
    PlantedFinding(
        40,
        "a right password is told to people who may not enter",
        (
            Edit(
                f"{PEOPLE}adapters.py",
                "if isinstance(user, User) and user.is_staff:",
                "if isinstance(user, User):",
            ),
        ),
        f"{TESTS}test_d15_known_and_unknown_people_get_the_same_answer",
    ),
    PlantedFinding(
        40,
        "unknown names are not counted",
        (
            Edit(
                f"{PEOPLE}adapters.py",
                "        return None\n\n    def pre_login(",
                "        if known is None:\n            attempt.delete()\n        return None\n\n    def pre_login(",
            ),
        ),
        f"{TESTS}test_d15_known_and_unknown_people_get_the_same_answer",
    ),
    PlantedFinding(
        40,
        "a header says from where somebody asks",
        (
            Edit(
                f"{PEOPLE}browsers.py",
                'request.META.get("REMOTE_ADDR", "")',
                'request.headers.get("X-Forwarded-For") or request.META.get("REMOTE_ADDR", "")',
            ),
        ),
        f"{TESTS}test_d15_no_header_of_the_client_changes_its_address",
    ),
    PlantedFinding(
        40,
        "the function believes the header of the client",
        (
            Edit(
                "mediahub/worker/lambda_entry.py",
                'return {**event, **_build_headers(event), "stageVariables": None}',
                'return {**event, "stageVariables": None}',
            ),
        ),
        "tests/worker/test_lambda_entry.py::test_no_client_chooses_the_address_that_is_counted",
    ),
    PlantedFinding(
        40,
        "one address tries any number of names",
        (
            Edit(
                f"{PEOPLE}lockouts.py",
                "ends = [_find_last(Q(address=attempt.address) & others, attempt.at, MOST_OF_ADDRESS)]",
                "ends = []",
            ),
        ),
        f"{TESTS}test_many_names_from_one_address_are_stopped",
    ),
    PlantedFinding(
        40,
        "any number of addresses tries one name",
        (
            Edit(
                f"{PEOPLE}lockouts.py",
                "ends.append(_find_last(Q(account=attempt.account) & others, attempt.at, MOST_OF_ACCOUNT))",
                "pass",
            ),
        ),
        f"{TESTS}test_nobody_is_locked_out_from_where_they_sign_in_from",
    ),
    PlantedFinding(
        40,
        "a customer of IPv6 has any number of addresses",
        (Edit(f"{PEOPLE}browsers.py", "IPV6_PREFIX = 64", "IPV6_PREFIX = 128"),),
        f"{TESTS}test_the_addresses_of_one_ipv6_customer_count_as_one",
    ),
    PlantedFinding(
        40,
        "wrong codes are not counted",
        (
            Edit(
                f"{PEOPLE}factor_forms.py",
                "        sign_in_changes.record_refusal(request, known, method, action)\n",
                "        sign_in_changes.record_refusal(request, known, method, action)\n        attempt.delete()\n",
            ),
        ),
        f"{TESTS}test_codes_cannot_be_guessed_either",
    ),
    PlantedFinding(
        41,
        "a session that is not used never ends",
        (Edit(f"{PEOPLE}session_rules.py", "if (idle and now - seen > idle) or ", "if "),),
        f"{TESTS}test_a_session_ends_when_it_is_not_used",
    ),
    PlantedFinding(
        41,
        "scripts keep a session alive",
        (
            Edit(
                f"{PEOPLE}session_rules.py",
                'request.method == "GET" and unsaved_input.is_for_a_script(request)',
                "False",
            ),
        ),
        f"{TESTS}test_what_a_script_asks_by_itself_keeps_no_session_alive",
    ),
    PlantedFinding(
        41,
        "a session that is used never ends",
        (
            Edit(
                f"{PEOPLE}session_rules.py",
                " or now - session.get(STARTED, now) > settings.SESSION_COOKIE_AGE:",
                ":",
            ),
        ),
        f"{TESTS}test_no_session_outlives_its_time_however_much_it_is_used",
    ),
    PlantedFinding(
        41,
        "signing out everywhere leaves the other sessions",
        (Edit(f"{PEOPLE}account_views.py", "    sessions.end_all(user)\n", ""),),
        f"{TESTS}test_signing_out_everywhere_ends_every_session_and_clears_the_browser",
    ),
    PlantedFinding(
        41,
        "signing out everywhere signs everybody out",
        (
            Edit(
                f"{PEOPLE}sessions.py",
                "return Session.objects.filter(user=user).delete()[0]",
                "return Session.objects.all().delete()[0]",
            ),
        ),
        f"{TESTS}test_signing_out_everywhere_ends_every_session_and_clears_the_browser",
    ),
    PlantedFinding(
        41,
        "people end sessions of others",
        (
            Edit(
                f"{PEOPLE}sessions.py",
                'Session.objects.filter(user=user).values_list("session_key", flat=True)',
                'Session.objects.values_list("session_key", flat=True)',
            ),
            Edit(
                f"{PEOPLE}sessions.py",
                "Session.objects.filter(user=user, session_key=key)",
                "Session.objects.filter(session_key=key)",
            ),
        ),
        f"{TESTS}test_a_person_sees_and_ends_their_own_sessions",
    ),
    PlantedFinding(
        42,
        "any address of the provider is good",
        (Edit(f"{PEOPLE}organization.py", " if address.verified is True]", "]"),),
        KNOWN_PERSON,
    ),
    PlantedFinding(
        42,
        "strangers get an account",
        (
            Edit(
                f"{PEOPLE}organization.py",
                "    if len(people) != 1:\n        return None, unknown\n",
                "    people = people or [User.objects.create_user(verified[0], verified[0], is_staff=True)]\n"
                "    if len(people) != 1:\n        return None, unknown\n",
            ),
        ),
        KNOWN_PERSON,
    ),
    PlantedFinding(
        42,
        "one of two people with an address is taken",
        (Edit(f"{PEOPLE}organization.py", "is_staff=True)[:2])", "is_staff=True)[:1])"),),
        KNOWN_PERSON,
    ),
    PlantedFinding(
        42,
        "an address that was given to somebody else opens",
        (Edit(f"{PEOPLE}organization.py", "if others.exists() or (", "if False and ("),),
        KNOWN_PERSON,
    ),
)
