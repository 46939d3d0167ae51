"""Run one of MediaHub's management commands in the worker function."""

from typing import NamedTuple

from deploy.errors import DeployError
from deploy.functions import invocation, zappa_settings
from deploy.stage import Stage


class CommandResult(NamedTuple):
    """Hold the output of a command, and the id of the job that continues its work, if any."""

    output: str
    job: str = ""


def run_command(stage: Stage, line: str) -> CommandResult:
    """Run a management command in the worker function; raise DeployError when it fails."""
    function = zappa_settings.name_functions(stage)["worker"]
    stage.client("lambda").get_waiter("function_updated_v2").wait(FunctionName=function)
    answer = invocation.invoke_function(stage, function, {"manage": line})
    if not isinstance(answer, dict):
        raise DeployError(f"`{line}` could not run in {function}: {answer}")
    if not answer["well"]:
        raise DeployError(f"`{line}` failed in {function}:\n{answer['output']}")
    return CommandResult(str(answer["output"]), str(answer.get("job", "")))
