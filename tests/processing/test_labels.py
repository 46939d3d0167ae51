"""The labelers: what they ask, what they take, what they say when they cannot."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from PIL import Image, ImageFilter

from processing import (
    Box,
    Labeler,
    MeasuredLabeler,
    Misconfigured,
    NotAnalyzable,
    ProcessingError,
    RecordedLabeler,
    RekognitionLabeler,
    Unavailable,
)
from processing.labels import choose_labels, parse_answer
from tests.pictures import encoded, jpeg
from tests.simulation.world import FixedLabeler

ANSWER: dict[str, Any] = {
    "Labels": [
        {
            "Name": "Boat",
            "Confidence": 98.5,
            "Instances": [{"BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}, "Confidence": 97.0}],
            "Parents": [{"Name": "Vehicle"}],
        },
        {"Name": "Sea", "Confidence": 70.0, "Instances": [], "Parents": []},
    ],
    "LabelModelVersion": "3.0",
}


@pytest.fixture
def client() -> Any:
    return boto3.client("rekognition", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def test_rekognition_is_asked_once_and_its_answer_kept(client: Any) -> None:
    with Stubber(client) as stub:
        # More than is used, so that what is kept answers a lower threshold, too.
        request = {"Image": {"Bytes": b"jpeg"}, "MaxLabels": 40, "MinConfidence": 40}
        stub.add_response("detect_labels", ANSWER, request)
        answer = RekognitionLabeler(client, 5, 70).label(b"jpeg", sha256="")
    assert [(label.name, label.confidence) for label in answer.labels] == [("Boat", 98.5), ("Sea", 70.0)]
    assert answer.labels[0].boxes == (Box(0.1, 0.2, 0.3, 0.4),)
    assert answer.labels[0].parents == ("Vehicle",)
    assert (answer.source, answer.model_version, answer.raw) == ("rekognition", "3.0", ANSWER)


def test_only_the_surest_labels_are_claimed_and_all_are_kept(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_response("detect_labels", ANSWER)
        answer = RekognitionLabeler(client, 1, 60).label(b"jpeg", sha256="")
    assert [label.name for label in answer.labels] == ["Boat"]
    assert answer.raw == ANSWER
    assert [label.name for label in choose_labels(parse_answer("rekognition", answer.raw), 9, 99).labels] == []


def test_flags_are_asked_for_where_a_site_wants_them(client: Any) -> None:
    flagged = {"ModerationLabels": [{"Name": "Weapons", "ParentName": "Violence", "Confidence": 91.0}]}
    with Stubber(client) as stub:
        stub.add_response("detect_labels", ANSWER)
        stub.add_response("detect_moderation_labels", flagged, {"Image": {"Bytes": b"jpeg"}, "MinConfidence": 60})
        answer = RekognitionLabeler(client, moderate=True).label(b"jpeg", sha256="")
    assert [(flag.name, flag.parents, flag.confidence) for flag in answer.flags] == [("Weapons", ("Violence",), 91.0)]
    assert answer.moderated
    assert [label.name for label in answer.labels] == ["Boat", "Sea"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InvalidImageFormatException", NotAnalyzable),
        ("ImageTooLargeException", NotAnalyzable),
        ("ThrottlingException", Unavailable),
        ("ProvisionedThroughputExceededException", Unavailable),
        ("InternalServerError", Unavailable),
        ("AccessDeniedException", Misconfigured),
    ],
)
def test_c5_c6_each_refusal_of_rekognition_has_its_kind(client: Any, code: str, kind: type[ProcessingError]) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("detect_labels", code, http_status_code=400)
        with pytest.raises(kind):
            RekognitionLabeler(client).label(b"jpeg", sha256="")


@pytest.fixture(params=["rekognition", "recorded", "measured", "fixed"])
def labeler(request: pytest.FixtureRequest, client: Any, tmp_path: Path) -> Iterator[Labeler]:
    """Every labeler that there is, the one of the simulation too; Rekognition answers as it was recorded."""
    (tmp_path / "ab.json").write_text(json.dumps(ANSWER))
    with Stubber(client) as stub:
        for _ in range(2):
            stub.add_response("detect_labels", ANSWER)
        made: dict[str, Labeler] = {
            "rekognition": RekognitionLabeler(client),
            "recorded": RecordedLabeler(tmp_path),
            "measured": MeasuredLabeler(),
            "fixed": FixedLabeler(),
        }
        yield made[request.param]


def test_every_labeler_answers_in_one_form(labeler: Labeler) -> None:
    first, second = (labeler.label(jpeg(), sha256="ab") for _ in range(2))
    assert first == second
    assert first.source == labeler.source
    names = [label.name for label in first.labels]
    assert names
    assert len(names) == len(set(names))
    assert all(label.name and 0 <= label.confidence <= 100 for label in first.labels)
    assert json.loads(json.dumps(first.raw)) == first.raw


def test_a_service_out_of_reach_is_unavailable(client: Any) -> None:
    away = boto3.client(
        "rekognition",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    with pytest.raises(Unavailable, match="Labeling the image failed: AWS cannot be reached"):
        RekognitionLabeler(away).label(b"jpeg", sha256="")


def test_recorded_answers_are_found_by_the_files_hash(tmp_path: Path) -> None:
    (tmp_path / "abc.json").write_text(json.dumps(ANSWER))
    labeler = RecordedLabeler(tmp_path)
    assert [label.name for label in labeler.label(b"", sha256="abc").labels] == ["Boat", "Sea"]
    assert labeler.label(b"", sha256="unknown").labels == ()


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ({"Name": "Boat", "Confidence": float("nan")}, []),
        ({"Name": "Boat", "Confidence": "high"}, []),
        ({"Name": "", "Confidence": 50}, []),
        ({"Confidence": 50}, []),
        ({"Name": "Boat\u202e\n<b>", "Confidence": 500}, [("Boat <b>", 100.0)]),
        ({"Name": "Boat", "Confidence": 50, "Instances": [{"BoundingBox": {"Left": 1}}, {}, 7]}, [("Boat", 50.0)]),
        ("no label at all", []),
        ({"Name": 5, "Confidence": 50}, []),
        ({"Name": "Boat\x00\ud800", "Confidence": 10**400, "Parents": [{"Name": 7}]}, [("Boat", 100.0)]),
        ({"Name": "Boat", "Confidence": 50, "Instances": [{"BoundingBox": [1]}]}, [("Boat", 50.0)]),
    ],
)
def test_c7_odd_answers_are_bounded(tmp_path: Path, label: Any, kept: list[tuple[str, float]]) -> None:
    (tmp_path / "abc.json").write_text(json.dumps({"Labels": [label]}))
    answer = RecordedLabeler(tmp_path).label(b"", sha256="abc")
    assert [(found.name, found.confidence) for found in answer.labels] == kept
    assert all(found.boxes == () for found in answer.labels)


@pytest.mark.parametrize("text", ["[1]", "7", '"a"', "null", '{"Labels": 7}'])
def test_an_answer_of_another_form_names_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "abc.json").write_text(text)
    answer = RecordedLabeler(tmp_path).label(b"", sha256="abc")
    assert (answer.labels, answer.moderated) == ((), False)


@pytest.mark.parametrize("text", ["{", "[" * 100_000, f"[{'9' * 5000}]"])
def test_a_recording_that_cannot_be_read_holds_nothing_up(tmp_path: Path, text: str) -> None:
    (tmp_path / "abc.json").write_text(text)
    with pytest.raises(NotAnalyzable, match="cannot be read"):
        RecordedLabeler(tmp_path).label(b"", sha256="abc")


def test_the_raw_answer_holds_nothing_that_a_database_refuses(tmp_path: Path) -> None:
    (tmp_path / "abc.json").write_text(
        '{"a\\u0000": [NaN, Infinity, 1e999, "b\\ud800\\u0000c"], "n": ' + "9" * 40 + "}"
    )
    raw = RecordedLabeler(tmp_path).label(b"", sha256="abc").raw
    assert raw == {"a": [None, None, None, "bc"], "n": None}


@pytest.mark.parametrize(
    ("answer", "moderated"),
    [
        ({}, False),
        ({"Labels": []}, False),
        ({"ModerationLabels": []}, True),
        ({"ModerationLabels": [{"Name": "Weapons", "Confidence": 91}]}, True),
        ({"ModerationLabels": [{"Name": "Weapons", "Confidence": "high"}]}, False),
        ({"ModerationLabels": [7]}, False),
        ({"ModerationLabels": None}, False),
    ],
)
def test_an_answer_says_whether_it_was_looked_at_for_flags(tmp_path: Path, answer: Any, moderated: bool) -> None:
    (tmp_path / "abc.json").write_text(json.dumps(answer))
    assert RecordedLabeler(tmp_path).label(b"", sha256="abc").moderated == moderated


def measured(scene: Image.Image) -> set[str]:
    answer = MeasuredLabeler().label(encoded(scene, "JPEG", quality=95), sha256="")
    assert answer.source == "measured"
    assert all(0 <= label.confidence <= 100 and not label.boxes for label in answer.labels)
    return {label.name for label in answer.labels}


@pytest.mark.parametrize(
    ("size", "name"),
    [((300, 200), "Landscape"), ((200, 300), "Portrait"), ((200, 200), "Square"), ((600, 200), "Panorama")],
)
def test_the_shape_is_measured(size: tuple[int, int], name: str) -> None:
    assert name in measured(Image.new("RGB", size, "grey"))


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ("red", "Red"),
        ("orange", "Orange"),
        ("yellow", "Yellow"),
        ("green", "Green"),
        ("cyan", "Cyan"),
        ("blue", "Blue"),
        ("purple", "Purple"),
        ("hotpink", "Pink"),
        ("saddlebrown", "Brown"),
        ("white", "Bright"),
        ("black", "Dark"),
        ("grey", "Black and white"),
    ],
)
def test_color_and_light_are_measured(color: str, name: str) -> None:
    assert name in measured(Image.new("RGB", (200, 150), color))


def test_sharpness_is_measured() -> None:
    noise = Image.effect_noise((600, 400), 80).convert("RGB")
    assert "Sharp" in measured(noise)
    assert "Blurred" in measured(noise.filter(ImageFilter.GaussianBlur(8)))
