"""Faults of roles, policies, keys, names and sizes."""

from tests.aws.plants import Edit, Plant

ROLES, STACK, NETWORK = "deploy/templates/roles.yaml", "deploy/templates/stack.yaml", "deploy/templates/network.yaml"
KEYS, TRUST, ENDPOINTS = "tests/aws/test_keys.py", "tests/aws/test_trust.py", "tests/aws/test_endpoints.py"
BOTH = "Principal: {Service: [lambda.amazonaws.com, apigateway.amazonaws.com]}"
CALLS = "test_api_gateway_calls_the_web_with_the_role_that_zappa_gives_it"
PASSES = "test_what_a_role_may_do_passes_the_endpoint_on_its_way"
DOCUMENTED = "test_conditions_ask_a_service_only_for_keys_that_it_is_documented_to_send"

PLANTS = [
    Plant(
        1,
        "API Gateway cannot call the web function",
        "The web's role trusts API Gateway, without conditions that it does not send, and may invoke the web function.",
        (
            Edit(
                ROLES,
                BOTH,
                "Principal: {Service: lambda.amazonaws.com}",
            ),
        ),
        f"{TRUST}::{CALLS}",
    ),
    Plant(
        1,
        "API Gateway cannot call the web function",
        "The web's role trusts API Gateway, without conditions that it does not send, and may invoke the web function.",
        (
            Edit(
                ROLES,
                "- Sid: ApiGatewayCallsTheFunction\n                Effect: Allow",
                "- Sid: No\n                Effect: Deny",
            ),
        ),
        f"{TRUST}::{CALLS}",
    ),
    Plant(
        1,
        "API Gateway cannot call the web function",
        "The web's role trusts API Gateway, without conditions that it does not send, and may invoke the web function.",
        (
            Edit(
                ROLES,
                f"{BOTH}\n            Action: sts:AssumeRole\n",
                f"{BOTH}\n            Action: sts:AssumeRole\n"
                '            Condition: {StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}}\n',
            ),
        ),
        f"{TRUST}::test_each_role_is_taken_by_its_services_and_by_no_other",
    ),
    Plant(
        3,
        "The clock never fires",
        "The schedule has no customer managed key.",
        (
            Edit(
                "deploy/templates/functions.yaml",
                "      Target:\n        Arn:",
                "      KmsKeyArn: !GetAtt Key.Arn\n      Target:\n        Arn:",
            ),
        ),
        f"{TRUST}::test_the_clock_wakes_the_worker",
    ),
    Plant(
        5,
        "The log groups' key policy demands a key that CloudWatch Logs does not send",
        "Each policy asks a service only for condition keys that AWS documents for it.",
        (
            Edit(
                STACK,
                "              # The only key that CloudWatch Logs documents; it names the account too.\n",
                '              StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}\n',
            ),
        ),
        f"{KEYS}::test_who_must_use_a_key_may",
    ),
    Plant(
        5,
        "The log groups' key policy demands a key that CloudWatch Logs does not send",
        "Each policy asks a service only for condition keys that AWS documents for it.",
        (
            Edit(
                STACK,
                "              # Not one distribution: it needs the bucket, and the bucket needs this key.\n",
                '              StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}\n',
            ),
        ),
        f"{KEYS}::{DOCUMENTED}",
    ),
    Plant(
        6,
        "CloudFront never learns of a takedown: the SQS endpoint lacks the CDN queue",
        "The endpoint's policy names every queue that a role in the network may use.",
        (Edit(NETWORK, ", !GetAtt CdnQueue.Arn]", "]"),),
        f"{ENDPOINTS}::{PASSES}",
    ),
    Plant(
        11,
        "The Rekognition endpoint denies moderation",
        "The endpoint's policy names both actions.",
        (
            Edit(
                NETWORK,
                '["rekognition:DetectLabels", "rekognition:DetectModerationLabels"]',
                '"rekognition:DetectLabels"',
            ),
        ),
        f"{ENDPOINTS}::{PASSES}",
    ),
    Plant(
        20,
        "Deny rules refuse the parts of a large file, which cannot name an encryption",
        "The rules deny only requests that name another encryption; the bucket's default key covers the rest.",
        (
            Edit(
                STACK,
                '              StringNotEquals: {"s3:x-amz-server-side-encryption": "aws:kms"}\n'
                '              "Null": {"s3:x-amz-server-side-encryption": "false"}\n',
                '              StringNotEquals: {"s3:x-amz-server-side-encryption": "aws:kms"}\n',
            ),
        ),
        "tests/aws/test_uploads.py::test_each_step_of_a_file_in_parts_is_taken",
    ),
    Plant(
        21,
        "Fn::GetAZs can return a zone without Lambda or the endpoints",
        "The deploy command chooses two zones that have Lambda and every endpoint.",
        (Edit(NETWORK, "AvailabilityZone: !Ref ZoneA", 'AvailabilityZone: !Select [0, !GetAZs ""]'),),
        "tests/deploy/test_zones.py::test_subnets_stand_in_the_zones_that_were_chosen",
    ),
    Plant(
        21,
        "Fn::GetAZs can return a zone without Lambda or the endpoints",
        "The deploy command chooses two zones that have Lambda and every endpoint.",
        (Edit("deploy/stack/zones.py", 'SERVICES = ("lambda", ', "SERVICES = ("),),
        "tests/deploy/test_zones.py::test_zones_without_lambda_or_an_endpoint_are_left_out",
    ),
    Plant(
        16,
        "The budget cannot be changed",
        "The budget has no fixed name, so that CloudFormation can replace it.",
        (
            Edit(
                "deploy/templates/watch.yaml",
                "        BudgetType: COST\n",
                '        BudgetName: !Sub "${Project}-${Stage}"\n        BudgetType: COST\n',
            ),
        ),
        "tests/aws/test_changes.py::test_what_is_given_for_good_beside_a_fixed_name_is_listed",
    ),
    Plant(
        21,
        "Project plus Stage can exceed S3's 63 characters",
        "Project has at most 18 characters and Stage 20; the longest names are checked against their limits.",
        (Edit(STACK, "    MaxLength: 18\n", "    MaxLength: 21\n"),),
        "tests/aws/test_names.py::test_the_longest_names_are_such_as_the_schemas_allow",
    ),
    Plant(
        21,
        "2 vCPU with the default memory is no Fargate size",
        "The default memory follows the processor, and rules refuse pairs that Fargate lacks.",
        (Edit("deploy/templates/workers.yaml", '"2048": {Value: "4096"}', '"2048": {Value: "2048"}'),),
        "tests/aws/test_names.py::test_each_size_that_may_be_given_is_one_that_fargate_has",
    ),
    Plant(
        4,
        "Aurora PostgreSQL 17.4 leaves standard support",
        "The cluster uses the long-term support version of 17, and is not upgraded automatically.",
        (Edit("deploy/templates/data.yaml", 'EngineVersion: "17.7"', 'EngineVersion: "17.4"'),),
        "tests/aws/test_versions.py::test_the_database_has_a_long_term_version",
    ),
    Plant(
        4,
        "Aurora PostgreSQL 17.4 leaves standard support",
        "The cluster uses the long-term support version of 17, and is not upgraded automatically.",
        (Edit("deploy/templates/data.yaml", "AutoMinorVersionUpgrade: false", "AutoMinorVersionUpgrade: true"),),
        "tests/aws/test_versions.py::test_the_database_has_a_long_term_version",
    ),
]
