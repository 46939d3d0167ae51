"""From settings to parts: made once for the same settings, anew for others, with errors of ours."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from mediahub import crop_settings
from mediahub.aws import clients
from mediahub.aws.postgres_iam import base
from mediahub.local import stack
from processing import Misconfigured
from tests.children import python


@pytest.mark.usefixtures("local_aws")
def test_a_client_is_made_once_for_the_same_role(settings: Any) -> None:
    worker = clients.get_client("sqs")
    assert clients.get_client("sqs") is worker
    settings.AWS_PROFILE = "web"
    assert clients.get_client("sqs") is not worker


def test_a_queue_that_is_not_there_is_a_mistake_of_the_setup(local_aws: stack.Stack, settings: Any) -> None:
    settings.DEAD_LETTER_QUEUE_URL = f"{settings.AWS_ENDPOINT_URL}/000000000000/no-such-queue"
    queue = clients.get_dead_letter_queue()
    with pytest.raises(Misconfigured, match="no-such-queue"):
        queue.send({})
    with pytest.raises(Misconfigured, match="no-such-queue"):
        queue.receive()
    with pytest.raises(Misconfigured, match="no-such-queue"):
        queue.delete("receipt")


@pytest.mark.parametrize(
    ("environment", "expression", "value"),
    [
        ({"CLOUDFRONT_DOMAIN": "cdn.example.org"}, "settings.STORE_ORIGINS[-1]", "https://cdn.example.org"),
        ({"UPLOAD_BUCKET": "ours"}, "settings.STORE_ORIGINS[0]", "https://ours.s3.eu-west-1.amazonaws.com"),
        (
            {"STATIC_URL": "https://cdn.example.org/static/"},
            "settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['script-src']",
            ["'self'", "https://cdn.example.org"],
        ),
        (
            {"DATABASE_URL": "postgresql://u@h/n", "DATABASE_IAM": "true"},
            "settings.DATABASES['default']['ENGINE']",
            "mediahub.aws.postgres_iam",
        ),
        ({"CLOCK_REST_SECONDS": "3600"}, "settings.CLOCK_REST_SECONDS", 3600),
        ({"HTTPS": "true"}, "(settings.SECURE_SSL_REDIRECT, settings.SESSION_COOKIE_SECURE)", (True, True)),
        ({"LOCAL": "false"}, "'mediahub.local' in settings.INSTALLED_APPS", False),
        ({"DATABASE_URL": "postgresql://u@h/n"}, "settings.DATABASES['default']['ENGINE'][-10:]", "postgresql"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_setting_of_the_environment_has_its_effect(environment: dict[str, str], expression: str, value: Any) -> None:
    outside = {"AWS_ENDPOINT_URL": "", "AWS_REGION": "eu-west-1", "AWS_PROFILE": "", **environment}
    assert python(f"from mediahub import settings; print(repr({expression}))", **outside) == repr(value)


def test_a_connection_signs_in_with_a_token_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-key")
    # Nothing is asked over the network: an address that answers nobody would make it wait.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    base._rds.cache_clear()
    options = {"iam_region": "us-east-1", "sslmode": "verify-full", "sslrootcert": "rds-ca.pem"}
    place = {"NAME": "mediahub", "USER": "mediahub", "PASSWORD": "", "HOST": "db.example.org", "PORT": "5432"}
    made = base.DatabaseWrapper({**place, "OPTIONS": options, "TIME_ZONE": None, "CONN_MAX_AGE": 0})
    found = made.get_connection_params()
    assert found["password"].startswith("db.example.org:5432/?Action=connect&DBUser=mediahub&")
    assert "X-Amz-Expires=900" in found["password"]
    assert found["sslmode"] == "verify-full"
    assert "iam_region" not in found


def test_the_settings_name_the_crops_of_each_image(settings: Any) -> None:
    settings.RENDITION_FILLS = crop_settings.parse_crops(" card=400x300, , tall_2=90x1600")
    assert [(spec.name, spec.width, spec.height, spec.mode) for spec in clients.get_specs()[3:]] == [
        ("card", 400, 300, "crop"),
        ("tall_2", 90, 1600, "crop"),
    ]
    assert crop_settings.parse_crops("") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("square", "has 'square'. Write it as"),
        ("Square=1x2", "has 'Square=1x2'"),
        ("a=100x100,a=200x200", "names a twice"),
        ("large=100x100", "uses the reserved name large"),
        ("public=100x100", "uses the reserved name public"),
        ("a=9x100", "asks for 9x100, and a side is 16 to 4096 pixels"),
        (",".join(f"a{n}=100x100" for n in range(11)), "names 11 crops, and 10 are the most"),
    ],
)
def test_a_crop_that_is_not_understood_ends_the_start_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="RENDITION_FILLS") as refused:
        crop_settings.parse_crops(text)
    assert says in str(refused.value)
