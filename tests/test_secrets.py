"""Secrets by reference: nothing starts without one, and the reason names it and never its value."""

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

from mediahub.aws import secrets
from mediahub.local import stack
from tests.children import python

NAME = "mediahub-local/django"
REGION = django_settings.AWS_REGION


@pytest.fixture
def keep(local_aws: stack.Stack, aws: Callable[[str, str], Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    secrets.read_secret.cache_clear()
    monkeypatch.setenv("AWS_PROFILE", "web")
    manager = aws("operator", "secretsmanager")
    first = manager.get_secret_value(SecretId=NAME)["SecretString"]
    yield lambda text: manager.put_secret_value(SecretId=NAME, SecretString=text)
    manager.put_secret_value(SecretId=NAME, SecretString=first)
    secrets.read_secret.cache_clear()


def value(name: str = "SECRET_KEY", reference: str = NAME) -> str:
    return secrets.read_secret_value(reference, name, REGION, django_settings.AWS_ENDPOINT_URL)


def test_the_stack_makes_a_key_that_nobody_has_seen(keep: Any) -> None:
    assert len(value()) == 64
    assert len(set(value())) > 20


def test_e7_an_unreachable_store_is_named_with_the_secret(keep: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} cannot be read: EndpointConnectionError"):
        secrets.read_secret_value(NAME, "SECRET_KEY", REGION, "http://127.0.0.1:9")


def test_e7_a_secret_that_is_not_there_is_named(keep: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="mediahub-local/none cannot be read: ") as caught:
        value(reference="mediahub-local/none")
    assert "Nothing starts without it" in str(caught.value)


@pytest.mark.parametrize("text", ["no json: hunter2", "[1, 2]", '"hunter2"'])
def test_e6_what_is_no_object_is_refused_and_not_quoted(keep: Any, text: str) -> None:
    keep(text)
    with pytest.raises(ImproperlyConfigured, match="is not a JSON object") as caught:
        value()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("values", [{}, {"SECRET_KEY": ""}, {"OTHER": "hunter2"}])
def test_s5_e7_a_missing_value_is_named(keep: Any, values: dict[str, str]) -> None:
    keep(json.dumps(values))
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} has no SECRET_KEY"):
        value()


def test_settings_take_the_key_and_its_former_one_from_there(keep: Any) -> None:
    keep(json.dumps({"SECRET_KEY": "new" * 20, "SECRET_KEY_FALLBACK": "old" * 20}))
    outside = {"SECRET_KEY": "", "SECRET_KEY_SECRET": NAME, "AWS_PROFILE": "web"}
    said = python("from mediahub import settings; print(settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS)", **outside)
    assert said == f"{'new' * 20} ['{'old' * 20}']"


def test_settings_take_the_database_from_there(keep: Any) -> None:
    keep(json.dumps({"DATABASE_URL": "postgresql://user:hunter2@host:5432/name"}))
    outside = {"DATABASE_SECRET": NAME, "AWS_PROFILE": "web"}
    said = python("from mediahub import settings; print(settings.DATABASES['default']['HOST'])", **outside)
    assert said == "host"


def test_settings_take_the_providers_client_secret_from_there_and_workers_do_not(keep: Any) -> None:
    keep(json.dumps({"SECRET_KEY": "new" * 20, "OIDC_CLIENT_SECRET": "hunter2"}))
    asks = (
        "from mediahub import settings; print(settings.SOCIALACCOUNT_PROVIDERS['openid_connect']['APPS'][0]['secret'])"
    )
    outside = {
        "OIDC_ISSUER": "https://id.example.org",
        "OIDC_CLIENT_ID": "c",
        "OIDC_SECRET": NAME,
        "AWS_PROFILE": "web",
    }
    assert python(asks, **outside) == "hunter2"
    assert python(asks, **outside, SECRET_KEY_RANDOM="true") == ""


def test_e7_settings_do_not_start_without_their_secret(keep: Any) -> None:
    outside = {"SECRET_KEY": "", "SECRET_KEY_SECRET": "mediahub-local/none", "AWS_PROFILE": "web"}
    with pytest.raises(subprocess.CalledProcessError) as caught:
        python("from mediahub import settings", **outside)
    assert "mediahub-local/none cannot be read" in caught.value.stderr


def test_a_worker_has_a_key_of_its_own_and_reads_no_secret() -> None:
    outside = {
        "SECRET_KEY": "",
        "SECRET_KEY_SECRET": "",
        "SECRET_KEY_RANDOM": "true",
        "AWS_ENDPOINT_URL": "http://[::1]:9",
    }
    keys = {python("from mediahub import settings; print(settings.SECRET_KEY)", **outside) for _ in range(2)}
    assert len(keys) == 2
    assert min(map(len, keys)) >= 60
