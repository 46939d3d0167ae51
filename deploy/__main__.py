"""`python -m deploy`: everything that an operator does to a stage.

`python -m deploy COMMAND --help` shows the options of a command.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deploy import presets, template
from deploy.cloudformation import Change
from deploy.commands import check, cost, dashboard, down, rollback, up, workers
from deploy.database import restore
from deploy.errors import DeployError
from deploy.functions import binding, job_progress, management, zappa_settings
from deploy.keys import rotation
from deploy.package import build, contents
from deploy.rehearsal import rehearse
from deploy.stack import removal
from deploy.stage import Confirm, Stage, open_clients
from mediahub.costs import prices

# Among the words of a management command, which argparse does not see.
NO_WAIT = "--no-wait"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when it succeeds."""
    options = _build_parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except (DeployError, template.TemplateError) as error:
        print(f"✗ {error}", file=sys.stderr)
    except (ClientError, BotoCoreError) as error:
        print(f"✗ AWS rejected the request: {error}. Check your credentials, region and permissions.", file=sys.stderr)
    return 1


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy", description="Deploy and operate MediaHub on AWS.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_deployment_commands(commands)
    _add_operation_commands(commands)
    _add_recovery_commands(commands)
    command = _add_command(commands, "package", _package, "build and inspect the package that runs on Lambda")
    command.add_argument("--json", action="store_true")
    _add_command(commands, "template", _template, "print the stack as a single template", has_stage=False)
    cost.add_arguments(_add_command(commands, "cost", cost.run, "show what images cost, by service", has_stage=False))
    return parser


def _add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], Any], description: str, *, has_stage: bool = True
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=description, description=description)
    command.set_defaults(run=run)
    if has_stage:
        command.add_argument("stage", help="such as production")
        command.add_argument("--project", default="mediahub")
        command.add_argument("--profile", help="the profile of your AWS credentials")
        command.add_argument("--region", help="the region, if the profile has none")
    return command


def _add_deployment_commands(commands: Any) -> None:
    for name, run, description in (
        ("stack", _stack, "create or update the stack, and write the stages of zappa_settings.json"),
        ("up", _up, "deploy everything: stack, package, both functions, database, static files"),
        ("rehearse", _rehearse, "deploy a new stage, use it, restore it and remove it again, with test photos"),
    ):
        command = _add_command(commands, name, run, description)
        presets.add_argument(command)
        _add_changes(command, "a parameter of the stack")
    command = _add_command(commands, "workers", _workers, "create or update the Celery workers on Fargate")
    command.add_argument("--image", default="", help="address of the pushed image; without it, create the repository")
    _add_changes(command, "a parameter of the workers' stack")
    command = _add_command(
        commands, "down", _down, "remove the functions, the API and the stack; keep resources that hold data"
    )
    command.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    command.add_argument(
        "--delete-data", metavar="STAGE", help="delete resources that hold data, too; repeat the name of the stage"
    )


def _add_changes(command: argparse.ArgumentParser, description: str) -> None:
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=description)
    command.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def _add_operation_commands(commands: Any) -> None:
    _add_command(commands, "check", _check, "compare what is deployed with the template")
    _add_command(commands, "status", _status, "show what is deployed and how many messages are waiting")
    command = _add_command(
        commands, "dashboard", _dashboard, "create the CloudWatch dashboard, which AWS bills by the month, or remove it"
    )
    command.add_argument("--remove", action="store_true")
    command = _add_command(commands, "rotate", _rotate, "rotate a key of the stage, in two steps")
    command.add_argument("key", choices=("links", "django"), help="the key of CloudFront's links, or Django's key")
    command.add_argument(
        "--now", action="store_true", help="take both steps at once; what the old key signed stops working"
    )
    command = _add_command(commands, "manage", _manage, "run a MediaHub management command in the worker function")
    command.add_argument("line", nargs=argparse.REMAINDER, help="such as doctor --inside, or invite you@example.org")
    command.epilog = f"A command that starts a job is followed until the job ends; {NO_WAIT} returns at once."


def _add_recovery_commands(commands: Any) -> None:
    command = _add_command(commands, "rollback", _rollback, "return both functions to an earlier release")
    command.add_argument("--back", type=int, default=1, help="how many releases to go back")
    command = _add_command(
        commands, "restore", _restore, "restore the database (Aurora) to a moment or a snapshot, or undo a restore"
    )
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--to", metavar="TIME", help="a moment in the last 14 days, such as 2026-11-26T09:30:00Z, or `latest`"
    )
    source.add_argument("--snapshot", metavar="ID", help="a snapshot of a cluster")
    source.add_argument("--undo", action="store_true", help="return to the database that the last restore replaced")
    source.add_argument(
        "--forget", action="store_true", help="delete the databases that restores left, each with a final snapshot"
    )
    command.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def _open_stage(options: argparse.Namespace) -> Stage:
    client, region = open_clients(options.profile, options.region)
    # The local AWS finishes at once.
    is_local = client("sts").meta.endpoint_url.startswith("http://127.")
    return Stage(options.project, options.stage, region, client, poll_seconds=0.2 if is_local else 3)


def _read_parameters(options: argparse.Namespace) -> dict[str, str]:
    known = set(template.compose()["Parameters"])
    return presets.apply_preset(options.preset, presets.parse_parameters(options.set, known))


def _build_confirmation(options: argparse.Namespace) -> Confirm:
    def confirm(changes: list[Change]) -> bool:
        print(f"{len(changes)} changes:")
        for change in changes:
            print(f"  {change}")
        return options.yes or _ask("Apply these changes?")

    return confirm


def _ask(question: str) -> bool:
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _require_consent(options: argparse.Namespace, question: str) -> None:
    if not options.yes and not _ask(question):
        raise DeployError("Nothing was changed, because you declined.")


def _stack(options: argparse.Namespace) -> None:
    stage = _open_stage(options)
    up.update_stack(stage, _read_parameters(options), _build_confirmation(options))
    zappa_stages = " and ".join(zappa_settings.name_stages(stage).values())
    print(f"The stack {stage.base.name} is ready. Next: zappa deploy {zappa_stages}.")


def _workers(options: argparse.Namespace) -> None:
    known = set(template.read_file(workers.TEMPLATE)["Parameters"])
    parameters = presets.parse_parameters(options.set, known)
    outputs = workers.update_workers(_open_stage(options), options.image, parameters, _build_confirmation(options))
    print(f"Push the image to {outputs['RepositoryUri']}, then run this command again with --image and its tag.")


def _up(options: argparse.Namespace) -> int:
    site = up.deploy_stage(_open_stage(options), _read_parameters(options), _build_confirmation(options))
    print(f"The site is at {site}")
    print(f"Invite yourself: python -m deploy manage {options.stage} invite you@example.org --role admin")
    return _check(options)


def _check(options: argparse.Namespace) -> int:
    problems = 0
    for finding in check.inspect_stage(_open_stage(options)):
        print(f"{'✗' if finding.advice else '✓'} {finding.part:13} {finding.seen}")
        if finding.advice:
            print(f"  → {finding.advice.replace('STAGE', options.stage)}")
        problems += bool(finding.advice)
    print(f"{problems} problems found." if problems else "Everything matches the template.")
    return int(problems > 0)


def _status(options: argparse.Namespace) -> None:
    stage = _open_stage(options)
    for stack in (stage.packages, stage.base):
        print(f"stack     {stack.name}: {(stack.describe() or {}).get('StackStatus', 'not deployed')}")
    for name in zappa_settings.name_functions(stage).values():
        if binding.function_exists(stage, name):
            function = stage.client("lambda").get_function_configuration(FunctionName=name)
            print(f"function  {name}: {function.get('State', '')}, changed {function['LastModified']}")
        else:
            print(f"function  {name}: not deployed")
    outputs = stage.base.read_outputs()
    for url in (outputs[name] for name in ("UploadQueueUrl", "DeadLetterQueueUrl", "BulkQueueUrl")):
        request = {"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]}
        attributes = stage.client("sqs").get_queue_attributes(**request)["Attributes"]
        print(f"queue     {url.rsplit('/', 1)[-1]}: {attributes['ApproximateNumberOfMessages']} messages waiting")
    print(f"site      {up.read_site_address(stage) or 'not deployed'}")


def _dashboard(options: argparse.Namespace) -> None:
    stage = _open_stage(options)
    if options.remove:
        dashboard.delete_dashboard(stage)
        print(f"The dashboard of {options.stage} was removed.")
        return
    print(dashboard.create_dashboard(stage, check.list_expected_alarms(stage)[stage.base.name]))
    price = prices()["prices"]["dashboard"]["price"]
    print(f"It costs ${price} a month. To remove it: python -m deploy dashboard {options.stage} --remove")


def _rollback(options: argparse.Namespace) -> int:
    for line in rollback.roll_back(_open_stage(options), options.back):
        print(line)
    return _check(options)


def _restore(options: argparse.Namespace) -> None:
    stage = _open_stage(options)
    if options.forget:
        _require_consent(options, f"Delete {', '.join(restore.list_others(stage)) or 'nothing'}?")
        print(f"Deleted: {', '.join(restore.delete_others(stage)) or 'nothing'}.")
        return
    if restore.resume_swap(stage):
        former = next(reversed(restore.list_others(stage)), "")
    elif options.undo:
        _require_consent(options, f"Return {stage.name} to the database it used before the last restore?")
        former = restore.undo_restore(stage)
    else:
        origin = restore.choose_moment(stage, options.to) if options.to else restore.choose_snapshot(options.snapshot)
        question = f"Restore all records of {stage.name} to {origin.title}? The site is unavailable for a few minutes."
        _require_consent(options, question)
        former = restore.restore_database(stage, origin)
    if binding.function_exists(stage, zappa_settings.name_functions(stage)["worker"]):
        print(management.run_command(stage, "migrate --no-input").output.strip())
    print(f"The site uses the restored database {stage.full_name}. The previous one is {former or 'gone'}.")
    print(f"To bring files and mirror in line with it: python -m deploy manage {options.stage} reconcile --repair")
    print(f"To undo the restore: python -m deploy restore {options.stage} --undo")


def _rotate(options: argparse.Namespace) -> None:
    rotate = rotation.rotate_links if options.key == "links" else rotation.rotate_django
    print(rotate(_open_stage(options), now=options.now))


def _down(options: argparse.Namespace) -> int:
    stage = _open_stage(options)
    if options.delete_data not in (None, options.stage):
        raise DeployError(
            f"--delete-data {options.delete_data} does not match the stage {options.stage}. Nothing was removed."
        )
    if not options.yes and input(f"Remove {options.stage}? Type its name to confirm: ").strip() != options.stage:
        raise DeployError("Nothing was removed.")
    resources = down.remove_stage(stage)
    if options.delete_data:
        if any(resource["ResourceType"] == "AWS::RDS::DBCluster" for resource in resources):
            restore.delete_others(stage)
        failures = removal.delete_resources(stage, resources)
        print("Removed. These resources could not be deleted:" if failures else "Removed, including all data.")
        print("\n".join(f"  {failure}" for failure in failures))
        return int(bool(failures))
    print("Removed. These resources were kept because they hold data:" if resources else "Removed.")
    for resource in resources:
        print(f"  {resource['LogicalResourceId']} ({resource['PhysicalResourceId']})")
    return 0


def _rehearse(options: argparse.Namespace) -> int:
    def confirm(plan: str) -> bool:
        print(plan)
        return options.yes or _ask("Begin?")

    return int(not rehearse.rehearse_stage(_open_stage(options), _read_parameters(options), confirm))


def _manage(options: argparse.Namespace) -> int:
    stage = _open_stage(options)
    result = management.run_command(stage, " ".join(word for word in options.line if word != NO_WAIT))
    print(result.output.strip())
    if not result.job or NO_WAIT in options.line:
        return 0
    try:
        return int(not job_progress.follow_job(stage, result.job))
    except KeyboardInterrupt:
        command = job_progress.build_command(stage, f"jobs {result.job[:8]}")
        print(f"\nThe job continues. To follow it: {command}")
        return 130


def _package(options: argparse.Namespace) -> int:
    package = build.build_package(options.stage)
    print(contents.format_json(package) if options.json else contents.format_text(package))
    return int(bool(package.faults))


def _template(options: argparse.Namespace) -> None:
    print(json.dumps(template.compose(), indent=1))


if __name__ == "__main__":
    sys.exit(main())
