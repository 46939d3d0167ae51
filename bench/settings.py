"""Settings of the measurements that run in a test database: nothing is asked of AWS."""

import os
from pathlib import Path

# Tests may run beside it.
STATE = Path(__file__).resolve().parent.parent / "var" / "bench"
STATE.mkdir(parents=True, exist_ok=True)

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    MEDIAHUB_ENV_FILE="",
    SECRET_KEY="only-for-measurements-" + "x" * 50,
    HTTPS="false",
    LOCAL="true",
    STAGE="local",
    LABELER="off",
    # Links are signed with a key that opens nothing.
    AWS_ACCESS_KEY_ID="bench",
    AWS_SECRET_ACCESS_KEY="bench",  # noqa: S106
    AWS_ENDPOINT_URL="http://127.0.0.1:9",
    UPLOAD_BUCKET="bench-uploads",
    RENDITION_BUCKET="bench-renditions",
    MIRROR_TABLE="bench-images",
    LOG_LEVEL="WARNING",
)

from mediahub.settings import *  # noqa: E402, F403
from mediahub.settings import DATABASES, STORAGES  # noqa: E402

ALLOWED_HOSTS = ["testserver"]
STATIC_ROOT = STATE / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": STATE / "bench.sqlite3"}
