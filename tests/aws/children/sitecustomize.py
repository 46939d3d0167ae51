"""Python imports this at the start of a process that a test began: its calls of AWS are recorded as well."""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[3]))

from tests.aws.recording import Recorder

Recorder(Path(os.environ["MEDIAHUB_CALLS"])).install()
