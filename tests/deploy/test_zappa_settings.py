"""What Zappa is told, against what the stack makes and the event loop assumes."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from mediahub.local import stack
from mediahub.local.event_loop import FUNCTION_SECONDS, Context

STAGES: dict[str, dict[str, Any]] = json.loads((settings.BASE_DIR / "zappa_settings.json").read_text())
EVENTS = [event for stage in STAGES.values() for event in stage.get("events", [])]


def test_the_function_works_under_the_stacks_own_role_and_says_little() -> None:
    base = STAGES["base"]
    assert base["manage_roles"] is False
    assert base["debug"] is False
    assert base["log_level"] == "INFO"
    assert base["runtime"] in ("python3.12", "python3.13")


def test_the_local_function_has_the_time_and_memory_of_the_real_one() -> None:
    assert STAGES["base"]["timeout_seconds"] == FUNCTION_SECONDS
    assert STAGES["base"]["memory_size"] == Context("any").memory_limit_in_mb


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["function"])
def test_an_event_leads_to_a_function_that_is_there(event: dict[str, Any]) -> None:
    assert callable(import_string(event["function"]))


def test_events_of_the_stacks_queue_find_their_function(local_aws: stack.Stack) -> None:
    [arn] = [event["event_source"]["arn"] for event in STAGES["local"]["events"] if "event_source" in event]
    assert arn == local_aws.outputs["UploadQueueArn"]


def test_the_package_holds_neither_settings_nor_secrets() -> None:
    assert {"zappa_settings.json", "var", "tests"} <= set(STAGES["base"]["exclude"])
    told = [stage.get("environment_variables", {}) for stage in STAGES.values()]
    assert set().union(*told) <= {"STAGE"}
