"""The WSGI application that Zappa, and the local web process, serve."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediahub.settings")
application = get_wsgi_application()
