"""`python -m deploy`: everything an operator does to a stage. `python -m deploy COMMAND --help` says more."""

import argparse
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from deploy import presets, template
from deploy.cloudformation import Change
from deploy.commands import check, cost, dashboard, down, rollback, up, workers
from deploy.database import restore
from deploy.errors import DeployError
from deploy.functions import binding, job_progress, management, zappa_settings
from deploy.keys import rotation
from deploy.package import build
from deploy.rehearsal import rehearse
from deploy.stack import removal
from deploy.stage import Confirm, Place, open_clients
from mediahub.costs import prices

# After the words of a command, which are not argparse's.
NO_WAIT = "--no-wait"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0 when all is well."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except (DeployError, template.TemplateError) as error:
        print(f"✗ {error}", file=sys.stderr)
    except (ClientError, BotoCoreError) as error:
        print(f"✗ AWS refused: {error}. Check your credentials, region and rights.", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy", description="Deploys and keeps MediaHub on AWS.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, says: str, *, stage: bool = True) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=says, description=says)
        made.set_defaults(run=run)
        if stage:
            made.add_argument("stage", help="such as production")
            made.add_argument("--project", default="mediahub")
            made.add_argument("--profile", help="profile of your AWS credentials")
            made.add_argument("--region", help="region, when the profile has none")
        return made

    for name, handler, says in (
        ("stack", _stack, "make or change the stack, and write the stages of zappa_settings.json"),
        ("up", _up, "the whole way: stack, package, both functions, database, static files"),
    ):
        made = command(name, handler, says)
        presets.add_argument(made)
        made.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the stack")
        made.add_argument("--yes", action="store_true", help="do not ask before changes are made")
    made = command("workers", _workers, "make or change the Celery workers on Fargate")
    made.add_argument("--image", default="", help="address of the pushed image; without it only the repository is made")
    made.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the workers' stack"
    )
    made.add_argument("--yes", action="store_true", help="do not ask before changes are made")
    command("check", _check, "whether what stands is what the template says")
    command("status", _status, "what stands, and what waits")
    made = command("dashboard", _dashboard, "make CloudWatch's dashboard, which is paid for by the month, or remove it")
    made.add_argument("--remove", action="store_true")
    made = command("rollback", _rollback, "put both functions back to an earlier release")
    made.add_argument("--back", type=int, default=1, help="by how many releases")
    made = command("rotate", _rotate, "change a key of the stage, in two steps")
    made.add_argument("key", choices=("links", "django"), help="what signs CloudFront's links, or Django's key")
    made.add_argument("--now", action="store_true", help="both steps at once: what the former key signed ends")
    made = command("restore", _restore, "put the records (Aurora) back to a moment or a snapshot, and undo that")
    way = made.add_mutually_exclusive_group(required=True)
    way.add_argument(
        "--to", metavar="TIME", help="a moment of the last 14 days, such as 2026-11-26T09:30:00Z, or `latest`"
    )
    way.add_argument("--snapshot", metavar="ID", help="a snapshot of a cluster")
    way.add_argument("--undo", action="store_true", help="put back the database that the last restore replaced")
    way.add_argument(
        "--forget", action="store_true", help="delete the databases that restores left, with a last snapshot"
    )
    made.add_argument("--yes", action="store_true", help="do not ask")
    made = command("down", _down, "remove functions, API and stack; what holds data is kept")
    made.add_argument("--yes", action="store_true", help="do not ask")
    made.add_argument("--delete-data", metavar="STAGE", help="delete what holds data too; name the stage a second time")
    made = command("rehearse", _rehearse, "the whole way of a new stage and back, with pictures; removes what it made")
    presets.add_argument(made)
    made.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the stack")
    made.add_argument("--yes", action="store_true", help="do not ask before it begins")
    made = command("manage", _manage, "run one of MediaHub's commands in the worker's function")
    made.add_argument("line", nargs=argparse.REMAINDER, help="such as doctor --inside, or invite you@example.org")
    made.epilog = f"Work on all images is followed until it ends; {NO_WAIT} leaves it to the queue and returns."
    made = command("package", _package, "build the package that Lambda runs, and look through it")
    made.add_argument("--json", action="store_true")
    command("template", _template, "print the stack as one template", stage=False)
    cost.add_arguments(command("cost", cost.run, "what images cost, by service", stage=False))
    return parser


def _place(options: argparse.Namespace) -> Place:
    client, region = open_clients(options.profile, options.region)
    # The local AWS is done at once.
    here = client("sts").meta.endpoint_url.startswith("http://127.")
    return Place(options.project, options.stage, region, client, pause=0.2 if here else 3)


def _parameters(options: argparse.Namespace, known: set[str]) -> dict[str, str]:
    explicit = dict(item.partition("=")[::2] for item in options.set)
    parameters = presets.choose(getattr(options, "preset", None), explicit)
    if unknown := set(parameters) - known:
        raise DeployError(
            f"The stack has no parameter {', '.join(sorted(unknown))}. It has {', '.join(sorted(known))}."
        )
    return parameters


def _confirm(options: argparse.Namespace) -> Confirm:
    def confirm(changes: list[Change]) -> bool:
        print(f"{len(changes)} changes:")
        for change in changes:
            print(f"  {change}")
        return options.yes or input("Make them? [y/N] ").strip().lower() in ("y", "yes")

    return confirm


def _stack(options: argparse.Namespace) -> None:
    place = _place(options)
    up.make_stack(place, _parameters(options, set(template.compose()["Parameters"])), _confirm(options))
    print(
        f"The stack {place.base.name} stands. Next: zappa deploy {' and '.join(zappa_settings.names(place).values())}."
    )


def _workers(options: argparse.Namespace) -> None:
    place, known = _place(options), set(template.read(workers.TEMPLATE)["Parameters"])
    outputs = workers.make(place, options.image, _parameters(options, known), _confirm(options))
    print(f"Push images to {outputs['RepositoryUri']}, then give --image with the tag.")


def _up(options: argparse.Namespace) -> int:
    place = _place(options)
    site = up.up(place, _parameters(options, set(template.compose()["Parameters"])), _confirm(options))
    print(f"The site is at {site}")
    print(f"Invite yourself: python -m deploy manage {options.stage} invite you@example.org --role admin")
    return _check(options)


def _check(options: argparse.Namespace) -> int:
    faults = 0
    for finding in check.check(_place(options)):
        print(f"{'✗' if finding.advice else '✓'} {finding.part:13} {finding.seen}")
        if finding.advice:
            print(f"  → {finding.advice.replace('STAGE', options.stage)}")
        faults += bool(finding.advice)
    print(f"{faults} faults found." if faults else "All is as the template says.")
    return int(faults > 0)


def _status(options: argparse.Namespace) -> None:
    place = _place(options)
    for stack in (place.packages, place.base):
        print(f"stack     {stack.name}: {(stack.described() or {}).get('StackStatus', 'not there')}")
    for name in zappa_settings.functions(place).values():
        if binding.exists(place, name):
            found = place.clients("lambda").get_function_configuration(FunctionName=name)
            print(f"function  {name}: {found.get('State', '')}, changed {found['LastModified']}")
        else:
            print(f"function  {name}: not there")
    outputs = place.base.outputs()
    for name in ("UploadQueueUrl", "DeadLetterQueueUrl", "BulkQueueUrl"):
        asked = {"QueueUrl": outputs[name], "AttributeNames": ["ApproximateNumberOfMessages"]}
        held = place.clients("sqs").get_queue_attributes(**asked)["Attributes"]
        print(f"queue     {outputs[name].rsplit('/', 1)[-1]}: {held['ApproximateNumberOfMessages']} messages wait")
    print(f"site      {up.address(place) or 'not deployed'}")


def _dashboard(options: argparse.Namespace) -> None:
    place = _place(options)
    if options.remove:
        dashboard.remove(place)
        print(f"The dashboard of {options.stage} is gone.")
        return
    print(dashboard.make(place, check.expected_alarms(place)[place.base.name]))
    price = prices()["prices"]["dashboard"]["price"]
    print(f"It costs ${price} a month. Remove it: python -m deploy dashboard {options.stage} --remove")


def _rollback(options: argparse.Namespace) -> int:
    for line in rollback.rollback(_place(options), options.back):
        print(line)
    return _check(options)


def _restore(options: argparse.Namespace) -> None:
    place = _place(options)
    if options.forget:
        others = restore.list_others(place)
        _agree(options, f"Delete {', '.join(others) or 'nothing'}?")
        print(f"Deleted: {', '.join(restore.forget(place)) or 'nothing'}.")
        return
    if restore.resume(place):
        former = next(reversed(restore.list_others(place)), "")
    elif options.undo:
        _agree(options, f"Put the database of {place.stage} back to the one before the last restore?")
        former = restore.undo(place)
    else:
        origin = restore.choose_moment(place, options.to) if options.to else restore.choose_snapshot(options.snapshot)
        _agree(options, f"Put all records of {place.stage} back to {origin.title}? The site rests for some minutes.")
        former = restore.restore(place, origin)
    if binding.exists(place, zappa_settings.functions(place)["worker"]):
        print(management.manage(place, "migrate --no-input").strip())
    print(f"The site uses the restored database {place.name}; the one before is {former or 'not there any more'}.")
    print(f"Fit files and mirror to it: python -m deploy manage {options.stage} reconcile --repair")
    print(f"To take it back: python -m deploy restore {options.stage} --undo")


def _rotate(options: argparse.Namespace) -> None:
    change = rotation.rotate_links if options.key == "links" else rotation.rotate_django
    print(change(_place(options), now=options.now))


def _agree(options: argparse.Namespace, question: str) -> None:
    if not options.yes and input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise DeployError("Nothing was changed, because you said no.")


def _down(options: argparse.Namespace) -> int:
    place = _place(options)
    if options.delete_data not in (None, options.stage):
        raise DeployError(f"--delete-data {options.delete_data} is not {options.stage}. Nothing was removed.")
    if not options.yes and input(f"Remove {options.stage}? Type its name: ").strip() != options.stage:
        raise DeployError("Nothing was removed.")
    kept = down.down(place)
    if options.delete_data:
        if any(found["ResourceType"] == "AWS::RDS::DBCluster" for found in kept):
            restore.forget(place)
        left = removal.remove(place, kept)
        print("Removed, with all data." if not left else "Removed. Could not be deleted:")
        print("\n".join(f"  {line}" for line in left))
        return int(bool(left))
    print("Removed. Kept, because they hold data:" if kept else "Removed.")
    for found in kept:
        print(f"  {found['LogicalResourceId']} ({found['PhysicalResourceId']})")
    return 0


def _rehearse(options: argparse.Namespace) -> int:
    def confirm(plan: str) -> bool:
        print(plan)
        return options.yes or input("Begin? [y/N] ").strip().lower() in ("y", "yes")

    parameters = _parameters(options, set(template.compose()["Parameters"]))
    return int(not rehearse.rehearse(_place(options), parameters, confirm))


def _manage(options: argparse.Namespace) -> int:
    place = _place(options)
    answer = management.ask(place, " ".join(word for word in options.line if word != NO_WAIT))
    print(str(answer["output"]).strip())
    job = str(answer.get("job", ""))
    if not job or NO_WAIT in options.line:
        return 0
    try:
        return int(not job_progress.follow(place, job))
    except KeyboardInterrupt:
        print(f"\nThe work goes on. Follow it: {job_progress.command(place, f'jobs {job[:8]}')}")
        return 130


def _package(options: argparse.Namespace) -> int:
    built = build.build(options.stage)
    print(build.as_json(built) if options.json else build.report(built))
    return int(bool(built.faults))


def _template(options: argparse.Namespace) -> None:
    print(template.body())


if __name__ == "__main__":
    sys.exit(main())
