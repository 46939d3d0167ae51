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
        """Return what psycopg connects with; `iam_region` is ours and not psycopg's.

        A password that is set already is a token of an operator, for a user that this process may not sign in as.
        """
        params = dict(super().get_connection_params())
        region = params.pop("iam_region")
        if not params.get("password"):
            params["password"] = _rds(region).generate_db_auth_token(
                DBHostname=params["host"],
                Port=int(params.get("port") or 5432),
                DBUsername=params["user"],
                Region=region,
            )
        return params
