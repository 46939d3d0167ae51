"""Run one of MediaHub's management commands in the worker's function."""

from typing import Any

from deploy.errors import DeployError
from deploy.functions import invocation, zappa_settings
from deploy.stage import Place


def manage(place: Place, line: str) -> str:
    """Run one of MediaHub's commands in the worker's function; returns what it wrote. Raises DeployError."""
    return str(ask(place, line)["output"])


def ask(place: Place, line: str) -> dict[str, Any]:
    """Run a command as `manage` does; returns its `output`, and the id of the `job` that goes on with its work."""
    function = zappa_settings.functions(place)["worker"]
    place.clients("lambda").get_waiter("function_updated_v2").wait(FunctionName=function)
    said = invocation.invoke(place, function, {"manage": line})
    if not isinstance(said, dict):
        raise DeployError(f"`{line}` could not run in {function}: {said}")
    if not said["well"]:
        raise DeployError(f"`{line}` failed in {function}:\n{said['output']}")
    return dict(said)
