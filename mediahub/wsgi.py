"""The WSGI application that Zappa, and the local web process, serve."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediahub.settings")
django.setup(set_prefix=False)

from mediahub.desk.request_gate import Application  # noqa: E402

application = Application()
