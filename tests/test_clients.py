"""From settings to parts: made once for the same settings, anew for others, with errors of ours."""

import ast
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from mediahub import rendition_settings
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


# Expressions and their values in two environments, each of a process.
EFFECTS: list[tuple[dict[str, str], dict[str, Any]]] = [
    (
        {
            "CLOUDFRONT_DOMAIN": "cdn.example.org",
            "UPLOAD_BUCKET": "ours",
            "STATIC_URL": "https://cdn.example.org/static/",
            "DATABASE_URL": "postgresql://u@h/n",
            "DATABASE_IAM": "true",
            "CLOCK_REST_SECONDS": "3600",
            "HTTPS": "true",
        },
        {
            "settings.STORE_ORIGINS[-1]": "https://cdn.example.org",
            "settings.STORE_ORIGINS[0]": "https://ours.s3.eu-west-1.amazonaws.com",
            "settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['script-src']": [
                "'self'",
                "https://cdn.example.org/static/",
            ],
            "settings.DATABASES['default']['ENGINE']": "mediahub.aws.postgres_iam",
            "settings.CLOCK_REST_SECONDS": 3600,
            "(settings.SECURE_SSL_REDIRECT, settings.SESSION_COOKIE_SECURE)": (True, True),
        },
    ),
    (
        {"LOCAL": "false", "DATABASE_URL": "postgresql://u@h/n"},
        {
            "'mediahub.local' in settings.INSTALLED_APPS": False,
            "settings.DATABASES['default']['ENGINE'][-10:]": "postgresql",
        },
    ),
]


@pytest.mark.parametrize(("environment", "expected"), EFFECTS, ids=["full", "bare"])
def test_a_setting_of_the_environment_has_its_effect(environment: dict[str, str], expected: dict[str, Any]) -> None:
    outside = {"AWS_ENDPOINT_URL": "", "AWS_REGION": "eu-west-1", "AWS_PROFILE": "", **environment}
    shown = python(f"from mediahub import settings; print(repr([{', '.join(expected)}]))", **outside)
    assert dict(zip(expected, ast.literal_eval(shown), strict=True)) == expected


def test_a_connection_signs_in_with_a_token_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-key")
    # Nothing is asked over the network: an address that answers nobody would make it wait.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    base._rds.cache_clear()
    options = {"iam_region": "us-east-1", "sslmode": "verify-full", "sslrootcert": "rds-ca.pem"}
    place = {"NAME": "mediahub", "USER": "mediahub", "PASSWORD": "", "HOST": "db.example.org", "PORT": "5432"}
    wrapper = base.DatabaseWrapper({**place, "OPTIONS": options, "TIME_ZONE": None, "CONN_MAX_AGE": 0})
    parameters = wrapper.get_connection_params()
    assert parameters["password"].startswith("db.example.org:5432/?Action=connect&DBUser=mediahub&")
    assert "X-Amz-Expires=900" in parameters["password"]
    assert parameters["sslmode"] == "verify-full"
    assert "iam_region" not in parameters


def test_the_settings_name_the_renditions_of_each_image(settings: Any) -> None:
    settings.RENDITIONS, settings.RENDITION_FILLS = rendition_settings.parse_renditions(
        " huge=3000x2000:fit:webp+avif, , tile=90x90:crop, thumb=80x60:jpeg", "card=400x300,tall_2=90x1600:crop:png"
    )
    assert [(spec.name, spec.width, spec.height, spec.mode, spec.formats) for spec in clients.get_specs()] == [
        ("huge", 3000, 2000, "fit", ("WEBP", "AVIF")),
        ("tile", 90, 90, "crop", ("JPEG", "AVIF")),
        ("thumb", 80, 60, "fit", ("JPEG",)),
        ("card", 400, 300, "crop", ("JPEG", "AVIF")),
        ("tall_2", 90, 1600, "crop", ("PNG",)),
    ]
    assert [spec.name for spec in clients.get_crop_specs()] == ["tile", "card", "tall_2"]
    assert rendition_settings.parse_renditions("a=100x100", "")[1] == ()
    sizes, crops = rendition_settings.parse_renditions("a=100x100", "b=90x90", "display-p3")
    assert {spec.gamut for spec in (*sizes, *crops)} == {"display-p3"}
    with pytest.raises(ImproperlyConfigured, match="RENDITION_GAMUT is 'p3'"):
        rendition_settings.parse_renditions("a=100x100", "", "p3")


@pytest.mark.parametrize(
    ("sizes", "crops", "says"),
    [
        ("a=99x99", "square", "RENDITION_FILLS has 'square'. Write it as"),
        ("a=99x99", "Square=1x2", "RENDITION_FILLS has 'Square=1x2'"),
        ("a=99x99", "b=99x99,b=88x88", "RENDITION_FILLS names b twice"),
        ("a=99x99", "a=99x99", "RENDITION_FILLS names a twice"),
        ("a=99x99,a=88x88", "", "RENDITIONS names a twice"),
        ("public=99x99", "", "RENDITIONS uses the reserved name public"),
        ("a=9x100", "", "RENDITIONS asks for 9x100, and a side is 16 to 4096 pixels"),
        ("a=99x99", "b=99x99:fit", "RENDITION_FILLS has 'b=99x99:fit', and all of its renditions are crops"),
        ("a=99x99:jpeg:fit", "", "RENDITIONS has 'a=99x99:jpeg:fit'"),
        ("a=99x99:cut", "", "RENDITIONS asks for 'cut', and the formats are jpeg, png, webp, avif"),
        ("a=99x99:avif", "", "asks for 'avif': name one format that every browser shows, and avif beside it or not"),
        ("a=99x99:jpeg+webp", "", "asks for 'jpeg+webp': name one format"),
        ("a=99x99:jpeg+avif+avif", "", "asks for 'jpeg+avif+avif': name one format"),
        ("", "b=99x99", "RENDITIONS names no size that shows the whole picture"),
        ("a=99x99:crop", "", "RENDITIONS names no size that shows the whole picture"),
        ("a=99x99", ",".join(f"b{n}=99x99" for n in range(10)), "name 11 renditions, and 10 are the most"),
    ],
)
def test_renditions_that_are_not_understood_end_the_start_with_a_sentence(sizes: str, crops: str, says: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        rendition_settings.parse_renditions(sizes, crops)
    assert says in str(refused.value)
    assert str(refused.value).endswith("Names use lowercase letters, digits, - and _.")
