"""Faults of what stands each month, of what watches it, and of the network by IPv6."""

from tests.aws.plants import Edit, Plant

PLANTS = [
    Plant(
        7,
        "Reprocessing published images costs two hundred dollars in invalidations, and no document says so",
        "Each path is priced, none as free; only replaced or removed files have any.",
        (
            Edit(
                "mediahub/costs/model.py",
                '    yield Line("CloudFront", "paths invalidated", paths, "invalidation")\n',
                "",
            ),
        ),
        "tests/costs/test_model.py::test_what_is_replaced_or_taken_down_is_told_by_path_and_none_is_free",
    ),
    Plant(
        21,
        "Two alarms of the workers are reported to notify nobody, and hide missing ones",
        "Alarms are compared by name, stack by stack; those that start and stop workers notify the workers.",
        (
            Edit(
                "deploy/commands/check.py",
                "paginate(AlarmNames=list(expected), AlarmTypes=",
                'paginate(AlarmNamePrefix=f"{stage.full_name}-", AlarmTypes=',
            ),
            Edit(
                "deploy/commands/check.py",
                "        missing = sorted(set(expected) - set(alarms))\n",
                "        missing = sorted(expected)[: max(0, len(expected) - len(alarms))]\n"
                "        expected = dict.fromkeys(alarms, True)\n",
            ),
        ),
        "tests/aws/test_alarms.py::test_alarms_of_another_stack_do_not_hide_one_that_is_missing",
    ),
    Plant(
        21,
        "Two alarms of the workers are reported to notify nobody, and hide missing ones",
        "Alarms are compared by name, stack by stack; those that start and stop workers notify the workers.",
        (Edit("deploy/commands/check.py", 'topic if expected[name] else ""', "topic"),),
        "tests/aws/test_alarms.py::test_all_is_well_though_the_workers_alarms_start_and_stop_workers_and_tell_nobody",
    ),
]
