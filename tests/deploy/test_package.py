"""The real package: what is in it, how large it is, and what its handler answers in a clean process."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from bench.heic import encode_heic
from deploy.errors import DeployError
from deploy.functions import zappa_settings
from deploy.package import build, contents
from mediahub import database_rights
from mediahub.library.models import Image
from mediahub.local import stack
from processing import formats
from tests.children import environment as child_environment
from tests.e2e import functions
from tests.pictures import encoded, jpeg, picture
from tests.settings import STATE

QUEUE = "arn:aws:sqs:us-east-1:000000000000:mediahub-local-uploads"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> contents.Package:
    """Provide the stage `local`, packaged once; another process may be at it, so it has a name of its own."""
    try:
        functions.interpreter()
    except DeployError as error:
        pytest.skip(str(error))
    return build.build_package("local", STATE.name)


@pytest.fixture(scope="module")
def code(built: contents.Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return functions.unpacked(built, tmp_path_factory.mktemp("code"))


@pytest.fixture(scope="module")
def boto3() -> Path:
    return functions.runtime(STATE.parent / "lambda-runtime")


def environment(**changed: str) -> dict[str, str]:
    """Return a function's settings as `deploy.functions.zappa_settings` writes them, on this test's local AWS."""
    variables = {name: value for name, value in child_environment("worker").items() if name.isupper()}
    recordings = (
        "AWS_ENDPOINT_URL",
        "AWS_CONFIG_FILE",
        "UPLOAD_",
        "RENDITION_",
        "MIRROR",
        "DEAD_",
        "BULK",
        "KMS",
        "DATABASE",
    )
    return {
        **{name: value for name, value in variables.items() if name.startswith(recordings)},
        "AWS_PROFILE": "web",
        "AWS_REGION": "us-east-1",
        "STAGE": "local",
        "LABELER": "off",
        "SITE_URL": "https://abc.execute-api.us-east-1.amazonaws.com/local",
        "ALLOWED_HOSTS": ".execute-api.us-east-1.amazonaws.com",
        "SECRET_KEY_SECRET": "mediahub-local/django",
        "UPLOAD_QUEUE_ARN": QUEUE,
        **changed,
    }


def worker_environment() -> dict[str, str]:
    """Return the settings of the worker's function, which signs nothing and has a user of its own in PostgreSQL."""
    url = child_environment("worker")["DATABASE_URL"]
    if connection.vendor == "postgresql":
        url = urlsplit(url)._replace(netloc=f"{database_rights.WORKER}@").geturl()
    keys = {"SECRET_KEY_SECRET": "", "SECRET_KEY_RANDOM": "true"}
    return environment(AWS_PROFILE="worker", DATABASE_URL=url, **keys)


def test_it_is_small_and_holds_nothing_needless_or_secret(
    built: contents.Package,
    code: Path,
    boto3: Path,
    local_aws: stack.Stack,
    db: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds = functions.seconds_to_import(code, boto3, environment())
    with capsys.disabled():
        print(f"\n{contents.format_text(built)}; imported in {seconds:.1f} s")
    assert built.faults == ()
    assert built.zipped < 45e6
    assert built.unzipped < 100e6


def test_it_decodes_each_input_format_and_encodes_each_output_format(
    code: Path, boto3: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {}
    for each in formats.list_inputs():
        files[each.name] = tmp_path / f"picture.{each.suffix}"
        data = encode_heic(picture(96, 64)) if each.name == "HEIF" else encoded(picture(96, 64), each.name)
        files[each.name].write_bytes(data)
    answer = functions.try_codecs(code, boto3, files)
    with capsys.disabled():
        print(
            f"\nPython {answer['python']}: " + ", ".join(f"{row['codec']} {row['ms']:.0f} ms" for row in answer["rows"])
        )
    assert {Path(file).parents[1] for file in answer["modules"].values()} == {code}
    assert len(answer["rows"]) == len(files) + sum(each.is_output for each in formats.FORMATS)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("tests/test_x.py", b"", "does not belong"),
        ("mediahub/var/mediahub.sqlite3", b"", "does not belong"),
        ("zappa_settings.json", b"{}", "does not belong"),
        ("mediahub/x.py", b"KEY = 'AKIAIOSFODNN7EXAMPLE'", "holds a secret"),
        ("mediahub/x.pem", b"-----BEGIN PRIVATE KEY-----\n" + b"A" * 64, "holds a secret"),
        ("mediahub/x.py", b"URL = 'postgresql://mediahub:hunter2@db/mediahub'", "holds a secret"),
        ("zappa_settings.py", b"ENVIRONMENT_VARIABLES={'AWS_REGION': 'x', 'SECRET_KEY': 'y'}\n", "holds settings"),
    ],
)
def test_s5_e6_the_scan_finds_what_must_not_leave(tmp_path: Path, name: str, text: bytes, says: str) -> None:
    path = tmp_path / "build.zip"
    with zipfile.ZipFile(path, "w") as archive:
        if name != "zappa_settings.py":
            archive.writestr("zappa_settings.py", "ENVIRONMENT_VARIABLES={'AWS_REGION': 'us-east-1'}\n")
        archive.writestr(name, text)
    assert any(says in fault for fault in contents.inspect_package(path).faults)


def test_a_package_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MOST_UNZIPPED", 10)
    path = tmp_path / "build.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zappa_settings.py", "ENVIRONMENT_VARIABLES={}\n")
    assert "too much" in contents.inspect_package(path).faults[0]


def test_a_machine_without_the_right_python_is_told_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "RUNTIME", "python9.99")
    with pytest.raises(DeployError, match=r"python9\.99.*Install it"):
        functions.interpreter()


def request(path: str, **changed: Any) -> dict[str, Any]:
    host = "abc123.execute-api.us-east-1.amazonaws.com"
    return {
        "httpMethod": "GET",
        "path": path,
        "headers": {"Host": host},
        "multiValueHeaders": {"Host": [host]},
        "requestContext": {},
        "body": None,
        "isBase64Encoded": False,
        **changed,
    }


def request_v2(path: str) -> dict[str, Any]:
    host = "abc123.execute-api.us-east-1.amazonaws.com"
    context = {
        "http": {"method": "GET", "path": path, "sourceIp": "127.0.0.1"},
        "stage": "$default",
        "domainName": host,
    }
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": host},
        "requestContext": context,
        "isBase64Encoded": False,
    }


def test_pages_are_answered_in_both_forms_of_api_gateway(
    code: Path, boto3: Path, local_aws: stack.Stack, db: None
) -> None:
    page = "/admin/login/"
    injected = request(page, stageVariables={"DJANGO_SETTINGS_MODULE": "elsewhere"})
    first, second, third = functions.invoke(code, boto3, environment(), request(page), request_v2(page), injected)
    for answer in (first, second, third):
        assert answer["answer"]["statusCode"] == 200
        assert 'name="csrfmiddlewaretoken"' in answer["answer"]["body"]
    assert "/local/admin/login/" in first["answer"]["body"]


@pytest.mark.django_db(transaction=True)
def test_messages_bare_events_and_the_clock_are_answered(
    code: Path, boto3: Path, local_aws: stack.Stack, aws: Callable[[str, str], Any]
) -> None:
    bucket = django_settings.UPLOAD_BUCKET
    for key in ("a.jpg", "b.jpg"):
        aws("operator", "s3").put_object(Bucket=bucket, Key=key, Body=jpeg())

    def build_record(key: str, configuration: str) -> dict[str, Any]:
        place = {"bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"}, "object": {"key": key}}
        event = {"configurationId": configuration, **place}
        return {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": event}

    message = {
        "messageId": "m1",
        "receiptHandle": "r1",
        "body": json.dumps({"Records": [build_record("a.jpg", "x")]}),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
        "awsRegion": "us-east-1",
    }
    rule = "arn:aws:events:us-east-1:000000000000:rule/mediahub-local-mediahub.worker.handlers.on_minute"
    owner = {"user": str(connection.settings_dict["USER"]), "password": "a token"}
    answers = functions.invoke(
        code,
        boto3,
        worker_environment(),
        {"Records": [message]},
        # The id of a notification may name any function; it is not listened to.
        {"Records": [build_record("b.jpg", "x:os.getcwd")]},
        {"detail-type": "Scheduled Event", "source": "aws.scheduler", "resources": [rule]},
        {"manage": "migrate --no-input", "database": owner},
        # Without a token of who deploys, the worker is not the owner of the tables.
        {"manage": "migrate --no-input"},
    )
    assert answers[0] == {"answer": {"batchItemFailures": []}}
    assert answers[1] == {"answer": {"batchItemFailures": []}}
    assert answers[2]["answer"]["clock_failures"] == 0
    assert answers[3]["answer"]["well"] is True
    if connection.vendor == "postgresql":
        assert "permission denied" in answers[4]["error"]
    assert {image.file_name for image in Image.objects.all()} == {"a.jpg", "b.jpg"}


REFUSED = [
    {"raw_command": "print(1)"},
    {"command": "os.getcwd"},
    {"manage": "shell"},
    {"manage": "createsuperuser --noinput"},
    {"manage": ""},
    {},
    {"Records": []},
    {"Records": [{}]},
    {"Records": ["text"]},
    {"Records": [{"eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:1:other", "body": "{}"}]},
    {"Records": [{"eventSource": "aws:s3", "s3": {"configurationId": "x:os.getcwd", "bucket": {"name": "other"}}}]},
    {"Records": [{"Sns": {"Message": '{"command": "os.getcwd"}', "TopicArn": "x"}}]},
    {"detail-type": "Scheduled Event", "resources": ["arn:aws:events:x:rule/any-os.getcwd"]},
    {"detail-type": "Scheduled Event", "resources": []},
    {"type": "TOKEN"},
    {"triggerSource": "x"},
    {"awslogs": {"data": ""}},
    {"bot": {}, "currentIntent": {}},
    {"requestContext": {"eventType": "CONNECT"}},
]


def test_e16_what_nobody_asked_for_is_refused(code: Path, boto3: Path, local_aws: stack.Stack, db: None) -> None:
    answers = functions.invoke(code, boto3, environment(), *REFUSED)
    assert [answer for answer in answers if not answer.get("error", "").startswith("Refused")] == []
    assert len(answers) == len(REFUSED)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"SECRET_KEY_SECRET": "mediahub-local/none"}, "The secret mediahub-local/none cannot be read"),
        ({"SECRET_KEY_SECRET": "", "SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY_SECRET": "", "SECRET_KEY": "short"}, "SECRET_KEY is guessable"),
        ({"SECRET_KEY_SECRET": "", "SECRET_KEY": "x" * 80}, "SECRET_KEY is guessable"),
        ({"DEBUG": "true"}, "DEBUG is on"),
        ({"UPLOAD_QUEUE_ARN": ""}, "UPLOAD_QUEUE_ARN is not an ARN"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "cannot be read: EndpointConnectionError"),
    ],
)
def test_e7_e14_it_does_not_start_and_says_why(
    code: Path, boto3: Path, local_aws: stack.Stack, db: None, changed: dict[str, str], says: str
) -> None:
    with pytest.raises(AssertionError) as caught:
        functions.invoke(code, boto3, environment(**changed), {})
    assert says in str(caught.value)


def test_the_web_says_when_it_was_not_made_ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    with pytest.raises(DeployError, match=r"staticfiles\.json is missing.*deploy package"):
        build.prepare_package()


@pytest.mark.django_db
def test_an_invitation_leads_to_a_password(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("invite", "Anna@example.org", "--role", "chief")
    path = urlsplit(capsys.readouterr().out.strip()).path
    form = client.get(path, follow=True)
    assert form.status_code == 200
    address = form.redirect_chain[-1][0]
    short = {"new_password1": "kelp-rivet1", "new_password2": "kelp-rivet1"}
    assert "at least 12 characters" in client.post(address, short).content.decode()
    assert not User.objects.get(username="anna@example.org").has_usable_password()
    chosen = {"new_password1": "correct horse battery", "new_password2": "correct horse battery"}
    answer = client.post(address, chosen, follow=True)
    assert answer.status_code == 200
    assert client.login(username="anna@example.org", password="correct horse battery")
    # Once used, it leads nowhere.
    assert b"csrfmiddlewaretoken" not in client.get(path, follow=True).content.split(b'id="content"')[1]


def test_the_stages_are_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zappa_settings, "FILE", tmp_path / "zappa_settings.json")
    zappa_settings.FILE.write_text("{")
    with pytest.raises(DeployError, match="Restore it from version control"):
        zappa_settings.read_stages()
