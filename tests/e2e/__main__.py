"""From a clone to a desk on AWS and back, each step as deploy's documents tell it, with the figures it took.

`python -m tests.e2e rehearsal` has the whole template and goes from `up` to a second one; `releases` has a database
outside of the stack and looks at releases, at the front door and at work that goes on meanwhile. Without a word, both.
"""

import json
import re
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from deploy.rehearsal.editor import Editor
from processing import SPECS
from tests.e2e.ground import PARAMETERS, STAGE, Ground, ground
from tests.e2e.transport import Transport, is_lost
from tests.pictures import jpeg

UPLOADS = 200
PATIENCE = 300
REFUSALS = (b"not run by name here", b"is not run here", b"no event that MediaHub knows")
WORKER = f"mediahub-{STAGE}-worker"


def main(*parts: str) -> int:
    """Go the whole way, or these parts of it; any step that fails ends it with what was said."""
    if parts in ((), ("rehearsal",)):
        with ground() as here:
            if failed := timed("the rehearsal, with the whole template", here.rehearse):
                return int(failed)
    if parts in ((), ("releases",)):
        make_releases()
    print("The deployment works.")
    return 0


def make_releases() -> None:
    """Release, update under load, and roll back."""
    with ground() as here:
        timed("deploy stack", lambda: make_stack(here))
        timed("first release", lambda: first_release(here))
        editor = timed("invitation and sign-in", lambda: sign_in(here))
        timed("one upload, processed and mirrored", lambda: one_upload(here, editor))
        timed("under the worker's own role", lambda: take_the_role_away(here))
        timed(f"zappa update while {UPLOADS} uploads run", lambda: ship_under_load(here, editor))
        timed("deploy up, the next release", lambda: next_release(here))
        timed("the front door", lambda: knock(here))
        timed("the operator's commands", lambda: give_commands(here))
        timed("update by change set", lambda: change(here))
        timed("rollback of both", lambda: here.deploy("rollback", STAGE))
        timed("down", lambda: down(here))


def timed(name: str, step: Any) -> Any:
    """Do a step and print how long it took."""
    start = time.monotonic()
    result = step()
    print(f"✓ {name}: {time.monotonic() - start:.0f} s", flush=True)
    return result


def make_stack(here: Ground) -> None:
    """Deploy the base by change set, and put the database's address into its secret."""
    settings = [word for name, value in PARAMETERS.items() for word in ("--set", f"{name}={value}")]
    said = here.deploy("stack", STAGE, "--yes", *settings)
    assert "+ UploadBucket (S3::Bucket)" in said, said
    print("  " + next(line for line in said.splitlines() if line.endswith(" changes:")))
    status = here.client("cloudformation").describe_stacks(StackName=f"mediahub-{STAGE}-base")["Stacks"][0]
    assert status["StackStatus"] == "CREATE_COMPLETE"
    here.client("secretsmanager").put_secret_value(
        SecretId=f"mediahub-{STAGE}/database", SecretString=f'{{"DATABASE_URL": "{here.database}"}}'
    )


def first_release(here: Ground) -> None:
    """Plain Zappa: its callback ties queue and clock to the worker, and tells the stack the API."""
    said = timed("  deploy package", lambda: here.deploy("package", f"{STAGE}_worker"))
    print(f"    {said.strip().splitlines()[-1]}")
    for stage in (f"{STAGE}_worker", STAGE):
        timed(f"  zappa deploy {stage}", lambda stage=stage: here.zappa("deploy", stage))
    timed("  deploy manage migrate", lambda: here.deploy("manage", STAGE, "migrate --no-input"))
    checked = timed("  deploy check", lambda: here.deploy("check", STAGE))
    assert "Everything matches the template." in checked


def sign_in(here: Ground) -> Editor:
    """Return an invitation, a password, a session."""
    said = here.deploy("manage", STAGE, "invite editor@example.org")
    match = re.search(r"(https://\w+\.execute-api\.[\w.-]+)(/\S+/admin/invited/\S+)", said)
    assert match, said
    editor = Editor(f"{match[1]}/{STAGE}/", Transport(here.endpoint))
    editor.accept_invitation(match[2], "editor@example.org", "correct horse battery staple")
    assert "Upload" in editor.open_page(f"/{STAGE}/admin/")
    return editor


def one_upload(here: Ground, editor: Editor) -> None:
    """Send a file through the deployed function, under the worker's role, into records, renditions and mirror."""
    upload = editor.upload("harbour.jpg", jpeg(800, 600))
    assert settled(editor, [upload]) == {"ready": 1}
    items = here.client("dynamodb").query(
        TableName=f"mediahub-{STAGE}-images",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": upload}},
    )["Items"]
    # It is not published, so the mirror has its sizes and none of its words.
    assert [item.get("title") for item in items] == [None]
    assert set(items[0]["renditions"]["M"]) == {*(spec.name for spec in SPECS), "square", "wide"}


def take_the_role_away(here: Ground) -> None:
    """Without its role's policy the function reaches nothing, and with it everything: it works under no other."""
    iam, name = here.client("iam"), {"RoleName": WORKER, "PolicyName": "worker"}
    assert "All is well." in here.deploy("manage", STAGE, "doctor --inside")
    document = iam.get_role_policy(**name)["PolicyDocument"]
    iam.delete_role_policy(**name)
    assert "AccessDenied" in here.deploy("manage", STAGE, "doctor --inside", fails=True)
    iam.put_role_policy(PolicyDocument=json.dumps(document), **name)
    assert "All is well." in here.deploy("manage", STAGE, "doctor --inside")


def ship_under_load(here: Ground, editor: Editor) -> None:
    """Both functions are updated while files come in; every one of them arrives."""
    uploads: list[str] = []
    shipping = threading.Thread(target=lambda: [here.zappa("update", s) for s in (f"{STAGE}_worker", STAGE)])
    shipping.start()
    picture = jpeg(400, 300)
    with ThreadPoolExecutor(4) as pool:
        uploads += pool.map(lambda number: editor.upload(f"picture {number}.jpg", picture), range(UPLOADS))
    shipping.join()
    states = settled(editor, uploads)
    print(f"  {dict(states)}")
    assert states == {"ready": UPLOADS}


def next_release(here: Ground) -> None:
    """Run the one command that does it all, on a stage that stands."""
    # Equal contents make an equal package, which is no release that one could go back from.
    with (here.project / "mediahub" / "__init__.py").open("a") as source:
        source.write("# The next release.\n")
    said = here.deploy("up", STAGE, "--yes")
    assert re.search(r"The site is at https://\w+\.execute-api\.\S+/production/", said), said
    assert "Everything matches the template." in said, said


def knock(here: Ground) -> None:
    """Check that the deployed function itself refuses what nobody asked for."""
    client = here.client("lambda")
    for payload in (
        '{"raw_command": "1"}',
        '{"command": "os.getcwd"}',
        '{"manage": "shell"}',
        '{"Records": [{}]}',
        "{}",
    ):
        is_known = False
        while not is_known:
            answer = client.invoke(FunctionName=WORKER, Payload=payload.encode())
            assert answer.get("FunctionError"), payload
            said = answer["Payload"].read()
            is_known = not is_lost(said)
        assert any(word in said for word in REFUSALS), said


def give_commands(here: Ground) -> None:
    """Do what docs/operations.md says to do when an alarm rings."""
    assert f"function  {WORKER}: Active" in here.deploy("status", STAGE)
    for line in ("reconcile --repair", "rebuild_mirror", "reprocess_images --all"):
        here.deploy("manage", STAGE, line)
    here.deploy("dashboard", STAGE)
    here.deploy("dashboard", STAGE, "--remove")
    for stage in (STAGE, f"{STAGE}_worker"):
        here.zappa("tail", stage, "--since", "30m", "--disable-keep-open")


def change(here: Ground) -> None:
    """One parameter more: the change set names what it touches, and nothing else changes."""
    said = here.deploy("stack", STAGE, "--yes", "--set", "MaxReceiveCount=21")
    assert "~ UploadQueue (SQS::Queue)" in said, said
    assert "Everything matches the template." in here.deploy("check", STAGE)


def down(here: Ground) -> None:
    """Functions and stack go; what holds data stays."""
    said = here.deploy("down", STAGE, "--yes")
    assert "UploadBucket" in said, said
    buckets = {bucket["Name"] for bucket in here.client("s3").list_buckets()["Buckets"]}
    assert f"mediahub-{STAGE}-uploads-000000000000" in buckets
    assert not here.client("lambda").list_functions()["Functions"]


def settled(editor: Editor, uploads: list[str]) -> dict[str, int]:
    """How many uploads are in which state, once none is on its way, or patience is at its end."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        states = Counter(one["state"] for one in editor.read_uploads(uploads))
        if not set(states) & {"issued", "working"}:
            break
        time.sleep(1)
    return dict(states)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
