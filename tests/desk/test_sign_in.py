"""The sign-in: second factors, limits on guessing, sessions, and what the activity says of them."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mediahub.desk.models import Session, SignInAttempt
from mediahub.desk.people import lockouts
from mediahub.history.models import Action, Change
from tests.desk.passkeys import build_credential
from tests.records import image

PASSWORD = "a-long-password"
SIGN_IN = reverse("admin:login")
SECOND = reverse("mfa_authenticate")
ACCOUNT = reverse("mfa_index")
SECRET = "JBSWY3DPEHPK3PXP"
WRITES = re.compile("INSERT|UPDATE|DELETE")
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0"


def sign_in(client: Client, name: str = "editor", password: str = PASSWORD, **more: Any) -> Any:
    fields = {"username": name, "password": password, "next": more.pop("next", "")}
    return client.post(SIGN_IN, fields, **more)


def code_now() -> str:
    counter = int(timezone.now().timestamp()) // 30
    return str(totp.format_hotp_value(totp.hotp_value(SECRET, counter)))


@pytest.fixture
def with_app(editor: User) -> User:
    """Provide an editor who has an authenticator app."""
    totp.TOTP.activate(editor, SECRET)
    RecoveryCodes.activate(editor)
    return editor


def actions() -> list[str]:
    return list(Change.objects.order_by("pk").values_list("action", flat=True))


def test_s6_the_second_factor_is_asked_for_after_the_password(with_app: User) -> None:
    client = Client()
    answer = sign_in(client, next="/admin/library/image/")
    assert (answer.status_code, answer["Location"]) == (302, SECOND)
    assert client.get("/admin/").status_code == 302, "not signed in by the password alone"
    assert "wrong" in client.post(SECOND, {"code": "000000"}).content.decode()
    answer = client.post(SECOND, {"code": code_now()})
    assert answer["Location"] == "/admin/library/image/"
    assert client.get("/admin/").status_code == 200
    assert actions() == [Action.SIGN_IN_REFUSED, Action.SIGNED_IN]


def test_a_code_works_once(with_app: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        code = code_now()
        first, second = Client(), Client()
        sign_in(first)
        assert first.post(SECOND, {"code": code}).status_code == 302
        sign_in(second)
        assert second.post(SECOND, {"code": code}).status_code == 200
    assert second.get("/admin/").status_code == 302


def test_a_recovery_code_works_once_and_says_how_many_are_left(with_app: User) -> None:
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    client = Client()
    sign_in(client)
    client.post(SECOND, {"code": code})
    assert "9 are left" in client.get("/admin/").content.decode()
    other = Client()
    sign_in(other)
    assert other.post(SECOND, {"code": code}).status_code == 200


def test_what_was_typed_outlasts_the_second_factor(with_app: User) -> None:
    client = Client()
    typed = client.post(f"/admin/library/image/{image().pk}/change/", {"caption": "Boats at dawn"})
    signed = re.search(r'name="typed" value="([^"]+)"', typed.content.decode())
    assert signed
    client.post(SIGN_IN, {"username": "editor", "password": PASSWORD, "typed": signed[1]})
    shown = client.post(SECOND, {"code": code_now()}).content.decode()
    assert "Boats at dawn" in shown
    assert "as editor" in shown


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "admin:index", "/\\evil.example"]
)
def test_the_sign_in_leads_to_no_other_site(editor: User, address: str) -> None:
    assert sign_in(Client(), next=address)["Location"] == "/admin/"


def test_d15_the_session_has_a_new_key_after_the_sign_in(with_app: User) -> None:
    client = Client()
    keys = []
    sign_in(client)
    keys.append(client.session.session_key)
    client.post(SECOND, {"code": code_now()})
    keys.append(client.session.session_key)
    assert len(set(keys)) == 2
    assert not Session.objects.filter(session_key=keys[0]).exists()
    thief = Client()
    thief.cookies["sessionid"] = str(keys[0])
    assert thief.get("/admin/").status_code == 302


@pytest.mark.parametrize("change", [{"is_staff": False}, {"is_active": False}])
def test_d15_known_and_unknown_people_get_the_same_answer(editor: User, change: dict[str, bool]) -> None:
    reader = User.objects.create_user("reader", password=PASSWORD, is_staff=True)
    User.objects.filter(pk=reader.pk).update(**change)

    def words(name: str, password: str) -> tuple[int, str]:
        answer = sign_in(Client(), name, password)
        text = re.sub(r'value="[^"]*"', "", answer.content.decode())
        return answer.status_code, text

    assert words("editor", "wrong") == words("nobody", "wrong") == words("reader", PASSWORD)
    for name in ("editor", "nobody"):
        for _ in range(lockouts.MOST_OF_PAIR):
            sign_in(Client(), name, "wrong")
    assert words("editor", PASSWORD) == words("nobody", "wrong")
    assert words("editor", PASSWORD)[0] == 429


def test_d15_too_many_failures_stop_a_name_from_an_address_for_a_while(editor: User) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(lockouts.MOST_OF_PAIR):
            assert sign_in(Client(), password="wrong").status_code == 200
            clock.shift(60)
        answer = sign_in(Client())
        assert answer.status_code == 429
        assert "Try again in 10 minutes" in answer.content.decode()
        assert int(answer["Retry-After"])
        # Those who ask meanwhile do not wait longer.
        for _ in range(30):
            sign_in(Client())
        clock.move_to(start + lockouts.WINDOW + timedelta(seconds=1))
        assert sign_in(Client()).status_code == 302
    assert actions()[-2:] == [Action.LOCKED_OUT, Action.SIGNED_IN]
    assert not SignInAttempt.objects.filter(succeeded=False).exists()


def test_nobody_is_locked_out_from_where_they_sign_in_from(editor: User) -> None:
    assert sign_in(Client(), REMOTE_ADDR="192.0.2.1").status_code == 302
    for number in range(lockouts.MOST_OF_ACCOUNT + 3):
        answer = sign_in(Client(), password="wrong", REMOTE_ADDR=f"198.51.100.{number}")
    assert answer.status_code == 429, "one name, guessed from many addresses"
    assert sign_in(Client(), REMOTE_ADDR="203.0.113.9").status_code == 429
    assert sign_in(Client(), REMOTE_ADDR="192.0.2.1").status_code == 302


def test_many_names_from_one_address_are_stopped(editor: User) -> None:
    for number in range(lockouts.MOST_OF_ADDRESS):
        sign_in(Client(), f"name{number}", "wrong")
    assert sign_in(Client()).status_code == 429
    assert sign_in(Client(), REMOTE_ADDR="192.0.2.7").status_code == 302


def test_the_addresses_of_one_ipv6_customer_count_as_one(editor: User) -> None:
    for number in range(lockouts.MOST_OF_PAIR):
        sign_in(Client(), password="wrong", REMOTE_ADDR=f"2001:db8:1:2::{number}")
    assert sign_in(Client(), REMOTE_ADDR="2001:db8:1:2:ffff::1").status_code == 429
    assert sign_in(Client(), REMOTE_ADDR="2001:db8:1:3::1").status_code == 302


def test_d15_no_header_of_the_client_changes_its_address(editor: User) -> None:
    for number in range(lockouts.MOST_OF_PAIR + 1):
        answer = sign_in(
            Client(), password="wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}", HTTP_FORWARDED="for=1.2.3.4"
        )
    assert answer.status_code == 429


def test_codes_cannot_be_guessed_either(with_app: User) -> None:
    client = Client()
    sign_in(client)
    for _ in range(lockouts.MOST_OF_PAIR):
        assert client.post(SECOND, {"code": "000000"}).status_code == 200
    answer = client.post(SECOND, {"code": code_now()})
    assert answer.status_code == 429
    assert "Try again in" in answer.content.decode()


@pytest.fixture
def demanded(settings: Any) -> None:
    """Demand a second factor of chief editors and administrators."""
    settings.SECOND_FACTOR_REQUIRED = ["chief", "admin"]


def test_s6_a_chief_editor_without_a_factor_reaches_nothing_else(
    demanded: None, chief: User, editor: User, settings: Any
) -> None:
    client = Client()
    assert sign_in(client, "chief").status_code == 302
    picture = image()
    for path in (
        *("/admin/", "/admin/library/image/", f"/admin/library/image/{picture.pk}/change/", "/admin/pulse/"),
        *(f"/admin/images/{picture.pk}/original/", "/admin/activity/export.csv", "/admin/preferences/", "/admin/jobs/"),
        *("/admin/password_change/", reverse("mfa_generate_recovery_codes")),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, ACCOUNT), path
        answer = client.get(path, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor"), path
    assert client.post(reverse("desk:bulk"), {"act": "publish"})["Location"] == ACCOUNT
    page = client.get(ACCOUNT).content.decode()
    assert "Your role needs a second factor" in page
    assert 'name="session"' not in page
    other = Client()
    sign_in(other, "editor")
    assert other.get("/admin/").status_code == 200


def test_setting_up_an_app_opens_the_desk_and_shows_recovery_codes_once(demanded: None, chief: User) -> None:
    client = Client()
    sign_in(client, "chief")
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    secret = re.search(r'class="secret">([A-Z2-7]+)<', page)
    assert secret
    counter = int(timezone.now().timestamp()) // 30
    code = totp.format_hotp_value(totp.hotp_value(secret[1], counter))
    assert "wrong" in client.post(reverse("mfa_activate_totp"), {"code": "1"}).content.decode()
    answer = client.post(reverse("mfa_activate_totp"), {"code": code})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    codes = re.findall(r"<code>(\d{8})</code>", client.get(answer["Location"]).content.decode())
    assert len(codes) == 10
    assert codes[0] not in client.get(answer["Location"]).content.decode()
    assert client.get("/admin/").status_code == 200
    removal = client.post(reverse("mfa_deactivate_totp")).content.decode()
    assert "Add another one before you remove this one" in removal
    assert Authenticator.objects.filter(user=chief, type="totp").exists()


def test_a_session_from_before_the_role_needed_a_factor_ends(demanded: None, with_app: User) -> None:
    client = Client()
    client.force_login(with_app)
    assert client.get("/admin/").status_code == 200
    User.objects.filter(pk=with_app.pk).update(is_superuser=True)
    answer = client.get("/admin/")
    assert answer["Location"] == SIGN_IN
    assert "Sign in again with your second factor" in client.get(SIGN_IN).content.decode()


def test_changing_factors_needs_a_recent_sign_in(with_app: User) -> None:
    client = Client()
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        sign_in(client)
        client.post(SECOND, {"code": code_now()})
        clock.shift(600)
        for name in ("mfa_deactivate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"):
            answer = client.get(reverse(name))
            assert answer["Location"].startswith(reverse("account_reauthenticate")), name
        confirm = answer["Location"]
        assert "not your password" in client.post(confirm, {"password": "wrong"}).content.decode()
        assert client.post(confirm, {"password": PASSWORD})["Location"] == reverse("mfa_generate_recovery_codes")
        clock.shift(600)
        late = client.post(reverse("mfa_deactivate_totp"))
        again = client.post(late["Location"], {"password": PASSWORD})
        assert again["Location"] == reverse("mfa_deactivate_totp")
        assert Authenticator.objects.filter(type="totp").exists(), "nothing is sent again without a click"
        assert client.post(reverse("mfa_deactivate_totp"))["Location"] == ACCOUNT
    assert not Authenticator.objects.exists(), "recovery codes alone are no factor"
    assert actions()[-1] == Action.FACTOR_REMOVED


def test_a_session_ends_when_it_is_not_used(editor: User, settings: Any) -> None:
    client, other = Client(), Client()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        sign_in(client)
        sign_in(other)
        for _ in range(3):
            clock.shift(settings.SESSION_IDLE_SECONDS * 0.7)
            assert client.get("/admin/").status_code == 200
        answer = other.get("/admin/")
        assert answer.status_code == 302
        typed = other.post(f"/admin/library/image/{image().pk}/change/", {"caption": "Boats"})
        assert "Boats" in typed.content.decode()


def test_what_a_script_asks_by_itself_keeps_no_session_alive(editor: User, settings: Any) -> None:
    client = Client()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        sign_in(client)
        for _ in range(3):
            clock.shift(settings.SESSION_IDLE_SECONDS * 0.4)
            client.get(reverse("desk:session"), headers={"Accept": "application/json"})
        assert client.get("/admin/").status_code == 302


def test_no_session_outlives_its_time_however_much_it_is_used(editor: User, settings: Any) -> None:
    client = Client()
    settings.SESSION_IDLE_SECONDS = 0
    with time_machine.travel(timezone.now(), tick=False) as clock:
        sign_in(client)
        for _ in range(4):
            clock.shift(settings.SESSION_COOKIE_AGE * 0.24)
            assert client.get("/admin/").status_code == 200
        clock.shift(settings.SESSION_COOKIE_AGE * 0.05)
        assert client.get("/admin/").status_code == 302


def test_a_page_writes_its_session_at_most_every_few_minutes(editor: User) -> None:
    client = Client()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        sign_in(client)
        client.get("/admin/preferences/keys/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/preferences/keys/")
        assert not [query for query in queries.captured_queries if WRITES.match(query["sql"])]
        clock.shift(301)
        client.get("/admin/preferences/keys/")
        assert Session.objects.get().seen_at == timezone.now()


def test_a_person_sees_and_ends_their_own_sessions(editor: User, chief: User) -> None:
    here, there, foreign = Client(), Client(), Client()
    sign_in(here)
    sign_in(there, HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.5")
    sign_in(foreign, "chief", REMOTE_ADDR="192.0.2.99")
    page = here.get(ACCOUNT).content.decode()
    assert "Firefox, Windows" in page
    assert "192.0.2.5" in page
    assert "192.0.2.99" not in page
    assert str(there.session.session_key) not in page
    marks = re.findall(r'name="session" value="([0-9a-f]+)"', page)
    assert len(marks) == 1
    stolen = there.cookies["sessionid"].value
    foreign.post(reverse("desk:end_sessions"), {"session": marks[0]})
    assert there.get("/admin/").status_code == 200, "marks of others end nothing"
    here.post(reverse("desk:end_sessions"), {"session": marks[0]})
    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert thief.get("/admin/").status_code == 302
    assert there.get("/admin/").status_code == 302
    assert here.get("/admin/").status_code == 200


def test_signing_out_everywhere_ends_every_session_and_clears_the_browser(editor: User, chief: User) -> None:
    clients = [Client() for _ in range(3)]
    for client in clients:
        sign_in(client)
    foreign = Client()
    sign_in(foreign, "chief")
    answer = clients[0].post(reverse("desk:end_sessions"))
    assert answer["Clear-Site-Data"]
    assert [client.get("/admin/").status_code for client in clients] == [302] * 3
    assert foreign.get("/admin/").status_code == 200


def test_a_session_that_ended_is_not_written_anew(editor: User) -> None:
    client = Client()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        sign_in(client)
        Session.objects.all().delete()
        clock.shift(400)
        assert client.get("/admin/").status_code == 302
    assert not Session.objects.filter(user=editor).exists()


def test_a_new_password_ends_the_other_sessions(editor: User) -> None:
    here, there = Client(), Client()
    sign_in(here)
    sign_in(there)
    new = {"old_password": PASSWORD, "new_password1": "another-long-word", "new_password2": "another-long-word"}
    assert here.post(reverse("admin:password_change"), new).status_code == 302
    assert here.get("/admin/").status_code == 200
    assert there.get("/admin/").status_code == 302
    assert Session.objects.filter(user=editor).count() == 1
    assert actions()[-1] == Action.PASSWORD_CHANGED


def test_an_administrator_helps_a_person_who_lost_the_phone(with_app: User, chief: User) -> None:
    admin, lost = Client(), Client()
    User.objects.create_superuser("root", password=PASSWORD)
    sign_in(admin, "root")
    lost.force_login(with_app)
    path = reverse("desk:remove_factors", args=[with_app.pk])
    by_chief = Client()
    by_chief.force_login(chief)
    assert by_chief.post(path).status_code == 403
    assert Authenticator.objects.count() == 2
    assert "Authenticator" in admin.get(path).content.decode()
    assert admin.post(path).status_code == 302
    assert not Authenticator.objects.exists()
    assert lost.get("/admin/").status_code == 302
    last = Change.objects.order_by("pk").last()
    assert last
    assert (str(last.by), last.action, last.subject) == ("root", Action.FACTOR_REMOVED, "editor")


def test_an_operator_helps_an_administrator_who_lost_the_phone(with_app: User) -> None:
    lost, out = Client(), StringIO()
    lost.force_login(with_app)
    with pytest.raises(CommandError, match="no person with the user name nobody"):
        call_command("remove_factors", "nobody")
    call_command("remove_factors", with_app.username, stdout=out)
    assert out.getvalue() == f"Removed 2 factors of {with_app.username} and ended all their sessions.\n"
    assert not Authenticator.objects.exists()
    assert lost.get("/admin/").status_code == 302
    assert actions()[-1] == Action.FACTOR_REMOVED


def test_changes_of_roles_are_in_the_activity(editor: User) -> None:
    admin = Client()
    User.objects.create_superuser("root", password=PASSWORD)
    sign_in(admin, "root")
    path = reverse("admin:auth_user_change", args=[editor.pk])
    fields = {"username": "editor", "is_active": "on", "is_staff": "on", "is_superuser": "on", "seen": ""}
    assert admin.post(path, fields).status_code == 302
    last = Change.objects.order_by("pk").last()
    assert last
    assert last.action == Action.ROLES_CHANGED
    assert (last.data["lost"], last.data["gained"]) == (["Editor"], ["is_superuser"])
    assert "administrator" in admin.get("/admin/activity/").content.decode()


def test_sign_ins_are_for_administrators_and_the_person(editor: User, chief: User) -> None:
    User.objects.create_superuser("root", password=PASSWORD)
    clients = {name: Client() for name in ("editor", "chief", "root")}
    for number, (name, client) in enumerate(clients.items()):
        sign_in(client, name, HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR=f"192.0.2.{number}")
    sign_in(Client(), "editor", "wrong", REMOTE_ADDR="198.51.100.77")
    pages = {name: client.get("/admin/activity/").content.decode() for name, client in clients.items()}
    for number, name in enumerate(clients):
        assert f"192.0.2.{number}" in pages[name]
    assert "192.0.2.0" in pages["root"]
    assert "198.51.100.77" in pages["root"]
    assert "192.0.2.0" not in pages["chief"]
    assert "198.51.100.77" not in pages["chief"]
    assert "Undo" not in pages["root"]
    rows = clients["chief"].get("/admin/activity/export.csv").getvalue().decode()
    assert "192.0.2.0" not in rows


def test_no_stranger_can_make_an_account(client: Client, db: None) -> None:
    for path in ("/accounts/signup/", "/admin/signup/", "/admin/login/signup/", "/admin/account/signup/"):
        assert client.post(path, {"username": "x", "password1": PASSWORD}).status_code in (302, 403, 404)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "1", '"x"', "[" * 5000, '{"id": 1}', '{"response": {"userHandle": "MQ"}}']
)
def test_no_odd_passkey_is_an_error_of_the_server(with_app: User, text: str) -> None:
    client = Client()
    client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"})
    assert client.post(reverse("mfa_login_webauthn"), {"credential": text}).status_code == 302
    sign_in(client)
    assert client.post(SECOND, {"credential": text}).status_code in (200, 429)
    client.post(SECOND, {"code": code_now()})
    assert client.post(reverse("mfa_add_webauthn"), {"credential": text}).status_code == 200


def test_a_person_who_leaves_takes_addresses_browsers_and_factors_along(with_app: User, chief: User) -> None:
    User.objects.create_superuser("root", password=PASSWORD)
    client, admin = Client(), Client()
    sign_in(client, password="wrong", HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.61")
    sign_in(client, HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.61")
    client.post(SECOND, {"code": code_now()}, HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.61")
    assert client.get("/admin/").status_code == 200
    sign_in(admin, "root")
    path = reverse("desk:remove_person", args=[with_app.pk])
    assert admin.post(path, {"name": "editor", "heir": str(chief.pk)}).status_code == 302
    assert client.get("/admin/").status_code == 302
    rows = str(list(Change.objects.values_list("subject", "data"))) + str(list(SignInAttempt.objects.values()))
    for word in ("192.0.2.61", "Firefox", "'editor'"):
        assert word not in rows
    assert f"former member {with_app.pk}" in rows
    assert not Authenticator.objects.exists()
    assert not Session.objects.filter(user=with_app).exists()


@pytest.mark.parametrize(
    ("site", "host", "secure", "says"),
    [
        ("https://desk.example.org", "desk.example.org", True, ""),
        ("https://desk.example.org/stage", "desk.example.org", True, ""),
        ("https://desk.example.org", "other.example.org", True, "Open https://desk.example.org to use them"),
        ("https://desk.example.org", "desk.example.org", False, "Open https://desk.example.org to use them"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", False, "Open http://localhost:8000 to use them"),
        ("http://127.0.0.1:8000", "localhost:8000", False, ""),
    ],
)
def test_the_sign_in_says_where_passkeys_work(
    db: None, settings: Any, site: str, host: str, secure: bool, says: str
) -> None:
    settings.SITE_URL = site
    settings.ALLOWED_HOSTS = ["*"]
    answer = Client().get(SIGN_IN, secure=secure, headers={"Host": host})
    page = answer.content.decode()
    assert (says in page) is True
    assert ("data-passkey" in page) is not bool(says)
    assert "publickey-credentials-get=(self)" in answer["Permissions-Policy"]


def test_a_passkey_belongs_to_the_host_of_the_site(editor: User, settings: Any) -> None:
    settings.SITE_URL = "https://desk.example.org/stage"
    options = Client().get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"}).json()
    assert options["request_options"]["publicKey"]["rpId"] == "desk.example.org"
    assert options["request_options"]["publicKey"]["userVerification"] == "required"


def test_a_passkey_that_confirms_who_one_is_must_be_unlocked(editor: User) -> None:
    client = Client()
    client.force_login(editor)
    webauthn.WebAuthn.add(editor, "Key", build_credential())
    assert '"userVerification": "required"' in client.get(reverse("mfa_reauthenticate_webauthn")).content.decode()
