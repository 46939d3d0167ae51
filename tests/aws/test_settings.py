"""Each setting reaches every process that reads it, and no default stands where AWS has a value of its own.

All processes run the whole of settings.py. So each variable that it reads is given to the web's function, the worker's
function and the containers on Fargate, or has its reason here why the default does.
"""

import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from deploy.commands import workers
from deploy.functions import zappa_settings
from deploy.stack import endpoints
from deploy.stage import Stage
from mediahub import checks
from tests.aws.rendered import REGION, Rendered, render_settings, render_stack, render_workers
from tests.children import python

SETTINGS = Path(checks.__file__).with_name("settings.py")
READ = set(re.findall(r"\benv\.\w+\(\s*\"([A-Z_]+)\"", SETTINGS.read_text()))
KINDS = ("web", "worker", "containers")
EVERYWHERE = frozenset(KINDS)

# An operator may choose another value, once for all processes: under `base` in zappa_settings.json.
CHOICES = (
    "SITE_LANGUAGE",
    "TIME_ZONE",
    "LOG_LEVEL",
    "UPLOAD_MAX_BYTES",
    "UPLOAD_PART_THRESHOLD",
    "UPLOAD_MAX_OPEN_TICKETS",
    "UPLOAD_TICKET_SECONDS",
    "IMAGE_MAX_PIXELS",
    "IMAGE_MAX_PIXELS_ONCE",
    "IMAGE_MAX_SIDE",
    "IMAGE_MAX_MEMORY",
    "IMAGE_LIMITS",
    "LEASE_SECONDS",
    "RENDITIONS",
    "RENDITION_FILLS",
    "RENDITION_GAMUT",
    "STORE_LOCATION",
    "RETRY_SECONDS",
    "RESUME_SECONDS",
    "REDRIVE_PER_MINUTE",
    "REDRIVE_MOST",
    "REJECTED_KEEP_SECONDS",
    "SWEEP_GRACE_SECONDS",
    "RECONCILE_GRACE_SECONDS",
    "RECONCILE_SECONDS",
    "RECONCILE_FULL_SECONDS",
    "PUBLIC_GRACE_SECONDS",
    "PUBLISH_RULES",
    "DOWNLOAD_MAX_BYTES",
    "DOWNLOAD_MAX_OPEN",
    "UPLOAD_MAX_BYTES_PER_DAY",
    "SECURITY_CONTACTS",
    "SECOND_FACTOR_REQUIRED",
    "SESSION_IDLE_SECONDS",
    "SESSION_SECONDS",
    "OIDC_ISSUER",
    "OIDC_CLIENT_ID",
    "OIDC_NAME",
    "DOWNLOAD_PART_BYTES",
    "DOWNLOAD_KEEP_SECONDS",
    "DOWNLOAD_LINK_SECONDS",
    "LABEL_MAX",
    "LABEL_MIN_CONFIDENCE",
    "MODERATION",
)
# The variable, where it is not given, and why its default is right there.
REASONS: dict[str, tuple[frozenset[str], str]] = {
    **dict.fromkeys(CHOICES, (EVERYWHERE, "An operator's choice; the default is the same in all processes.")),
    "MEDIAHUB_ENV_FILE": (EVERYWHERE, "A file of a laptop; none is in the package or the image."),
    "DEBUG": (EVERYWHERE, "A deployed function refuses to start with any other value than the default."),
    "LOCAL": (EVERYWHERE, "Only a laptop sets it."),
    "HTTPS": (EVERYWHERE, "The default is what AWS gives."),
    "CSRF_TRUSTED_ORIGINS": (
        EVERYWHERE,
        "API Gateway hands on the host that the browser asked.",
    ),
    "SECRET_KEY": (EVERYWHERE, "A secret never stands in the environment; SECRET_KEY_SECRET says where it is kept."),
    "SECRET_KEY_SECRET": (frozenset({"worker", "containers"}), "Only the web signs what browsers bring back."),
    "SECRET_KEY_RANDOM": (frozenset({"web"}), "What the web signs must be good in all of its processes."),
    "OIDC_SECRET": (EVERYWHERE, "The client's secret is a field of the secret with Django's key, which the web reads."),
    "AWS_PROFILE": (EVERYWHERE, "Credentials are the role's."),
    "AWS_ENDPOINT_URL": (EVERYWHERE, "The address of the local AWS."),
    "AWS_REGION": (frozenset({"web", "worker"}), "Lambda sets it, and lets nobody else."),
    "PUBLIC_URL": (EVERYWHERE, "Made of CLOUDFRONT_DOMAIN or SITE_URL, which are given."),
    "CDN_QUEUE_URL": (frozenset({"web"}), "The web publishes nothing; its role cannot send there."),
    "CLOUDFRONT_KEY_SECRET": (frozenset({"worker", "containers"}), "Only pages need signed addresses."),
    "LABEL_RECORDINGS": (EVERYWHERE, "Recorded answers are for tests."),
    "CELERY_BROKER_URL": (EVERYWHERE, "The default is SQS, with the queue that BULK_QUEUE_URL names."),
}
# What a stack without the part in question has no value for.
WITHOUT = {
    "cdn": {"CLOUDFRONT_DOMAIN", "STATIC_URL", "CDN_QUEUE_URL", "CLOUDFRONT_KEY_SECRET"},
    "aurora": {"DATABASE_URL", "DATABASE_IAM", "CLOCK_REST_SECONDS"},
    "own": {"DATABASE_SECRET"},
}


def read_environment(stack: Rendered) -> dict[str, dict[str, str]]:
    """Return the environment of each kind of process as AWS would give it."""
    task = render_workers(stack, {"Image": "image"}).properties("Task")
    [container] = task["ContainerDefinitions"]
    containers = {entry["Name"]: entry["Value"] for entry in container["Environment"]}
    return {**{kind: render_settings(stack, kind) for kind in ("web", "worker")}, "containers": containers}


@pytest.mark.parametrize(("database", "cdn"), list(product(("aurora", "own"), ("true", "false"))))
def test_each_setting_is_given_to_every_process_or_has_its_reason(database: str, cdn: str) -> None:
    environments = read_environment(render_stack({"Database": database, "Cdn": cdn, "Workers": "true"}))
    absent = WITHOUT["own" if database == "aurora" else "aurora"] | (set() if cdn == "true" else WITHOUT["cdn"])
    for kind, environment in environments.items():
        excused = {name for name, (kinds, _) in REASONS.items() if kind in kinds}
        assert READ - set(environment) - excused - absent == set(), kind
        # A reason that has become untrue is taken out, and a name that nobody reads is not given.
        assert set(environment) & excused == set(), kind
        assert set(environment) <= READ | set(endpoints.VARIABLES.values()), kind
    assert set(REASONS) <= READ


def test_no_value_leads_to_this_machine() -> None:
    for environment in read_environment(render_stack({"Workers": "true"})).values():
        assert not re.search(r"localhost|127\.0\.0\.1|://\[?::1|not-deployed", json.dumps(environment))


def test_nothing_secret_stands_in_an_environment() -> None:
    for database in ("aurora", "own"):
        for environment in read_environment(render_stack({"Database": database, "Workers": "true"})).values():
            assert not re.search(r"PRIVATE KEY|://[^/@\s]+:[^/@\s]+@", json.dumps(environment))


def test_what_an_operator_adds_for_every_stage_reaches_every_process() -> None:
    stack = render_stack({"Workers": "true"})
    stage = Stage("mediahub", "production", REGION, lambda service: None)
    added = {"base": {"aws_environment_variables": {"MODERATION": "true"}}, "production": {}}
    added["production_worker"] = {"aws_environment_variables": {"MODERATION": "false", "LABEL_MAX": "20"}}
    given_settings = {
        kind: zappa_settings.collect_settings(stage, stack.outputs, stack.parameters, kind, added)
        for kind in ("web", "worker")
    }
    assert {settings["MODERATION"] for settings in given_settings.values()} == {"true"}
    assert given_settings["worker"]["LABEL_MAX"] == "20"
    # The stack's own values are nobody's to change here.
    added["base"]["aws_environment_variables"]["UPLOAD_BUCKET"] = "another"
    after = zappa_settings.collect_settings(stage, stack.outputs, stack.parameters, "worker", added)
    assert after["UPLOAD_BUCKET"] == stack.outputs["UploadBucket"]


def test_the_template_of_the_workers_fits_into_a_request() -> None:
    environment = {**render_settings(render_stack(), "worker"), "AWS_REGION": REGION}
    # CloudFormation quotas: a template body in a request has at most 51,200 bytes.
    assert len(json.dumps(workers.compose_template(environment)).encode()) < 51_200


@pytest.mark.parametrize("name", checks.ADDRESSES)
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000"])
def test_an_address_of_this_machine_is_refused_in_production(settings: Any, name: str, host: str) -> None:
    settings.LOCAL = False
    settings.SITE_URL = settings.PUBLIC_URL = "https://desk.example.org/production"
    assert not [error for error in run_checks() if error.id == "mediahub.E005"]
    checks.require_addresses()
    setattr(settings, name, f"http://{host}")
    assert [error.id for error in run_checks() if name in error.msg] == ["mediahub.E005"]
    with pytest.raises(ImproperlyConfigured, match=rf"{name} is http://.*deploy up STAGE"):
        checks.require_addresses()
    settings.LOCAL = True
    checks.require_addresses()


def test_a_worker_of_bulk_work_does_not_start_with_the_default_address() -> None:
    source = """
try:
    import mediahub.celery
except Exception as error:
    print(type(error).__name__, error)
"""
    said = python(source, DJANGO_SETTINGS_MODULE="mediahub.settings", LOCAL="false")
    assert said.startswith("ImproperlyConfigured SITE_URL is http://127.0.0.1:8000")
