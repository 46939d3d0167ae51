"""Run one of MediaHub's management commands in one of its functions."""

from typing import NamedTuple

from deploy.database import aurora
from deploy.errors import DeployError
from deploy.functions import invocation, zappa_settings
from deploy.stage import Stage

# Commands of the web: an invitation is signed with Django's key, which no other function can read; nor may any other
# touch sessions and factors.
OF_THE_WEB = ("invite", "remove_factors")
# Commands that change tables, and so need the user who owns them.
OF_THE_OWNER = ("migrate",)


class CommandResult(NamedTuple):
    """Hold the output of a command, and the id of the job that continues its work, if any."""

    output: str
    job: str = ""


def run_command(stage: Stage, line: str) -> CommandResult:
    """Run a management command in the worker function, or the web's; raise DeployError when it fails."""
    name = line.split(maxsplit=1)[0]
    function = zappa_settings.name_functions(stage)["web" if name in OF_THE_WEB else "worker"]
    stage.client("lambda").get_waiter("function_updated_v2").wait(FunctionName=function)
    owner = aurora.sign_in_as_owner(stage) if name in OF_THE_OWNER else {}
    event = {"manage": line, **({"database": owner} if owner else {})}
    answer = invocation.invoke_function(stage, function, event)
    if not isinstance(answer, dict):
        raise DeployError(f"`{line}` could not run in {function}: {answer}")
    if not answer["well"]:
        raise DeployError(f"`{line}` failed in {function}:\n{answer['output']}")
    return CommandResult(str(answer["output"]), str(answer.get("job", "")))
