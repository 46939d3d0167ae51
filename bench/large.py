"""`python -m bench.large`: the memory of a whole worker, boto3 included, with pictures of 100 megapixels.

Each picture is in the upload bucket of the local AWS. A process of its own fetches it, makes the renditions, and stores
them, as the worker does without Django. The pictures are written into var/bench/formats once.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

from bench.formats import prepare_file
from bench.usage import read_peak_megabytes, read_processor_seconds, run_site, send_as_browser
from processing import SPECS, Limits, RenditionSpec, S3Store, process

# The largest peak of a process that makes the three sizes in JPEG, in MB.
MOST = {"JPEG, baseline": 128, "JPEG, progressive": 400, "PNG, 8 bits": 600}
SETS: Mapping[str, Sequence[RenditionSpec]] = {
    "1024, 512, and 256 px, JPEG": [replace(spec, formats=("JPEG",)) for spec in SPECS if spec.width <= 1024],
    "the default: up to 2048 px, JPEG and AVIF": SPECS,
}


def main(arguments: list[str]) -> int:
    """Print the table; return 1 when a bound does not hold."""
    if arguments[:1] == ["--child"]:
        measure_child(*arguments[1:])
        return 0
    print("| picture | renditions | idle MB | peak MB | required | CPU seconds |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    holds = True
    with tempfile.TemporaryDirectory() as folder, run_site(Path(folder)):
        from django.conf import settings

        for name, most in MOST.items():
            key = f"uploads/{uuid4()}/original"
            send_as_browser(key, prepare_file(name).read_bytes())
            for title in SETS:
                cost = run_child(settings.UPLOAD_BUCKET, settings.RENDITION_BUCKET, key, title)
                bound = f"at most {most}" if title == next(iter(SETS)) else ""
                holds &= not bound or cost["peak"] <= most
                cells = f"{cost['idle']:.0f} | {cost['peak']:.0f} | {bound} | {cost['cpu']:.1f}"
                print(f"| {name} | {title} | {cells} |", flush=True)
    return int(not holds)


def run_child(*arguments: str) -> dict[str, float]:
    """Process one object in a process of its own, and return what that cost."""
    command = [sys.executable, "-m", "bench.large", "--child", *arguments]
    environment = {**os.environ, "AWS_PROFILE": "worker"}
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    cost: dict[str, float] = json.loads(output)
    return cost


def measure_child(uploads: str, renditions: str, key: str, title: str) -> None:
    """Process one object in this process, and print what that cost."""
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    idle = read_peak_megabytes()
    start = read_processor_seconds()
    with S3Store(client, uploads).get(key) as file:
        process(
            file,
            UUID(key.split("/")[1]),
            store=S3Store(client, renditions),
            labeler=None,
            specs=SETS[title],
            limits=Limits(),
        )
    print(json.dumps({"idle": idle, "peak": read_peak_megabytes(), "cpu": read_processor_seconds() - start}))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
