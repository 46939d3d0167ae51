"""Faults of what processes are told, of what browsers are signed, of the CDN's queue, and of long work."""

from tests.aws.plants import Edit, Plant

PLANTS = [
    Plant(
        2,
        "In us-east-1 the Content-Security-Policy blocks uploads and downloads",
        "Every S3 client that signs uses the region's own host.",
        (Edit("mediahub/aws/clients.py", '"us_east_1_regional_endpoint": "regional", ', ""),),
        "tests/aws/test_signed_hosts.py::test_what_is_signed_is_allowed_to_browsers",
    ),
    Plant(
        7,
        "A batch of messages becomes more wildcards than CloudFront accepts, and every path is billed",
        "A batch invalidates at most five paths; content addresses, and bytes that did not change, need none.",
        (
            Edit(
                "deploy/templates/cdn.yaml",
                'return sorted(paths) if len(paths) <= MOST else ["/public/*"]',
                "return sorted(paths)",
            ),
        ),
        "tests/deploy/test_cdn.py::test_a_batch_asks_for_few_paths",
    ),
    Plant(
        7,
        "A batch of messages becomes more wildcards than CloudFront accepts, and every path is billed",
        "A batch invalidates at most five paths; content addresses, and bytes that did not change, need none.",
        (
            Edit(
                "mediahub/delivery/public.py",
                " if key in recorded and _is_permanent(image, key, source)",
                " if key in recorded",
            ),
        ),
        "tests/delivery/test_public.py::test_nothing_is_asked_of_the_cdn_when_no_bytes_change",
    ),
    Plant(
        9,
        "Workers on Fargate get no CLOUDFRONT_DOMAIN, SITE_URL, or CDN_QUEUE_URL and write loopback addresses",
        "The containers get the settings of the worker's function, and nothing starts with a loopback address.",
        (
            Edit(
                "deploy/commands/workers.py",
                "for name, value in sorted(environment.items())]",
                "for name, value in sorted(environment.items())\n"
                '        if name not in ("CLOUDFRONT_DOMAIN", "SITE_URL", "CDN_QUEUE_URL")]',
            ),
        ),
        "tests/aws/test_settings.py::test_each_setting_is_given_to_every_process_or_has_its_reason",
    ),
    Plant(
        9,
        "Workers on Fargate get no CLOUDFRONT_DOMAIN, SITE_URL, or CDN_QUEUE_URL and write loopback addresses",
        "The containers get the settings of the worker's function, and nothing starts with a loopback address.",
        (Edit("mediahub/celery.py", "checks.require_addresses()\n", ""),),
        "tests/aws/test_settings.py::test_a_worker_of_bulk_work_does_not_start_with_the_default_address",
    ),
    Plant(
        21,
        "Addresses in zip files, the mirror, and invitations lack the stage in API Gateway's path",
        "SITE_URL contains the stage, and every address that leaves the site is built from it.",
        (
            Edit(
                "deploy/functions/zappa_settings.py",
                'return f"{site}/{stage.name}" if at_gateway else site',
                "return site",
            ),
        ),
        "tests/aws/test_addresses.py::test_the_sites_address_has_the_stage_where_api_gateway_wants_it",
    ),
    Plant(
        21,
        "Addresses in zip files, the mirror, and invitations lack the stage in API Gateway's path",
        "SITE_URL contains the stage, and every address that leaves the site is built from it.",
        (
            Edit(
                "mediahub/settings.py",
                'env.str("STATIC_URL", default="") or f"{urlsplit(SITE_URL).path}/static/"',
                'env.str("STATIC_URL", default="static/")',
            ),
            Edit("mediahub/settings.py", 'WHITENOISE_STATIC_PREFIX = "/static/"\n', ""),
        ),
        "tests/aws/test_addresses.py::test_pages_name_static_files_where_api_gateway_hands_them_on",
    ),
    *(
        Plant(
            22,
            "Recovery commands run inside a function that ends after a minute, and start over each time",
            "They are jobs on the queue: one invocation records them, and they continue after their last image.",
            edits,
            test,
        )
        for edits, test in (
            (
                (Edit("mediahub/worker/lambda_entry.py", '        arguments.append("--queue")\n', "        pass\n"),),
                "tests/jobs/test_commands.py::test_the_mirror_is_rebuilt_over_many_short_invocations",
            ),
            (
                (
                    Edit(
                        "mediahub/jobs/chunk_work.py",
                        "left.filter(pk__gt=chunk.reached) if chunk.reached else left",
                        "left",
                    ),
                ),
                "tests/jobs/test_commands.py::test_a_rebuilt_mirror_goes_on_after_its_last_image",
            ),
            (
                (Edit("mediahub/worker/lambda_entry.py", 'QUEUED = ("reconcile", ', "QUEUED = ("),),
                "tests/aws/test_operations.py::test_each_command_is_short_or_leaves_its_work_to_the_queue",
            ),
        )
    ),
]
