"""What all tests share."""

pytest_plugins = ["tests.local_aws", "tests.editors"]
