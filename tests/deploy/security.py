"""What keeps the stack closed, encrypted and kept, in the form that a mutation of the template must break."""

from collections.abc import Iterator
from typing import Any

from deploy.template import select_resources
from tests.deploy.stack import (
    FUNCTION_SECONDS,
    HOLD_DATA,
    KEY,
    REBUILT,
    UNDER_DATA,
    UNNAMEABLE,
    Template,
    given,
    granted,
    listed,
    must,
    of_kind,
    policy_of,
    properties,
    property_of,
    statements,
    text,
)

DAY = 24 * 3600
HEADERS: dict[str, dict[str, Any]] = {
    "StrictTransportSecurity": {"AccessControlMaxAgeSec": 31536000, "IncludeSubdomains": True, "Preload": True},
    "ContentTypeOptions": {},
    "FrameOptions": {"FrameOption": "DENY"},
    "ReferrerPolicy": {"ReferrerPolicy": "same-origin"},
    "ContentSecurityPolicy": {"ContentSecurityPolicy": "default-src 'none'; sandbox"},
}
FLAGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


@property_of
def buckets_are_closed(template: Template) -> Iterator[str]:
    for bucket in of_kind(template, "S3::Bucket"):
        block = given(template, bucket, "PublicAccessBlockConfiguration") or {}
        yield from must(*((block.get(flag) is True, f"{bucket} {flag}") for flag in FLAGS))
        wanted = "BucketOwnerPreferred" if bucket == "LogBucket" else "BucketOwnerEnforced"
        owner = given(template, bucket, "OwnershipControls", "Rules", 0, "ObjectOwnership")
        yield from must((owner == wanted, f"{bucket} ownership"))


@property_of
def buckets_are_encrypted_versioned_and_logged(template: Template) -> Iterator[str]:
    for bucket in of_kind(template, "S3::Bucket"):
        rule = given(template, bucket, "BucketEncryption", "ServerSideEncryptionConfiguration", 0) or {}
        default = rule.get("ServerSideEncryptionByDefault", {})
        versions = given(template, bucket, "VersioningConfiguration", "Status")
        yield from must((versions == "Enabled", f"{bucket} versioning"))
        if bucket == "LogBucket":
            yield from must((default.get("SSEAlgorithm") == "AES256", f"{bucket} encryption"))
            continue
        yield from must((default.get("SSEAlgorithm") == "aws:kms", f"{bucket} encryption"))
        yield from must((rule.get("BucketKeyEnabled") is True, f"{bucket} bucket key"))
        if bucket != "PackageBucket":
            yield from must((default.get("KMSMasterKeyID") == KEY, f"{bucket} key"))
            logs = given(template, bucket, "LoggingConfiguration", "DestinationBucketName")
            yield from must((logs == {"Ref": "LogBucket"}, f"{bucket} access logs"))


@property_of
def nothing_is_taken_over_plain_http(template: Template) -> Iterator[str]:
    for kind, policy, action in (
        ("S3::Bucket", "S3::BucketPolicy", "s3:*"),
        ("SQS::Queue", "SQS::QueuePolicy", "sqs:*"),
        ("SNS::Topic", "SNS::TopicPolicy", "sns:Publish"),
    ):
        for name in of_kind(template, kind):
            closed = [
                text(listed(s["Resource"]))
                for s in policy_of(template, policy, name)
                if s["Effect"] == "Deny"
                and s["Principal"] == "*"
                and s["Action"] == action
                and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            ]
            own = text({"Ref": name}) if kind == "SNS::Topic" else text({"Fn::GetAtt": [name, "Arn"]})
            yield from must((any(own in place for place in closed), f"{name} takes http"))
            if kind == "S3::Bucket":
                inside = text({"Fn::Sub": f"${{{name}.Arn}}/*"})
                yield from must((any(inside in place for place in closed), f"objects of {name} are read over http"))
    yield from must(
        (template["Parameters"]["TlsOnly"].get("Default") == "true", "TlsOnly is not the default"),
        (template["Conditions"].get("TlsOnly") == {"Fn::Equals": [{"Ref": "TlsOnly"}, "true"]}, "TlsOnly's condition"),
    )


@property_of
def objects_are_put_with_our_key_alone(template: Template) -> Iterator[str]:
    for bucket in ("UploadBucket", "RenditionBucket"):
        denied = [
            s["Condition"]
            for s in policy_of(template, "S3::BucketPolicy", bucket)
            if s["Effect"] == "Deny"
            and s["Principal"] == "*"
            and s["Action"] == "s3:PutObject"
            and s["Resource"] == {"Fn::Sub": f"${{{bucket}.Arn}}/*"}
        ]
        header = "s3:x-amz-server-side-encryption"
        # Only where encryption is named: a part of a file names none, and gets the bucket's default.
        named = {"Null": {header: "false"}}
        yield from must(
            ({"StringNotEquals": {header: "aws:kms"}, **named} in denied, f"{bucket} takes other encryption"),
            ({"StringNotEquals": {f"{header}-aws-kms-key-id": KEY}, **named} in denied, f"{bucket} takes another key"),
        )


@property_of
def uploads_are_bounded(template: Template) -> Iterator[str]:
    denied = [s for s in policy_of(template, "S3::BucketPolicy", "UploadBucket") if s["Effect"] == "Deny"]
    ages = [
        s["Condition"]["NumericGreaterThan"].get("s3:signatureAge", 10**9)
        for s in denied
        if "NumericGreaterThan" in s["Condition"]
        and s["Principal"] == "*"
        and s["Action"] == "s3:*"
        and s["Resource"] == {"Fn::Sub": "${UploadBucket.Arn}/*"}
    ]
    places = [
        s
        for s in denied
        if s["Condition"] == {"NotIpAddress": {"aws:SourceIp": {"Ref": "UploadFrom"}}} and s["Principal"] == "*"
    ]
    inside = {"Fn::Sub": "${UploadBucket.Arn}/*"}
    cors = given(template, "UploadBucket", "CorsConfiguration", "CorsRules") or []
    origins = text([rule.get("AllowedOrigins", "*") for rule in cors])
    yield from must(
        (bool(ages) and int(min(ages)) <= 24 * 3600 * 1000, "a signed link lives too long"),
        ([(s["Action"], s["Resource"]) for s in places] == [("s3:PutObject", inside)], "addresses"),
        ("*" not in origins.replace("*.", "") and "SiteOrigin" in origins and "ApiId" in origins, "CORS origins"),
        ([rule.get("AllowedMethods") for rule in cors] == [["GET", "POST", "PUT", "DELETE"]], "CORS methods"),
        (len(cors) == 1 and "ETag" in cors[0].get("ExposedHeaders", []), "CORS exposes no ETag"),
        (
            not any(
                "CorsConfiguration" in properties(template, b)
                for b in of_kind(template, "S3::Bucket")
                if b != "UploadBucket"
            ),
            "CORS elsewhere",
        ),
    )


@property_of
def lifecycles_keep_what_is_needed(template: Template) -> Iterator[str]:
    for bucket in of_kind(template, "S3::Bucket"):
        rules = [
            r for r in given(template, bucket, "LifecycleConfiguration", "Rules") or [] if r["Status"] == "Enabled"
        ]
        aborts = [
            r["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
            for r in rules
            if "AbortIncompleteMultipartUpload" in r
        ]
        old = [
            r["NoncurrentVersionExpiration"]["NoncurrentDays"]
            for r in rules
            if "NoncurrentVersionExpiration" in r and "Prefix" not in r
        ]
        moved = [t for r in rules for t in r.get("Transitions", [])]
        ends = [r for r in rules if "ExpirationInDays" in r and r.get("Prefix") != "downloads/"]
        yield from must(
            (bool(aborts) and max(aborts) <= 7, f"{bucket} keeps unfinished parts"),
            (bucket == "UploadBucket" or (bool(old) and max(old) <= 90), f"{bucket} keeps old versions for ever"),
            (bucket != "UploadBucket" or not old, "a version that a record names may expire"),
            (bucket in ("LogBucket", "PackageBucket") or not ends, f"{bucket} forgets what is current"),
            (bucket == "UploadBucket" or not moved, f"{bucket} is archived"),
            (bucket != "LogBucket" or [r["ExpirationInDays"] for r in ends] == [90], "logs are kept too long, or not"),
        )
        if bucket == "RenditionBucket":
            ended = [
                (r.get("ExpirationInDays"), r.get("NoncurrentVersionExpiration"))
                for r in rules
                if r.get("Prefix") == "downloads/"
            ]
            yield from must((ended == [(4, {"NoncurrentDays": 1})], "downloads are kept"))
        if bucket == "UploadBucket":
            classes = {text(t) for t in moved}
            wanted = (
                {"StorageClass": "GLACIER_IR", "TransitionInDays": 90},
                {"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 1},
            )
            yield from must((classes == {text({"Fn::If": ["Archives", *wanted]})}, "originals go elsewhere"))


@property_of
def queues_lose_nothing(template: Template) -> Iterator[str]:
    for queue in of_kind(template, "SQS::Queue"):
        yield from must((given(template, queue, "KmsMasterKeyId") == KEY, f"{queue} encryption"))
    dead = given(template, "DeadLetterQueue", "MessageRetentionPeriod") or 0
    for queue in ("UploadQueue", "BulkQueue"):
        yield from must(
            (dead > (given(template, queue, "MessageRetentionPeriod") or 10**9), f"{queue} outlives its dead letters"),
            ((given(template, queue, "MessageRetentionPeriod") or 0) >= DAY, f"{queue} forgets over night"),
            (given(template, queue, "VisibilityTimeout") == {"Ref": "VisibilityTimeout"}, f"{queue} visibility"),
        )
    default = template["Parameters"]["VisibilityTimeout"].get("Default", 0)
    redrive = given(template, "UploadQueue", "RedrivePolicy") or {}
    mapping = properties(template, "Mapping")
    bound = {"Fn::FindInMap": ["Numbers", {"Ref": "MaxConcurrency"}, "Value"]}
    yield from must(
        (default >= 6 * FUNCTION_SECONDS, "a message comes back while it is worked on"),
        (redrive.get("deadLetterTargetArn") == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}, "no dead letters"),
        (redrive.get("maxReceiveCount") == {"Ref": "MaxReceiveCount"}, "tries"),
        (template["Parameters"]["MaxReceiveCount"].get("Default", 0) >= 5, "too few tries"),
        (mapping.get("FunctionResponseTypes") == ["ReportBatchItemFailures"], "all or nothing"),
        (mapping.get("ScalingConfig", {}).get("MaximumConcurrency") == bound, "no bound on workers"),
        (mapping.get("EventSourceArn") == {"Fn::GetAtt": ["UploadQueue", "Arn"]}, "another queue is mapped"),
    )


@property_of
def the_cdn_is_told(template: Template) -> Iterator[str]:
    queue, mapping = properties(template, "CdnQueue"), properties(template, "CdnMapping")
    function = properties(template, "CdnFunction")
    statements = [s for s in granted(template, "CdnRole") if "cloudfront:" in text(s["Action"])]
    one = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}"
    yield from must(
        (queue.get("MessageRetentionPeriod", 0) >= DAY, "what failed over night is never told"),
        (queue.get("VisibilityTimeout", 0) >= 6 * function.get("Timeout", 10**9), "a path is told twice at once"),
        (mapping.get("EventSourceArn") == {"Fn::GetAtt": ["CdnQueue", "Arn"]}, "another queue is mapped"),
        (mapping.get("FunctionName") == {"Ref": "CdnFunction"}, "another function is told"),
        (mapping.get("ScalingConfig") == {"MaximumConcurrency": 2}, "CloudFront is told faster than it works"),
        (function.get("KmsKeyArn") == KEY, "the function's settings have no key"),
        (function.get("Role") == {"Fn::GetAtt": ["CdnRole", "Arn"]}, "the function has another role"),
        (function.get("Environment", {}).get("Variables") == {"DISTRIBUTION": {"Ref": "Distribution"}}, "another CDN"),
        (
            [(s["Action"], s["Resource"]) for s in statements] == [("cloudfront:CreateInvalidation", {"Fn::Sub": one})],
            "it may do more to the CDN",
        ),
    )


@property_of
def the_bucket_tells_the_queue(template: Template) -> Iterator[str]:
    configurations = given(template, "UploadBucket", "NotificationConfiguration", "QueueConfigurations") or []
    queue = {"Fn::GetAtt": ["UploadQueue", "Arn"]}
    prefix = {"S3Key": {"Rules": [{"Name": "prefix", "Value": {"Ref": "UploadPrefix"}}]}}
    filtered = {"Fn::If": ["HasPrefix", prefix, {"Ref": "AWS::NoValue"}]}
    if not all(isinstance(one, dict) for one in configurations):
        configurations = []
    yield from must(
        (
            [(one["Event"], one["Queue"]) for one in configurations]
            == [("s3:ObjectCreated:*", queue), ("s3:ObjectRemoved:*", queue)],
            "events",
        ),
        (all(one.get("Filter") == filtered for one in configurations), "prefix"),
        (template["Parameters"]["UploadPrefix"].get("Default") == "uploads/", "prefix by default"),
        (template["Resources"]["UploadBucket"].get("DependsOn") == "UploadQueuePolicy", "S3 may not send yet"),
        (
            not any(
                "NotificationConfiguration" in properties(template, b)
                for b in of_kind(template, "S3::Bucket")
                if b != "UploadBucket"
            ),
            "what is made would be taken in",
        ),
    )
    sends = [s for s in policy_of(template, "SQS::QueuePolicy", "UploadQueue") if s["Effect"] == "Allow"]
    yield from must(
        (
            len(sends) == 1
            and sends[0]["Action"] == "sqs:SendMessage"
            and sends[0]["Principal"] == {"Service": "s3.amazonaws.com"},
            "who sends",
        ),
        (all("aws:SourceArn" in s["Condition"].get("ArnEquals", {}) for s in sends), "any bucket may send"),
    )


@property_of
def what_holds_data_outlives_the_stack(template: Template) -> Iterator[str]:
    for name, part in template["Resources"].items():
        if name in UNDER_DATA or (part["Type"] in HOLD_DATA and name not in REBUILT):
            yield from must(
                # Kept whatever happens, but for the create that made it and failed: it is empty, and in the way.
                (part.get("DeletionPolicy") == "RetainExceptOnCreate", f"{name} DeletionPolicy"),
                (part.get("UpdateReplacePolicy") == "Retain", f"{name} UpdateReplacePolicy"),
            )


@property_of
def the_mirror_is_kept(template: Template) -> Iterator[str]:
    sse = given(template, "MirrorTable", "SSESpecification") or {}
    yield from must(
        (
            sse.get("SSEEnabled") is True and sse.get("SSEType") == "KMS" and sse.get("KMSMasterKeyId") == KEY,
            "encryption",
        ),
        (
            given(template, "MirrorTable", "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") is True,
            "recovery",
        ),
        (given(template, "MirrorTable", "DeletionProtectionEnabled") is True, "deletion protection"),
        (given(template, "MirrorTable", "BillingMode") == "PAY_PER_REQUEST", "paid by the hour"),
    )


@property_of
def the_database_is_closed_and_kept(template: Template) -> Iterator[str]:
    cluster = properties(template, "DatabaseCluster")
    one = properties(template, "DatabaseInstance")
    scaling = cluster.get("ServerlessV2ScalingConfiguration", {})
    yield from must(
        (cluster.get("StorageEncrypted") is True and cluster.get("KmsKeyId") == KEY, "encryption"),
        (cluster.get("EnableIAMDatabaseAuthentication") is True, "passwords"),
        (
            cluster.get("ManageMasterUserPassword") is True and "MasterUserPassword" not in cluster,
            "a password in the template",
        ),
        (given(template, "", "KmsKeyId", of=cluster.get("MasterUserSecret")) == KEY, "key of the owner's secret"),
        (cluster.get("DeletionProtection") is True, "deletion protection"),
        (cluster.get("BackupRetentionPeriod", 0) >= 7, "backups"),
        (
            cluster.get("VpcSecurityGroupIds") == [{"Fn::GetAtt": ["DatabaseSecurityGroup", "GroupId"]}],
            "security group",
        ),
        (scaling.get("MinCapacity") == 0 and "SecondsUntilAutoPause" in scaling, "it never pauses"),
        (one.get("PubliclyAccessible") is False, "public"),
        (one.get("PerformanceInsightsKMSKeyId") == KEY, "key of the insights"),
        (given(template, "DatabaseParameters", "Parameters", "rds.force_ssl") == "1", "plain connections"),
        (
            given(template, "Proxy", "VpcSecurityGroupIds") == cluster.get("VpcSecurityGroupIds"),
            "proxy's security group",
        ),
        (given(template, "Proxy", "RequireTLS") is True, "plain connections to the proxy"),
        (given(template, "Proxy", "DefaultAuthScheme") == "IAM_AUTH", "passwords at the proxy"),
    )


WAYS_OUT = (
    *("EC2::InternetGateway", "EC2::NatGateway", "EC2::Route", "EC2::VPCGatewayAttachment", "EC2::EIP"),
    *("EC2::EgressOnlyInternetGateway", "EC2::VPCPeeringConnection", "EC2::TransitGatewayAttachment"),
)

# What the internet can answer to.
ADDRESSES = ("EC2::VPCCidrBlock", "EC2::SubnetCidrBlock")


def rules_of(template: Template, group: str, direction: str, *, closed: bool) -> list[dict[str, Any]]:
    """Return the rules of a security group in one of the two networks."""
    rules = []
    for rule in given(template, group, f"SecurityGroup{direction}") or []:
        choice = rule.get("Fn::If") if set(rule) == {"Fn::If"} else None
        rules.append(choice[1 if closed else 2] if choice and choice[0] == "IsClosed" else rule)
    return rules


def opened_ports(template: Template, group: str, *, closed: bool) -> Iterator[str]:
    """Say which rules of a security group open more than TLS or PostgreSQL."""
    for direction in ("Ingress", "Egress"):
        for rule in rules_of(template, group, direction, closed=closed):
            ends = (rule.get("FromPort"), rule.get("ToPort"))
            well = rule.get("IpProtocol") == "tcp" and ends in ((443, 443), (5432, 5432))
            yield from must((well, f"{group} opens {ends}"), (rule.get("CidrIp") != "0.0.0.0/0", f"{group} is open"))


@property_of
def the_network_has_no_way_out(template: Template) -> Iterator[str]:
    resources = select_resources(template, {})
    yield from must(
        (template["Parameters"]["Network"].get("Default") == "closed", "the network is open by default"),
        (not [name for name in of_kind(template, *WAYS_OUT, *ADDRESSES) if name in resources], "a way out"),
    )
    for subnet in of_kind(template, "EC2::Subnet"):
        yield from must((given(template, subnet, "MapPublicIpOnLaunch") is False, f"{subnet} gives public addresses"))
    for group in of_kind(template, "EC2::SecurityGroup"):
        yield from must((bool(given(template, group, "SecurityGroupEgress")), f"{group} lets all out"))
        yield from opened_ports(template, group, closed=True)
        rules = [rule for way in ("Ingress", "Egress") for rule in rules_of(template, group, way, closed=True)]
        yield from must((not any("CidrIpv6" in rule for rule in rules), f"{group} is open to the world"))
    out = rules_of(template, "FunctionSecurityGroup", "Egress", closed=True)
    yield from must(
        (len(out) == 4 and not any("CidrIp" in rule for rule in out), "functions reach more than their parts")
    )
    for endpoint in of_kind(template, "EC2::VPCEndpoint"):
        document = given(template, endpoint, "PolicyDocument")
        yield from must((document is not None, f"{endpoint} has no policy"))
        for s in statements(document) if document else []:
            account = s["Condition"].get("StringEquals", {}).get("aws:PrincipalAccount") == {"Ref": "AWS::AccountId"}
            layers = s.get("Sid") == "LayersOfImages"
            yield from must(
                (account or layers, f"{endpoint} serves other accounts"),
                ("*" not in text(s["Action"]), f"{endpoint} serves all"),
            )


@property_of
def a_network_by_ipv6_lets_nothing_in(template: Template) -> Iterator[str]:
    resources = select_resources(template, {"Network": "ipv6"})
    ways = {name: template["Resources"][name]["Type"] for name in of_kind(template, *WAYS_OUT) if name in resources}
    route = properties(template, "RouteByIpv6")
    yield from must(
        (set(ways.values()) == {"AWS::EC2::EgressOnlyInternetGateway", "AWS::EC2::Route"}, "another way"),
        (len(ways) == 2, "a second way"),
        (route.get("EgressOnlyInternetGatewayId") == {"Ref": "EgressGateway"}, "the way leads elsewhere"),
        (set(route) == {"RouteTableId", "DestinationIpv6CidrBlock", "EgressOnlyInternetGatewayId"}, "the way is wider"),
        (not [n for n in resources if given(template, n, "VpcEndpointType") == "Interface"], "endpoints are paid for"),
    )
    wide = []
    for group in of_kind(template, "EC2::SecurityGroup"):
        yield from opened_ports(template, group, closed=False)
        wide += [(group, rule) for rule in rules_of(template, group, "Egress", closed=False) if "CidrIpv6" in rule]
        incoming = rules_of(template, group, "Ingress", closed=False)
        yield from must((not any("CidrIpv6" in rule for rule in incoming), f"{group} lets in from outside"))
    ends = [(group, rule["CidrIpv6"], rule.get("FromPort")) for group, rule in wide]
    yield from must((ends == [("FunctionSecurityGroup", "::/0", 443)], "more than functions go out, or further"))


@property_of
def functions_reach_what_the_code_asks(template: Template) -> Iterator[str]:
    services = {
        text(given(template, e, "ServiceName")).rsplit("}.", 1)[-1].rstrip('"}')
        for e in of_kind(template, "EC2::VPCEndpoint")
    }
    yield from must(
        *(
            (name in services, f"no endpoint for {name}")
            for name in ("s3", "dynamodb", "sqs", "secretsmanager", "rekognition")
        )
    )


@property_of
def roles_name_what_they_may(template: Template) -> Iterator[str]:
    for role in of_kind(template, "IAM::Role"):
        yield from must(("ManagedPolicyArns" not in properties(template, role), f"{role} has policies of others"))
        for s in granted(template, role):
            if s["Effect"] == "Deny":
                continue
            actions, resources = set(listed(s["Action"])), listed(s["Resource"])
            yield from must(
                (not any("*" in action for action in actions), f"{role} {s.get('Sid')} has a wildcard"),
                ("*" not in resources or actions <= UNNAMEABLE, f"{role} {s.get('Sid')} names no resource"),
                (
                    "kms:Decrypt" not in actions or "kms:ViaService" in text(s.get("Condition", {})),
                    f"{role} decrypts everything",
                ),
                (
                    "iam:PassRole" not in actions or "iam:PassedToService" in text(s["Condition"]),
                    f"{role} passes roles",
                ),
            )
    may = {role: granted(template, role) for role in ("WebRole", "WorkerRole")}
    web_s3 = [
        (s["Sid"], text(s["Resource"])) for s in may["WebRole"] if "s3:" in text(s["Action"]) and s["Effect"] == "Allow"
    ]
    reads = [s for s in may["WorkerRole"] if "s3:GetObjectVersion" in listed(s["Action"])]
    yield from must(
        ([sid for sid, _ in web_s3] == ["SignUploads", "SignDownloads", "ShowRenditions"], "the web has more of S3"),
        (
            [(listed(s["Action"]), s["Resource"]) for s in may["WebRole"] if s["Sid"] == "SignDownloads"]
            == [(["s3:GetObjectVersion"], {"Fn::Sub": "${UploadBucket.Arn}/${UploadPrefix}*"})],
            "the web reads more than versions of originals",
        ),
        ("${UploadBucket.Arn}/uploads/*" in dict(web_s3).get("SignUploads", ""), "the web signs elsewhere"),
        (
            [text(s["Resource"]) for s in reads] == [text({"Fn::Sub": "${UploadBucket.Arn}/${UploadPrefix}*"})],
            "the worker reads elsewhere",
        ),
        (
            not any(
                "s3:PutObject" in listed(s["Action"]) and "Upload" in text(s["Resource"]) for s in may["WorkerRole"]
            ),
            "the worker writes originals",
        ),
        (
            all(
                any(
                    s["Effect"] == "Deny" and "ec2:*" in listed(s["Action"]) and s["Resource"] == "*"
                    for s in statements
                )
                for statements in may.values()
            ),
            "code may touch the network",
        ),
        (
            any(s["Effect"] == "Deny" and "lambda:InvokeFunction" in s["Action"] for s in may["WebRole"]),
            "code may call functions",
        ),
    )


@property_of
def roles_are_taken_by_their_service(template: Template) -> Iterator[str]:
    # The function's role is also Zappa's API's; see tests/aws/test_trust.py for who sends which condition keys.
    services = {
        "WebRole": ["lambda.amazonaws.com", "apigateway.amazonaws.com"],
        "ClockRole": "scheduler.amazonaws.com",
        "BulkRole": "ecs-tasks.amazonaws.com",
        "ProxyRole": "rds.amazonaws.com",
    }
    for role in of_kind(template, "IAM::Role"):
        raw = properties(template, role)["AssumeRolePolicyDocument"]["Statement"]
        first, *others = raw
        if role == "DeployerRole":
            yield from must((first["Principal"] == {"AWS": {"Ref": "DeployerPrincipal"}} and not others, "who deploys"))
            continue
        wanted = services.get(role, "lambda.amazonaws.com")
        yield from must(
            (first["Principal"] == {"Service": wanted}, f"{role} is taken by others"),
            (all(other.get("Fn::If", [""])[0] == "TrustsPrincipal" for other in others), f"{role} is taken by more"),
            (
                role not in ("ClockRole", "BulkRole") or "aws:SourceAccount" in text(first.get("Condition", {})),
                f"{role} for any account",
            ),
        )
    defaults = [template["Parameters"][name].get("Default") for name in ("TrustedPrincipal", "DeployerPrincipal")]
    yield from must((defaults == ["", ""], "somebody is trusted by default"))


@property_of
def services_are_let_in_for_this_account(template: Template) -> Iterator[str]:
    for name in of_kind(template, "SQS::QueuePolicy", "S3::BucketPolicy", "SNS::TopicPolicy", "KMS::Key"):
        values = properties(template, name)
        for s in statements(values.get("PolicyDocument") or values["KeyPolicy"]):
            if s["Effect"] != "Allow":
                continue
            service = "Service" in s["Principal"] if isinstance(s["Principal"], dict) else False
            # Each service sends other keys; tests/aws/test_keys.py and test_trust.py know which are documented.
            account = [value for value in _conditions(s) if "AWS::AccountId" in value]
            # Which queue S3 tells, the queue's policy says; its key knows S3 by no condition.
            is_from_s3 = name == "Key" and s["Principal"] == {"Service": "s3.amazonaws.com"}
            yield from must(
                (s["Principal"] != "*", f"{name} is open"),
                (bool(account) or not service or is_from_s3, f"{name} serves any account"),
            )


def _conditions(statement: dict[str, Any]) -> list[str]:
    return [text(value) for pairs in statement["Condition"].values() for value in pairs.values()]


@property_of
def secrets_are_never_in_the_template(template: Template) -> Iterator[str]:
    for name in of_kind(template, "SecretsManager::Secret"):
        values = properties(template, name)
        yield from must(
            ("SecretString" not in values, f"{name} holds its value"), (values.get("KmsKeyId") == KEY, f"{name} key")
        )
    generated = given(template, "Secret", "GenerateSecretString") or {}
    yield from must((generated.get("PasswordLength", 0) >= 50, "a short key"))


@property_of
def the_key_turns(template: Template) -> Iterator[str]:
    key = properties(template, "Key")
    yield from must(
        (key.get("EnableKeyRotation") is True, "rotation"), (key.get("PendingWindowInDays", 0) >= 7, "window")
    )


@property_of
def logs_are_encrypted_and_end(template: Template) -> Iterator[str]:
    for name in of_kind(template, "Logs::LogGroup"):
        yield from must(
            (given(template, name, "KmsKeyId") == KEY, f"{name} key"),
            (30 <= (given(template, name, "RetentionInDays") or 0) <= 365, f"{name} is kept too long, or not"),
        )


@property_of
def delivery_is_signed_and_over_tls(template: Template) -> Iterator[str]:
    config = given(template, "Distribution", "DistributionConfig") or {}
    default = config.get("DefaultCacheBehavior", {})
    own = given(template, "", "ViewerCertificate", "Fn::If", 1, of=config) or {}
    groups = given(template, "", "TrustedKeyGroups", "Fn::If", 1, of=default)
    yield from must(
        (groups == [{"Ref": "KeyGroup"}], "renditions are unsigned"),
        (own.get("MinimumProtocolVersion") == "TLSv1.2_2021", "old TLS"),
        (bool(config.get("Logging", {}).get("Bucket")), "no logs"),
        (
            given(template, "OriginAccess", "OriginAccessControlConfig", "SigningBehavior") == "always",
            "unsigned origin",
        ),
    )
    open_paths = [
        policy["PathPattern"] for policy in config.get("CacheBehaviors", []) if "TrustedKeyGroups" not in policy
    ]
    yield from must((open_paths == ["public/*", "static/*"], "what everyone may fetch"))
    for behavior in [default, *config.get("CacheBehaviors", [])]:
        name = behavior.get("PathPattern", "default")
        policy = behavior.get("ResponseHeadersPolicyId", {}).get("Ref", "")
        headers = given(template, policy, "ResponseHeadersPolicyConfig", "SecurityHeadersConfig") if policy else {}
        yield from must(
            (behavior.get("ViewerProtocolPolicy") == "https-only", f"{name} over http"),
            (behavior.get("AllowedMethods") == ["GET", "HEAD"], f"{name} takes more than reads"),
            (behavior.get("Compress") is True, f"{name} is not compressed"),
            (headers == {header: {**held, "Override": True} for header, held in HEADERS.items()}, f"{name}: headers"),
        )
    for origin in config.get("Origins", []):
        yield from must(
            (origin.get("OriginAccessControlId") == {"Fn::GetAtt": ["OriginAccess", "Id"]}, f"{origin['Id']} unsigned")
        )
    closed = {
        "Effect": "Deny",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": [
            {"Fn::Sub": "${RenditionBucket.Arn}/downloads/*"},
            {"Fn::Sub": "${RenditionBucket.Arn}/tombstones/*"},
        ],
    }
    policy = policy_of(template, "S3::BucketPolicy", "RenditionBucket")
    yield from must((any(closed.items() <= s.items() for s in policy), "the CDN serves downloads"))
    for bucket in ("RenditionBucket", "StaticBucket"):
        reads = [s for s in policy_of(template, "S3::BucketPolicy", bucket) if s["Effect"] == "Allow"]
        yield from must(
            (
                len(reads) == 1
                and reads[0]["Action"] == "s3:GetObject"
                and reads[0]["Principal"] == {"Service": "cloudfront.amazonaws.com"},
                f"who reads {bucket}",
            ),
            (
                all(
                    "${Distribution}" in text(s["Condition"].get("StringEquals", {}).get("aws:SourceArn"))
                    for s in reads
                ),
                f"any distribution reads {bucket}",
            ),
        )


@property_of
def alarms_reach_somebody(template: Template) -> Iterator[str]:
    alarms = {name: properties(template, name) for name in of_kind(template, "CloudWatch::Alarm")}
    for name, alarm in alarms.items():
        is_wired = alarm.get("AlarmActions") == [{"Ref": "Topic"}] and alarm.get("OKActions") == [{"Ref": "Topic"}]
        yield from must(
            (is_wired, f"{name} tells nobody"), (alarm.get("ActionsEnabled", True) is True, f"{name} is silent")
        )
    parts = [metric["MetricStat"]["Metric"] for a in alarms.values() for metric in a.get("Metrics", [])[1:]]
    simple = [alarm for alarm in alarms.values() if "MetricName" in alarm]
    watched = {(metric["Namespace"], metric["MetricName"]) for metric in [*simple, *parts]}
    for wanted in (
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
        ("AWS/Lambda", "Errors"),
        ("AWS/Lambda", "Throttles"),
        ("AWS/Lambda", "Duration"),
        ("MediaHub", "drift"),
        ("MediaHub", "unmirrored"),
        ("MediaHub", "unlabelled"),
        ("AWS/Scheduler", "InvocationAttemptCount"),
        ("AWS/Scheduler", "TargetErrorCount"),
    ):
        yield from must((wanted in watched, f"nobody watches {wanted[1]}"))
    yield from must(
        (given(template, "Topic", "KmsMasterKeyId") == KEY, "topic's key"),
        (len(given(template, "Budget", "NotificationsWithSubscribers") or []) == 2, "budget"),
    )
