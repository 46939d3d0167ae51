"""What Zappa is told, against what the stack makes and the event loop assumes."""

import json
from collections.abc import Iterable
from fnmatch import fnmatch
from importlib.metadata import files
from pathlib import PurePosixPath
from typing import Any

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from mediahub.local import stack
from mediahub.local.event_loop import FUNCTION_SECONDS, Context
from processing.formats import FORMATS, Format

STAGES: dict[str, dict[str, Any]] = json.loads((settings.BASE_DIR / "zappa_settings.json").read_text())
EVENTS = [event for stage in STAGES.values() for event in stage.get("events", [])]


def test_the_function_works_under_the_stacks_own_role_and_says_little() -> None:
    base = STAGES["base"]
    assert base["manage_roles"] is False
    assert base["debug"] is False
    assert base["log_level"] == "INFO"
    assert base["runtime"] in ("python3.12", "python3.13")


def test_the_local_function_has_the_time_and_memory_of_the_real_one() -> None:
    assert STAGES["worker"]["timeout_seconds"] == FUNCTION_SECONDS
    assert STAGES["worker"]["memory_size"] == Context("any").memory_limit_in_mb


def test_web_and_worker_have_their_own_time_and_memory() -> None:
    web, worker = STAGES["web"], STAGES["worker"]
    # API Gateway waits 29 s; a longer function would be paid for and answer nobody.
    assert web["timeout_seconds"] <= 29 < worker["timeout_seconds"]
    assert web["memory_size"] < worker["memory_size"]
    assert worker["apigateway_enabled"] is False


def test_e16_nothing_reaches_zappa_but_through_our_door() -> None:
    assert STAGES["base"]["lambda_handler"] == "mediahub.worker.lambda_entry.lambda_handler"
    # Zappa's own mapping would bring back whole batches, and its schedule adds a permission at each update.
    assert not any("events" in STAGES[stage] for stage in ("base", "web", "worker"))
    assert STAGES["base"]["keep_warm"] is False


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["function"])
def test_an_event_leads_to_a_function_that_is_there(event: dict[str, Any]) -> None:
    assert callable(import_string(event["function"]))


def test_events_of_the_stacks_queue_find_their_function(local_aws: stack.Stack) -> None:
    [arn] = [event["event_source"]["arn"] for event in STAGES["local"]["events"] if "event_source" in event]
    assert arn == local_aws.outputs["UploadQueueArn"]


def test_the_package_holds_neither_settings_nor_secrets() -> None:
    assert {"zappa_settings.json", "var", "tests", ".*"} <= set(STAGES["base"]["exclude"])
    variables = [stage.get("environment_variables", {}) for stage in STAGES.values()]
    assert set().union(*variables) == set()


def find_missing(table: Iterable[Format]) -> set[str]:
    """Return what the formats need and the package lacks: no file of the wheels has it, or Zappa leaves it out."""
    # Zappa compares its patterns with the names of files and folders.
    shipped = {
        path.name
        for path in map(PurePosixPath, [*(files("Pillow") or []), *(files("pi-heif") or [])])
        if not any(fnmatch(part, pattern) for part in path.parts for pattern in STAGES["base"]["exclude"])
    }
    needed = {codec for each in table for codec in each.codecs}
    needed |= {f"{plugin.rpartition('.')[2]}.py" for each in table for plugin in each.plugins}
    return {pattern for pattern in needed if not any(fnmatch(name, pattern) for name in shipped)}


def test_the_package_has_what_each_format_needs() -> None:
    assert find_missing(FORMATS) == set()


def test_a_format_whose_decoder_is_left_out_of_the_package_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    exclude = [*STAGES["base"]["exclude"], "_avif*", "libavif*"]
    monkeypatch.setitem(STAGES, "base", {**STAGES["base"], "exclude": exclude})
    assert find_missing(FORMATS) == {"_avif*", "libavif*"}
