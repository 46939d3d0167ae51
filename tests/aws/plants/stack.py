"""Faults of making, removing and making again the stack, and of what the deploy command does to a stage that stands."""

from tests.aws.plants import Edit, Plant

RESTORE = (
    "`python -m deploy restore` creates cluster, instance, and sign-in, and gives the cluster the old name; roles "
    "follow its resource id, a parameter that each command sets."
)
ONCE = (
    "The Data API is retried until the database is awake; functions are invoked by a client that waits longer than "
    "they run and repeats nothing; `migrate` holds a database lock."
)
ROTATION = (
    "`python -m deploy rotate` adds a new key to a second slot of the stack, signs with it once CloudFront knows it, "
    "and removes the old one when its last link has expired; id and private key are in one secret."
)
PLANTS = [
    Plant(
        8,
        "A restore fails, and the next `up` points back to the old database",
        RESTORE,
        (Edit("deploy/database/restore.py", "    rename_cluster(stage, incoming, stage.full_name)\n", ""),),
        "tests/aws/test_restore.py::test_the_restored_database_takes_the_name",
    ),
    Plant(
        8,
        "A restore fails, and the next `up` points back to the old database",
        RESTORE,
        (
            Edit(
                "deploy/templates/data.yaml",
                '  KnowsDatabase: !Not [!Equals [!Ref DatabaseResourceId, ""]]\n',
                '  KnowsDatabase: !Equals [!Ref DatabaseResourceId, "never"]\n',
            ),
        ),
        "tests/aws/test_database_users.py::test_roles_name_the_database_that_the_stage_has_now[web]",
    ),
    Plant(
        8,
        "A restore fails, and the next `up` points back to the old database",
        RESTORE,
        (Edit("deploy/database/restore.py", '    if not cluster.get("DBClusterMembers"):\n', "    if False:\n"),),
        "tests/aws/test_restore.py::test_the_restored_database_has_what_the_template_gives_aurora",
    ),
    Plant(
        12,
        "A failed first create is a dead end",
        "Resources of a failed create are deleted with it (`RetainExceptOnCreate`), and the command deletes a stack "
        "that can only be deleted, after it removed the deletion protection.",
        (Edit("deploy/stack/base.py", "    if status not in DEAD_ENDS:\n", '    if status != "none":\n'),),
        "tests/deploy/test_coming_back.py::test_a_stack_whose_first_create_failed_is_made_anew",
    ),
    Plant(
        12,
        "A failed first create is a dead end",
        "Resources of a failed create are deleted with it (`RetainExceptOnCreate`), and the command deletes a stack "
        "that can only be deleted, after it removed the deletion protection.",
        (
            Edit(
                "deploy/templates/data.yaml",
                "  MirrorTable:\n    Type: AWS::DynamoDB::Table\n    DeletionPolicy: RetainExceptOnCreate\n",
                "  MirrorTable:\n    Type: AWS::DynamoDB::Table\n    DeletionPolicy: Retain\n",
            ),
        ),
        "tests/deploy/test_template.py::test_e1_e2_e3_e4_e8_e9_e10_e11_e12_e13_it_holds"
        "[what_holds_data_outlives_the_stack]",
    ),
    Plant(
        12,
        "A failed first create is a dead end",
        "Resources of a failed create are deleted with it (`RetainExceptOnCreate`), and the command deletes a stack "
        "that can only be deleted, after it removed the deletion protection.",
        (Edit("deploy/stack/base.py", "            removal.lift_protection(stage, resource)\n", "            pass\n"),),
        "tests/aws/test_dead_ends.py::test_the_protection_is_lifted_where_cloudformation_could_not_delete",
    ),
    Plant(
        13,
        "`down` fails on a versioned bucket with objects",
        "Every version in buckets that are deleted with the stacks is deleted first.",
        (Edit("deploy/commands/down.py", "        _empty_buckets(stage, stack)\n", ""),),
        "tests/aws/test_dead_ends.py::test_buckets_that_go_with_their_stack_are_emptied_first",
    ),
    Plant(
        14,
        "`up` after `down` creates a second key, and fails at queues and secrets",
        "Everything that was kept is found by the stage's names and imported with a change set; a second one adds "
        "the rest.",
        (Edit("deploy/stack/base.py", "    if existing:\n", "    if False:\n"),),
        "tests/deploy/test_coming_back.py::test_what_was_kept_is_taken_over_with_all_it_holds",
    ),
    Plant(
        14,
        "`up` after `down` creates a second key, and fails at queues and secrets",
        "Everything that was kept is found by the stage's names and imported with a change set; a second one adds "
        "the rest.",
        (
            Edit(
                "deploy/stack/adoption.py",
                '    "AWS::SQS::Queue": "QueueUrl",\n',
                '    "AWS::SQS::Queue": "QueueName",\n',
            ),
        ),
        "tests/aws/test_retained.py::test_each_retained_type_is_imported_by_its_primary_identifier[AWS::SQS::Queue]",
    ),
    Plant(
        17,
        "`up` meets a paused database, and a slow `migrate` runs twice",
        ONCE,
        (Edit("deploy/database/aurora.py", '    "DatabaseResumingException",\n', ""),),
        "tests/aws/test_invocation.py::test_a_paused_database_is_asked_until_it_wakes",
    ),
    Plant(
        17,
        "`up` meets a paused database, and a slow `migrate` runs twice",
        ONCE,
        (Edit("deploy/functions/invocation.py", "READ_SECONDS = 930", "READ_SECONDS = 60"),),
        "tests/aws/test_invocation.py::test_the_answer_is_waited_for_longer_than_any_function_works",
    ),
    Plant(
        17,
        "`up` meets a paused database, and a slow `migrate` runs twice",
        ONCE,
        (
            Edit(
                "deploy/functions/invocation.py",
                '    client = stage.client("lambda", ONCE)\n',
                '    client = stage.client("lambda")\n',
            ),
        ),
        "tests/aws/test_invocation.py::test_the_client_that_invokes_is_the_one_that_asks_once",
    ),
    Plant(
        19,
        "Regions without Rekognition or the Data API fail halfway",
        "`deploy stack` and `up` check the endpoints that botocore knows before they create anything, and name the "
        "regions that have all parts.",
        (Edit("deploy/commands/up.py", "    regions.check_region(stage.region, merged)\n", ""),),
        "tests/aws/test_regions.py::test_what_a_region_lacks_is_named_before_anything_is_made",
    ),
    Plant(
        15,
        "CloudFront's key cannot be changed",
        ROTATION,
        (
            Edit(
                "deploy/keys/signing.py",
                '(slot for slot in SLOTS if not parameters.get(f"SigningKey{slot}"))',
                "iter((used,))",
            ),
        ),
        "tests/aws/test_rotation.py::test_links_of_both_keys_are_good_while_the_key_is_changed",
    ),
    Plant(
        15,
        "CloudFront's key cannot be changed",
        ROTATION,
        (
            Edit(
                "deploy/templates/delivery.yaml",
                '        CallerReference: !Select [2, !Split ["\\n", !Ref SigningKeyB]]\n',
                '        CallerReference: !Sub "${Project}-${Stage}"\n',
            ),
        ),
        "tests/aws/test_rotation.py::test_both_keys_have_names_and_references_of_their_own",
    ),
]
