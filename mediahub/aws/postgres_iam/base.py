"""Django's PostgreSQL backend with a password that is made for each connection and good for a quarter of an hour.

Source: "IAM database authentication for MariaDB, MySQL, and PostgreSQL", Amazon RDS user guide.
"""

from functools import cache
from typing import Any

import boto3
from django.db.backends.postgresql import base


@cache
def _rds(region: str) -> Any:
    return boto3.client("rds", region_name=region)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose token is signed here: no request is made for it, so no way to RDS's API is needed."""

    def get_connection_params(self) -> dict[str, Any]:
        """What psycopg connects with; `iam_region` is ours and not psycopg's."""
        found = dict(super().get_connection_params())
        region = found.pop("iam_region")
        found["password"] = _rds(region).generate_db_auth_token(
            DBHostname=found["host"], Port=int(found.get("port") or 5432), DBUsername=found["user"], Region=region
        )
        return found
