"""A deployed function in a clean process: the unpacked package, Lambda's boto3, and nothing of this environment."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.errors import DeployError
from deploy.package import build, contents

DRIVER = """
import json, sys, time
sys.path[:0] = sys.argv[1:3]
start = time.perf_counter()
from mediahub.worker.lambda_entry import lambda_handler
print(json.dumps({"import": time.perf_counter() - start}))
class Context:
    function_name, memory_limit_in_mb, aws_request_id = "f", 1792, "r"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    def get_remaining_time_in_millis(self): return 60000
for line in sys.stdin:
    try:
        answer = {"answer": lambda_handler(json.loads(line), Context())}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print("ANSWER " + json.dumps(answer), flush=True)
"""

CODECS = """
import json, sys, time
sys.path[:0] = sys.argv[1:3]
from uuid import uuid4
from processing import RenditionSpec, formats, process
class Sink:
    def put(self, *arguments): pass
def measure(path, name):
    start = time.perf_counter()
    with open(path, "rb") as file:
        specs = [RenditionSpec("small", 64, 64, formats=(name,))]
        rendered = process(file, uuid4(), store=Sink(), labeler=None, specs=specs).renditions
    assert [each.format for each in rendered] == [name], rendered
    return 1000 * (time.perf_counter() - start)
files = json.loads(sys.stdin.read())
rows = [{"codec": f"decode {name}", "ms": measure(path, "JPEG")} for name, path in files.items()]
outputs = [each.name for each in formats.FORMATS if each.is_output]
rows += [{"codec": f"encode {name}", "ms": measure(files["PNG"], name)} for name in outputs]
modules = {name: sys.modules[name].__file__ for name in ("PIL", "processing")}
print(json.dumps({"python": sys.version.split()[0], "modules": modules, "rows": rows}))
"""


def interpreter() -> str:
    """Return the Python of the functions' runtime; raise DeployError when the machine has none."""
    if python := find_python(contents.RUNTIME):
        return python
    raise DeployError(f"{contents.RUNTIME} is not here, which the functions run on. Install it to try them.")


def runtime(folder: Path) -> Path:
    """Return what Lambda's runtime has and the package therefore has not: boto3, in the locked version."""
    if not folder.is_dir():
        locked = (build.ROOT / "requirements" / "run.txt").read_text()
        wanted = re.findall(r"^((?:boto3|botocore|s3transfer)==\S+)", locked, re.M)
        uv = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*uv, "--target", str(folder), *wanted], check=True)
    return folder


def unpacked(built: contents.Package, folder: Path) -> Path:
    """Return the package as Lambda lays it out."""
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(folder)
    return folder


def seconds_to_import(code: Path, boto3: Path, environment: dict[str, str]) -> float:
    """How long a cold start takes to import the handler, without bytecode from an earlier one."""
    command = [interpreter(), "-I", "-B", "-c", DRIVER, str(code), str(boto3)]
    variables = {"PATH": os.environ["PATH"], "HOME": str(code), **environment}
    process = subprocess.run(command, input="", env=variables, cwd=code, capture_output=True, text=True, check=True)
    first = next(line for line in process.stdout.splitlines() if line.startswith('{"import"'))
    return float(json.loads(first)["import"])


def try_codecs(code: Path, boto3: Path, files: Mapping[str, Path]) -> dict[str, Any]:
    """Decode a file of each format, and encode one into each output format, in the jail of the unpacked package alone.

    Return the version of Python, the files of its modules, and a row for each codec with its milliseconds.
    """
    command = [interpreter(), "-I", "-B", "-c", CODECS, str(code), str(boto3)]
    variables = {"PATH": os.environ["PATH"], "HOME": str(code)}
    text = json.dumps({name: str(path) for name, path in files.items()})
    result = subprocess.run(command, input=text, env=variables, cwd=code, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout))


def invoke(code: Path, boto3: Path, environment: dict[str, str], *events: Any) -> list[dict[str, Any]]:
    """Return the answer to each event, in one process; raise AssertionError with its output when it does not start."""
    process = subprocess.run(
        [interpreter(), "-I", "-c", DRIVER, str(code), str(boto3)],
        input="\n".join(json.dumps(event) for event in events),
        env={"PATH": os.environ["PATH"], "HOME": str(code), **environment},
        cwd=code,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    lines = [line for line in process.stdout.splitlines() if line.startswith("ANSWER ")]
    return [json.loads(line.removeprefix("ANSWER ")) for line in lines]


def find_python(name: str) -> str:
    """Return the full path of a Python that starts; pyenv's stand-ins need to be told which version to be."""
    version = name.removeprefix("python")
    for extra in ({}, *({"PYENV_VERSION": known} for known in _pyenv(version))):
        ask = [name, "-c", "import sys; print(sys.executable)"]
        try:
            process = subprocess.run(ask, env={**os.environ, **extra}, capture_output=True, text=True, check=False)
        except OSError:
            return ""
        if process.returncode == 0:
            return process.stdout.strip()
    return ""


def _pyenv(version: str) -> list[str]:
    try:
        process = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True, check=False)
    except OSError:
        return []
    return [line.strip() for line in process.stdout.splitlines() if line.strip().startswith(f"{version}.")]
