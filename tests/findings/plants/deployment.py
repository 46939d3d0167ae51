"""Findings about roles, secrets, and packages, and about the local AWS."""

from tests.aws.plants import Edit
from tests.findings import PlantedFinding

ROLES = "deploy/templates/roles.yaml"
# Of the web's role: through which services it uses the key.
CONDITION = """
                Condition:
                  # Only these services decrypt with it in the role's name; the code itself asks KMS nothing.
                  StringEquals: {"kms:ViaService": [!Sub "s3.${AWS::Region}.amazonaws.com", !Sub "sqs.${AWS::Region}\
.amazonaws.com", !Sub "secretsmanager.${AWS::Region}.amazonaws.com"]}"""

PLANTS = (
    PlantedFinding(
        12,
        "every key is the root's",
        (
            Edit(
                "mediahub/local/guarded_emulator.py",
                'return access_key_id in ("", os.environ["AWS_ACCESS_KEY_ID"])',
                "return True",
            ),
        ),
        "tests/local/test_guard.py::test_a_key_that_everybody_knows_is_nobodys",
    ),
    PlantedFinding(
        12,
        "pages of any origin are answered",
        (
            Edit(
                "mediahub/local/guarded_emulator.py",
                "if origin is not None and not is_private_form and urlsplit(origin).hostname not in LOOPBACK:",
                "if False:",
            ),
        ),
        "tests/local/test_guard.py::test_pages_of_other_machines_are_refused_whatever_they_know",
    ),
    PlantedFinding(
        12,
        "its files are readable by others",
        (Edit("mediahub/local/emulator.py", "            umask=PRIVATE,\n", "            umask=0o022,\n"),),
        "tests/local/test_guard.py::test_what_it_keeps_is_its_owners_alone",
    ),
    PlantedFinding(
        15,
        "the web decrypts with the key by itself",
        (Edit(ROLES, CONDITION, ""),),
        "tests/aws/test_keys.py::test_no_code_asks_kms_by_itself[WebRole]",
    ),
    PlantedFinding(
        16,
        "scripts may come from CloudFront's whole host",
        (
            Edit(
                "mediahub/settings.py",
                "[directive].append(f\"{STATIC_URL.rstrip('/')}/\")",
                '[directive].append(f"https://{urlsplit(STATIC_URL).netloc}")',
            ),
        ),
        "tests/aws/test_signed_hosts.py::test_cloudfronts_host_shows_pictures_and_serves_what_pages_load",
    ),
    PlantedFinding(
        28,
        "the worker's role reads the site's secret",
        (
            Edit(
                ROLES,
                "              - Sid: WorkOnTheQueues\n",
                "              - Sid: ReadTheSitesSecret\n"
                "                Effect: Allow\n"
                "                Action: secretsmanager:GetSecretValue\n"
                '                Resource: !Sub "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:'
                'secret:${Project}-${Stage}/django-??????"\n'
                "              - Sid: WorkOnTheQueues\n",
            ),
        ),
        "tests/local/test_roles.py::test_s4_e4_a_role_may_not[worker-get_secret_value-django-]",
    ),
    PlantedFinding(
        28,
        "a worker has no key of its own",
        (Edit("mediahub/settings.py", "if SECRET_KEY_RANDOM:\n", "if False:\n"),),
        "tests/test_secrets.py::test_a_worker_has_a_key_of_its_own_and_reads_no_secret",
    ),
    PlantedFinding(
        29,
        "the worker signs in as the owner of the database",
        (Edit(ROLES, 'dbuser:*/mediahub_worker"', 'dbuser:*/mediahub"'),),
        "tests/aws/test_database_users.py::test_each_role_signs_in_as_its_own_user_alone[proxy-worker]",
    ),
    PlantedFinding(
        30,
        "the deployer changes every API",
        (Edit(ROLES, "/restapis/${ApiId}/*", "/restapis/*"),),
        "tests/aws/test_deployer.py::test_the_deployer_changes_the_api_of_its_stage_and_no_other",
    ),
    PlantedFinding(
        33,
        "the packages of the workers' image are not listed",
        (Edit("deploy/package/sbom.py", ', "workers": "requirements/workers.txt"', ""),),
        "tests/deploy/test_sbom.py::test_it_lists_each_locked_package_once",
    ),
    PlantedFinding(
        33,
        "a package is shipped under a license that nobody accepted",
        (Edit("deploy/package/sbom.py", '"amqp": "BSD-3-Clause"', '"amqp": "GPL-3.0-only"'),),
        "tests/deploy/test_sbom.py::test_each_license_is_allowed_or_accepted_with_a_reason",
    ),
    PlantedFinding(
        34,
        "the file is good for more than a year",
        (Edit("mediahub/desk/security_txt.py", "VALID_FOR = timedelta(days=180)", "VALID_FOR = timedelta(days=400)"),),
        "tests/desk/test_security_txt.py::test_it_names_contacts_and_a_day_within_the_year",
    ),
    PlantedFinding(
        34,
        "the file names no contact",
        (
            Edit(
                "mediahub/desk/security_txt.py",
                'lines = [f"Contact: {contact}" for contact in settings.SECURITY_CONTACTS]',
                "lines = []",
            ),
        ),
        "tests/desk/test_security_txt.py::test_it_names_contacts_and_a_day_within_the_year",
    ),
)
