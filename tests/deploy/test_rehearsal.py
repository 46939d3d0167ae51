"""The rehearsal's steps against the desk, its buckets and its worker; its end, whatever fails; what it says first."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from django.core.management import call_command
from django.test import Client

from deploy.commands import down
from deploy.errors import DeployError
from deploy.rehearsal import editor, rehearse
from deploy.rehearsal.editor import Response
from deploy.rehearsal.photos import make_photo
from deploy.rehearsal.steps import Bounds, Rehearsal, RehearsalError, Step
from deploy.stack import existing
from deploy.stack.existing import ExistingResource
from deploy.stage import Stage
from mediahub.library.models import Image
from mediahub.local.event_loop import EventLoop
from tests.local_aws import drain

SITE = "https://testserver/"
QUICK = Bounds(ready=5, public=5, pause=5, poll=1)


@dataclass
class Operator:
    """A double of the operator whose stage stands already: the desk of this test, with its records and buckets."""

    become: Callable[[str], None]
    commands: list[str] = field(default_factory=list)

    def up(self) -> str:
        """Deploy nothing; the site stands."""
        self.commands.append("up")
        return SITE

    def check(self) -> list[str]:
        """Find no fault."""
        return []

    def invite(self, person: str) -> str:
        """Run the command that the function runs, for the path of the address that it prints."""
        said = StringIO()
        call_command("invite", person, "--role", "chief", stdout=said)
        return urlsplit(said.getvalue().strip()).path

    def read_capacity(self, since: datetime) -> float | None:
        """Say that CloudWatch knows nothing yet, then that the database pauses."""
        self.commands.append("capacity")
        return 0.0 if self.commands.count("capacity") > 1 else None

    def restore(self, moment: datetime) -> str:
        """Undo the one change that was made since."""
        self.commands.append("restore")
        Image.objects.filter(state=Image.State.ARCHIVED, title="harbor").update(state=Image.State.PUBLISHED)
        return "restored"

    def reconcile(self) -> None:
        """Run the command that the function runs."""
        self.become("worker")
        call_command("reconcile", "--repair", "--grace", "0", stdout=StringIO())

    def down(self) -> list[str]:
        """Keep what holds data."""
        self.commands.append("down")
        return ["mediahub-rehearsal-uploads"]


@pytest.fixture
def send(
    local_aws: Any, event_loop: EventLoop, settings: Any, as_role: Callable[[str], None]
) -> Callable[..., Response]:
    """Send to the desk of this test what goes to the site, and the rest over the wire; the worker works in between."""
    settings.UPLOAD_PART_THRESHOLD = 100_000
    settings.SECURE_SSL_REDIRECT = False
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.PUBLIC_URL = SITE.rstrip("/")
    settings.CSRF_TRUSTED_ORIGINS = [SITE.rstrip("/")]

    def answer(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        if not url.startswith(SITE):
            # The local AWS takes no pages of other machines, as this site would be.
            return editor.send(method, url, {name: headers[name] for name in headers if name != "Origin"}, body)
        if "/upload/status/" in url or "/public/" in url:
            as_role("worker")
            drain(event_loop)
        as_role("web")
        parts = urlsplit(url)
        kind = headers.get("Content-Type", "")
        other_headers = {name: value for name, value in headers.items() if name != "Content-Type"}
        # The editor keeps the cookies.
        browser = Client(enforce_csrf_checks=True)
        path = f"{parts.path}?{parts.query}"
        said: Any = browser.generic(method, path, body, kind, secure=True, headers=other_headers)
        cookies = [("Set-Cookie", morsel.OutputString()) for morsel in said.cookies.values()]
        if "/public/" in url and said.status_code == 302:
            # Without CloudFront the site leads to the file.
            return editor.send("GET", said["Location"], {}, b"")
        content = b"".join(said.streaming_content) if said.streaming else said.content
        return Response(said.status_code, [*said.headers.items(), *cookies], content)

    return answer


@pytest.mark.django_db(transaction=True)
def test_the_steps_go_the_whole_way_with_the_desk_its_buckets_and_its_worker(
    send: Callable[..., Response], as_role: Callable[[str], None]
) -> None:
    operator = Operator(as_role)
    # Small ones, for what is tried is the way; the command's own are as large as their titles say.
    journey = Rehearsal(
        operator, send, QUICK, lambda seconds: None, lambda title, size: make_photo(title, max(20_000, size // 200))
    )
    outcomes, left = rehearse.run_steps(journey.list_steps(), lambda: [], print)
    assert [outcome.result for outcome in outcomes if not outcome.succeeded] == []
    assert left == []
    assert operator.commands == ["up", "capacity", "capacity", "restore", "down", "up"]
    assert re.search(r"20 addresses refuse after \d+ s", rehearse.format_outcomes(outcomes))


def test_a_step_that_fails_ends_the_rehearsal_and_everything_is_removed() -> None:
    taken: list[str] = []

    def fail() -> str:
        raise RehearsalError("not so")

    def remove_all() -> list[str]:
        taken.append("removed")
        return ["mediahub-rehearsal-logs: AccessDenied"]

    def take() -> str:
        taken.append("first")
        return "well"

    def take_no_more() -> str:
        taken.append("third")
        return ""

    steps = [Step("first", take), Step("second", fail), Step("third", take_no_more)]
    outcomes, left = rehearse.run_steps(steps, remove_all, print)
    assert taken == ["first", "removed"]
    assert left == ["mediahub-rehearsal-logs: AccessDenied"]
    assert [outcome.succeeded for outcome in outcomes] == [True, False, False]
    assert "✗ RehearsalError: not so" in rehearse.format_outcomes(outcomes)
    assert "left: mediahub-rehearsal-logs: AccessDenied" in rehearse.format_outcomes(outcomes)


def test_an_error_that_nobody_foresaw_ends_the_step_and_is_told_with_its_place() -> None:
    said: list[str] = []
    [failed, removed], left = rehearse.run_steps([Step("first", lambda: str(1 // 0))], lambda: [], said.append)
    assert (failed.succeeded, removed.succeeded, left) == (False, True, [])
    assert failed.result.startswith("ZeroDivisionError")
    assert "Traceback" in "".join(said)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_everything_is_removed_whatever_ends_the_steps(error: type[BaseException]) -> None:
    removed: list[bool] = []

    def end() -> str:
        raise error

    def remove_all() -> list[str]:
        removed.append(True)
        return []

    with pytest.raises(error):
        rehearse.run_steps([Step("first", end)], remove_all, print)
    assert removed == [True]


def test_what_cannot_be_removed_is_named_with_the_command_that_removes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(stage: Stage) -> list[Any]:
        raise DeployError("The stack could not be removed.")

    monkeypatch.setattr(down, "remove_stage", refuse)
    monkeypatch.setattr(rehearse, "NETWORK_SECONDS", -1)
    [left] = rehearse.AwsOperator(make_stage(), {}).remove_all()
    assert left.startswith("The stack could not be removed.")
    assert "`python -m deploy down rehearsal --delete-data rehearsal`" in left


def test_down_waits_until_lambda_lets_go_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [DeployError("The security group is in use."), [{"PhysicalResourceId": "bucket"}]]

    def answer(stage: Stage) -> Any:
        if isinstance(said := answers.pop(0), DeployError):
            raise said
        return said

    monkeypatch.setattr(down, "remove_stage", answer)
    monkeypatch.setattr(rehearse, "NETWORK_PAUSE", 0)
    assert rehearse.AwsOperator(make_stage(), {}).down() == ["bucket"]


def make_stage(**clients: Any) -> Stage:
    return Stage("mediahub", "rehearsal", "us-east-1", lambda service: clients[service], 0)


class Stacks:
    """CloudFormation as far as a stack is asked for by name."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's own name
        if StackName in self.names:
            return {"Stacks": [{"StackName": StackName, "StackStatus": "CREATE_COMPLETE"}]}
        raise ClientError({"Error": {"Code": "ValidationError", "Message": f"{StackName} does not exist"}}, "Describe")


@pytest.mark.parametrize("standing", ["mediahub-rehearsal-base", "mediahub-rehearsal-packages"])
def test_a_stage_that_stands_is_not_rehearsed_on(standing: str) -> None:
    with pytest.raises(DeployError, match=f"The stack {standing} exists"):
        rehearse.rehearse_stage(make_stage(cloudformation=Stacks(standing)), {}, lambda plan: True)


LEFTOVERS = (
    ExistingResource("UploadBucket", "AWS::S3::Bucket", "mediahub-rehearsal-uploads-000000000000"),
    ExistingResource("DatabaseCluster", "AWS::RDS::DBCluster", "mediahub-rehearsal"),
    ExistingResource("Secret", "AWS::SecretsManager::Secret", "mediahub-rehearsal/django", is_leaving=True),
)


@pytest.mark.parametrize("leftover", LEFTOVERS, ids=lambda leftover: leftover.logical)
def test_a_stage_that_left_something_is_not_rehearsed_on(
    leftover: ExistingResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(existing, "find_existing", lambda stage, parts: iter([leftover]))
    with pytest.raises(DeployError, match=f"An earlier stage rehearsal left {leftover.physical}"):
        rehearse.rehearse_stage(make_stage(cloudformation=Stacks()), {}, lambda plan: True)


def test_it_says_what_it_will_do_and_what_it_costs_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[str] = []
    new = make_stage(cloudformation=Stacks())
    leaving = ExistingResource("Key", "AWS::KMS::Key", "1234", is_leaving=True)
    monkeypatch.setattr(existing, "find_existing", lambda stage, parts: iter([leaving]))

    def refuse(plan: str) -> bool:
        plans.append(plan)
        return False

    with pytest.raises(DeployError, match="Nothing was done"):
        rehearse.rehearse_stage(new, {}, refuse)
    assert "8. take down 20 at once" in plans[0]
    assert "15. remove everything" in plans[0]
    assert re.search(r"costs at most \$\d\.\d\d", plans[0])
    assert 0 < rehearse.compute_highest_cost() < 5


@pytest.mark.parametrize("size", [5_000_000, 50_000_000])
def test_a_photo_is_as_large_as_it_is_asked_for(size: int) -> None:
    data = make_photo("harbor", size)
    assert abs(len(data) / size - 1) < 0.1
    assert (data[:2], data[-2:]) == (b"\xff\xd8", b"\xff\xd9")
