"""Findings about texts of strangers: in files, logs, tables, and pages."""

from tests.aws.plants import Edit
from tests.findings import PlantedFinding

LIBRARY = "mediahub/library/"

PLANTS = (
    PlantedFinding(
        9,
        "records are not masked",
        (Edit("mediahub/logs.py", "        _mask(record)\n", ""),),
        "tests/test_logs.py::test_a_function_writes_no_token_and_no_signature",
    ),
    PlantedFinding(
        10,
        "a document type is looked for in bytes",
        (
            Edit(
                "processing/metadata/xmp.py",
                'if "<!DOCTYPE" in text or "<!ENTITY" in text:',
                'if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:',
            ),
        ),
        "tests/processing/test_metadata_merge.py::test_b16_a_document_type_is_refused_in_every_encoding",
    ),
    PlantedFinding(
        11,
        "an original keeps its suffix",
        (Edit(f"{LIBRARY}file_names.py", 'return f"{stem}.{known.suffix}"', "return file_name"),),
        "tests/library/test_file_names.py::test_an_original_is_named_by_what_it_is",
    ),
    PlantedFinding(
        13,
        "the gate lets any text in",
        (
            Edit(
                "mediahub/desk/request_gate.py",
                "if not all(map(is_storable, _texts(request))) or not _is_utf8(request):",
                "if False:",
            ),
        ),
        "tests/desk/test_odd_input.py::test_the_gate_answers_400_without_sign_in_and_asks_no_database",
    ),
    PlantedFinding(
        21,
        "pages carry no Permissions-Policy",
        (
            Edit(
                "mediahub/desk/security_headers.py",
                '        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)\n',
                "",
            ),
        ),
        "tests/desk/test_site.py::test_every_page_carries_the_policy_and_no_inline_style_or_script",
    ),
    PlantedFinding(
        23,
        "full-width signs are not normalized",
        (Edit(f"{LIBRARY}spreadsheets.py", 'plain = unicodedata.normalize("NFKC", cell)', "plain = cell"),),
        "tests/library/test_spreadsheets.py::test_what_a_program_may_take_for_a_formula_is_escaped",
    ),
    PlantedFinding(
        25,
        "messages keep the ends of lines",
        (
            Edit(
                "mediahub/logs.py",
                '_CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), mask_secrets(message))',
                "mask_secrets(message)",
            ),
        ),
        "tests/test_logs.py::test_s2_a_message_is_one_line_whatever_it_names",
    ),
    PlantedFinding(
        26,
        "a title has several lines",
        (
            Edit(
                f"{LIBRARY}field_edits.py",
                're.sub(r"[\\t\\n]+", " ", value) if is_on_one_line else value',
                "value",
            ),
        ),
        "tests/desk/test_naughty_strings.py::test_s2_what_is_typed_is_on_one_line_where_names_are_made_of_it",
    ),
    PlantedFinding(
        27,
        "Markdown escapes brackets alone",
        (Edit("mediahub/delivery/embed.py", 'for mark in "\\\\[]`<>&*_":', 'for mark in "\\\\[]":'),),
        "tests/desk/test_naughty_strings.py::test_s2_what_is_copied_into_other_pages_is_text_there",
    ),
    PlantedFinding(
        35,
        "reports are not counted",
        (Edit("mediahub/desk/csp_reports.py", '    metrics.report_counts({"policy_violations": 1})\n', ""),),
        "tests/desk/test_csp_reports.py::test_a_report_is_counted_and_nothing_of_it_is_kept",
    ),
    PlantedFinding(
        35,
        "reports stand in the log",
        (
            Edit(
                "mediahub/desk/csp_reports.py",
                "    _counted_at.append(now)\n",
                '    _counted_at.append(now)\n    __import__("logging").warning("a report: %s", request.body)\n',
            ),
        ),
        "tests/desk/test_csp_reports.py::test_a_report_is_counted_and_nothing_of_it_is_kept",
    ),
    PlantedFinding(
        38,
        "a title is not escaped",
        (
            Edit(
                "templates/desk/library/_card.html",
                '"card-name">{{ image.title }}',
                '"card-name">{{ image.title|safe }}',
            ),
        ),
        "tests/desk/test_naughty_strings.py::test_s2_d10_no_naughty_string_is_more_than_text[0]",
    ),
    PlantedFinding(
        38,
        "cells of the activity's table are not escaped",
        (
            Edit(
                "mediahub/desk/activity/presenters.py",
                "tuple(escape_formula(row[name]) for name in COLUMNS)",
                "tuple(row[name] for name in COLUMNS)",
            ),
        ),
        "tests/desk/test_naughty_strings.py::test_s2_d10_no_naughty_string_is_more_than_text[0]",
    ),
)
