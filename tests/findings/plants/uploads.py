"""Findings about tickets, and the files that come by them."""

from tests.aws.plants import Edit
from tests.findings import PlantedFinding

UPLOADS, TICKETS = "mediahub/uploads/", "mediahub/uploads/tickets.py"

PLANTS = (
    PlantedFinding(
        1,
        "a later version under a ticket is taken",
        (
            Edit(f"{UPLOADS}models.py", "self.has_other_version(version_id) and put_at <= until", "False"),
            Edit(
                f"{UPLOADS}models.py",
                'open_to = ~Q(source=cls.Source.BROWSER, expires_at__isnull=False) | Q(version_id__in=["", '
                "claim.version_id])",
                "open_to = Q()",
            ),
        ),
        "tests/journeys/test_used_tickets.py::test_d6_a_used_ticket_changes_nothing_that_is_published",
    ),
    PlantedFinding(
        1,
        "parts are put together without a condition",
        (
            Edit("processing/store.py", 'params = {**params, "IfNoneMatch": "*"}', "params = {**params}"),
            Edit("processing/store.py", 'return {"If-None-Match": "*"}', "return {}"),
        ),
        "tests/journeys/test_used_tickets.py::test_d6_a_second_upload_in_parts_is_refused_by_the_store_itself",
    ),
    PlantedFinding(
        2,
        "an overwritten original is no finding",
        (
            Edit(
                "mediahub/recovery/comparisons.py",
                "            or _judge_overwritten(listed, record)\n",
                "",
            ),
        ),
        "tests/journeys/test_used_tickets.py::test_d6_a_used_ticket_changes_nothing_that_is_published",
    ),
    PlantedFinding(
        7,
        "a part may have any size",
        (
            Edit(
                TICKETS,
                'params["ContentLength"] = min(PART_BYTES, (upload.declared_bytes or 0) - (part - 1) * PART_BYTES)',
                "pass",
            ),
        ),
        "tests/uploads/test_tickets.py::test_d9_a_large_file_is_sent_in_parts",
    ),
    PlantedFinding(
        7,
        "parts are not compared with the ticket",
        (Edit(TICKETS, "        _compare_parts(upload, multipart_id)", "        pass"),),
        "tests/uploads/test_tickets.py::test_d9_a_large_file_is_sent_in_parts",
    ),
    PlantedFinding(
        7,
        "a day has no limit",
        (Edit(TICKETS, "    _check_daily_bytes(user, size)\n", ""),),
        "tests/desk/test_sign.py::test_d8_too_many_bytes_in_one_day_are_answered_with_when_to_come_back",
    ),
    PlantedFinding(
        20,
        "a ticket is taken after its person left",
        (Edit(f"{UPLOADS}ingest.py", "if upload.outlives_sender():", "if False:"),),
        "tests/journeys/test_used_tickets.py::test_a_ticket_brings_nothing_after_its_person_has_left",
    ),
    PlantedFinding(
        31,
        "the clock erases no rejected file",
        (Edit("mediahub/worker/clock.py", '        "rejected_swept": rejected_sweep.sweep_rejected_uploads,\n', ""),),
        "tests/journeys/test_rejected_files.py::test_a_rejected_file_goes_when_its_time_is_over",
    ),
    PlantedFinding(
        31,
        "a rejected file is called erased and stays",
        (Edit(f"{UPLOADS}rejected_sweep.py", "        clients.get_upload_store().erase_key(upload.key)\n", ""),),
        "tests/journeys/test_rejected_files.py::test_a_rejected_file_goes_when_its_time_is_over",
    ),
    PlantedFinding(
        31,
        "rejected files go before their time",
        (
            Edit(
                f"{UPLOADS}rejected_sweep.py",
                "timezone.now() - timedelta(seconds=settings.REJECTED_KEEP_SECONDS)",
                "timezone.now()",
            ),
        ),
        "tests/journeys/test_rejected_files.py::test_a_rejected_file_goes_when_its_time_is_over",
    ),
    PlantedFinding(
        37,
        "a form allows any size",
        (
            Edit(
                "processing/store.py",
                'conditions.append(["content-length-range", 1, max_bytes])',
                'conditions.append(["content-length-range", 0, 5_000_000_000])',
            ),
        ),
        "tests/uploads/test_ticket_changes.py::test_s1_d5_s3_takes_a_form_as_it_was_issued_and_no_other",
    ),
    PlantedFinding(
        37,
        "a step is signed for anybody's upload",
        (Edit(TICKETS, "uploaded_by=user, expires_at__gt=timezone.now())", "expires_at__gt=timezone.now())"),),
        "tests/uploads/test_ticket_changes.py::test_d7_a_step_is_signed_for_the_upload_of_its_person_alone",
    ),
)
