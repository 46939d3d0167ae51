"""Settings of the tests: the local AWS of this test process, on a free port of its own."""

import os
import socket
from pathlib import Path

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    AWS_PORT = probe.getsockname()[1]

# Two runs at once on one machine each name a folder of their own.
STATE = Path(__file__).resolve().parent.parent / "var" / os.environ.get("TEST_STATE", "test")
STATE.mkdir(parents=True, exist_ok=True)
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
# The calls of AWS that this process makes (tests/aws/calls.py). Both parts on both databases count together.
RUN = f"{os.environ.get('TEST_PART', 'quick')}-{os.environ.get('DATABASE_URL', 'sqlite').partition(':')[0]}"
CALLS = STATE / f"calls-{RUN}-{WORKER}.jsonl"
ENDPOINT = f"http://127.0.0.1:{AWS_PORT}"

# What the shell names for a real AWS is none of the tests'.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    MEDIAHUB_ENV_FILE="",
    SECRET_KEY="only-for-tests-" + "x" * 50,
    HTTPS="false",
    LOCAL="true",
    STAGE="local",
    LABELER="measured",
    AWS_ENDPOINT_URL=ENDPOINT,
    AWS_CONFIG_FILE=str(STATE / WORKER / "aws-config"),
    AWS_PROFILE="worker",
    UPLOAD_BUCKET="mediahub-local-uploads-000000000000",
    RENDITION_BUCKET="mediahub-local-renditions-000000000000",
    MIRROR_TABLE="mediahub-local-images",
    UPLOAD_QUEUE_URL=f"{ENDPOINT}/000000000000/mediahub-local-uploads",
    DEAD_LETTER_QUEUE_URL=f"{ENDPOINT}/000000000000/mediahub-local-dead-letters",
    BULK_QUEUE_URL=f"{ENDPOINT}/000000000000/mediahub-local-bulk",
    LOG_LEVEL="WARNING",
    RETRY_SECONDS="0",
)

from mediahub.settings import *  # noqa: E402, F403
from mediahub.settings import DATABASES, STORAGES  # noqa: E402

# In a new clone nothing was collected yet, and WhiteNoise warns of that.
STATIC_ROOT = STATE / "static"
STATIC_ROOT.mkdir(exist_ok=True)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file and not memory: the live server, threads and child processes share it.
    DATABASES["default"]["TEST"] = {"NAME": STATE / "test.sqlite3"}

# boto3 must not look for the profile before the local AWS has written it.
del os.environ["AWS_PROFILE"]
