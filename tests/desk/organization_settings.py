"""Settings of the tests, with an OpenID Connect provider and a database in memory."""

from tests.settings import *  # noqa: F403
from tests.settings import SOCIALACCOUNT_PROVIDERS

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["secret"] = "client-secret"
