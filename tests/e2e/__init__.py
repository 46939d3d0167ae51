"""`make e2e-deploy`: the deployment as an operator does it, on a local AWS with enforced authorization."""

import os

# The emulator's module asks for the project's folder only.
# Where the suite imports a part of this, its own settings are in force already.
for name, value in {
    "DJANGO_SETTINGS_MODULE": "mediahub.settings",
    "MEDIAHUB_ENV_FILE": "",
    "SECRET_KEY": "unused",
}.items():
    os.environ.setdefault(name, value)
