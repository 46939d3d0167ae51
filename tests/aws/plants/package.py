"""Faults of the package: machine code for another machine, and authorities that do not know RDS Proxy."""

from tests.aws.plants import Edit, Plant

WHEELS = (
    10,
    "The package contained the operator's own wheels",
    "uv installs the locked wheels for Lambda's system and Python on any machine, plain Zappa packages only these, and "
    "the header of every binary is read before the package is sent.",
)
AUTHORITIES = (
    18,
    "RDS Proxy presents Amazon's own roots, which rds-ca.pem lacked",
    "rds-ca.pem holds the authorities of RDS and Amazon's five roots, in the package and in the workers' image; "
    "without both, it is not written and no package is sent.",
)
TESTS = "tests/aws/test_package.py::"
BUNDLE = "tests/aws/test_authorities.py::"

PLANTS = [
    Plant(
        *WHEELS,
        (
            Edit(
                "deploy/package/wheels.py",
                '        *("--python-platform", PLATFORM, "--python-version", ".".join(map(str, PYTHON))),\n',
                "",
            ),
        ),
        f"{TESTS}test_the_wheels_are_those_of_the_function_whatever_the_machine",
    ),
    Plant(
        *WHEELS,
        (Edit("deploy/package/build.py", '    os.environ["VIRTUAL_ENV"] = str(folder)\n', ""),),
        f"{TESTS}test_plain_zappa_packages_the_wheels_of_the_function",
    ),
    Plant(
        *WHEELS,
        (Edit("deploy/package/contents.py", "    faults += [*machine_code.faults,", "    faults += ["),),
        f"{TESTS}test_zappa_sends_no_package_with_a_fault",
    ),
    Plant(
        *AUTHORITIES,
        (
            Edit(
                "deploy/package/build.py",
                "RDS_CA.write_bytes(authorities.compose_bundle(response.read()))",
                "RDS_CA.write_bytes(response.read())",
            ),
        ),
        f"{BUNDLE}test_the_list_is_brought_once_a_day",
    ),
    Plant(
        *AUTHORITIES,
        (
            Edit(
                "deploy/Dockerfile",
                "RUN /opt/workers/bin/python /authorities.py /rds.pem /rds-ca.pem",
                "RUN cp /rds.pem /rds-ca.pem",
            ),
        ),
        f"{BUNDLE}test_the_image_of_the_workers_makes_the_same_bundle",
    ),
    Plant(
        *AUTHORITIES,
        (Edit("deploy/package/authorities.py", '    "Amazon Root CA 1",\n', ""),),
        f"{BUNDLE}test_the_bundle_holds_rds_and_the_roots_that_amazon_publishes",
    ),
]
