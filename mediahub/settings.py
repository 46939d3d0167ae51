"""The only file that reads the environment; docs/settings.md lists every variable."""

from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit

import environ
from botocore.config import Config

from mediahub import image_limits, logs, rendition_settings
from mediahub.aws import secrets

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"

env = environ.Env()
env_file = Path(env.str("MEDIAHUB_ENV_FILE", default=str(VAR / "local" / "env")))
if env_file.is_file():
    env.read_env(str(env_file))

MIB = 1024 * 1024

# The site
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
HTTPS = env.bool("HTTPS", default=True)
SECURITY_CONTACTS = env.list("SECURITY_CONTACTS", default=[])
STAGE = env.str("STAGE", default="local")
LOCAL = env.bool("LOCAL", default=False)

# AWS: names and addresses, never keys; credentials come from the role or the profile
AWS_REGION = env.str("AWS_REGION", default="us-east-1")
AWS_PROFILE = env.str("AWS_PROFILE", default="") or None
AWS_ENDPOINT_URL = env.str("AWS_ENDPOINT_URL", default="") or None
UPLOAD_BUCKET = env.str("UPLOAD_BUCKET", default="")
RENDITION_BUCKET = env.str("RENDITION_BUCKET", default="")
UPLOAD_QUEUE_URL = env.str("UPLOAD_QUEUE_URL", default="")
UPLOAD_QUEUE_ARN = env.str("UPLOAD_QUEUE_ARN", default="")
DEAD_LETTER_QUEUE_URL = env.str("DEAD_LETTER_QUEUE_URL", default="")
BULK_QUEUE_URL = env.str("BULK_QUEUE_URL", default="")
MIRROR_TABLE = env.str("MIRROR_TABLE", default="")
KMS_KEY_ARN = env.str("KMS_KEY_ARN", default="")
CLOUDFRONT_DOMAIN = env.str("CLOUDFRONT_DOMAIN", default="")
CDN_QUEUE_URL = env.str("CDN_QUEUE_URL", default="")

# Secrets, each by the ARN under which Secrets Manager keeps it; what cannot be read ends the start
SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_SECRET = env.str("SECRET_KEY_SECRET", default="")
SECRET_KEY_RANDOM = env.bool("SECRET_KEY_RANDOM", default=False)
if SECRET_KEY_RANDOM:
    # Workers sign nothing that anybody else checks, and decode files of strangers: they must not know the site's key.
    SECRET_KEY = token_urlsafe(60)
DATABASE_SECRET = env.str("DATABASE_SECRET", default="")
CLOUDFRONT_KEY_SECRET = env.str("CLOUDFRONT_KEY_SECRET", default="")


def _secret(reference: str, name: str) -> str:
    return secrets.read_secret_value(reference, name, AWS_REGION, AWS_ENDPOINT_URL)


if SECRET_KEY_SECRET:
    SECRET_KEY = _secret(SECRET_KEY_SECRET, "SECRET_KEY")
    former = secrets.read_secret(SECRET_KEY_SECRET, AWS_REGION, AWS_ENDPOINT_URL).get("SECRET_KEY_FALLBACK")
    # While a key is changed, what the former one signed stays good.
    SECRET_KEY_FALLBACKS = [former] if former else []
# The key's id lies beside the key, so that while it is changed no process has one of the old pair and one of the new.
CLOUDFRONT_KEY_ID = _secret(CLOUDFRONT_KEY_SECRET, "CLOUDFRONT_KEY_ID") if CLOUDFRONT_KEY_SECRET else ""
CLOUDFRONT_KEY = _secret(CLOUDFRONT_KEY_SECRET, "CLOUDFRONT_PRIVATE_KEY") if CLOUDFRONT_KEY_SECRET else ""

# Uploads and pictures
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", default=200_000_000)
UPLOAD_PART_THRESHOLD = env.int("UPLOAD_PART_THRESHOLD", default=16 * MIB)
UPLOAD_MAX_OPEN_TICKETS = env.int("UPLOAD_MAX_OPEN_TICKETS", default=1000)
UPLOAD_MAX_BYTES_PER_DAY = env.int("UPLOAD_MAX_BYTES_PER_DAY", default=100_000_000_000)
UPLOAD_TICKET_SECONDS = env.int("UPLOAD_TICKET_SECONDS", default=900)
IMAGE_MAX_PIXELS = env.int("IMAGE_MAX_PIXELS", default=100_000_000)
IMAGE_MAX_PIXELS_ONCE = env.int("IMAGE_MAX_PIXELS_ONCE", default=200_000_000)
IMAGE_MAX_SIDE = env.int("IMAGE_MAX_SIDE", default=30_000)
IMAGE_MAX_MEMORY = env.int("IMAGE_MAX_MEMORY", default=1_400_000_000)
IMAGE_LIMITS = image_limits.parse_image_limits(env.str("IMAGE_LIMITS", default=""))
LEASE_SECONDS = env.int("LEASE_SECONDS", default=60)
RENDITIONS, RENDITION_FILLS = rendition_settings.parse_renditions(
    env.str("RENDITIONS", default="xlarge=2048x2048,large=1024x1024,medium=512x512,small=256x256"),
    env.str("RENDITION_FILLS", default="square=512x512,wide=1024x576"),
    env.str("RENDITION_GAMUT", default="srgb"),
)

# What brings a file to its end whatever happens
RETRY_SECONDS = env.int("RETRY_SECONDS", default=30)
RESUME_SECONDS = env.int("RESUME_SECONDS", default=600)
REDRIVE_PER_MINUTE = env.int("REDRIVE_PER_MINUTE", default=60)
REDRIVE_MOST = env.int("REDRIVE_MOST", default=10)
REJECTED_KEEP_SECONDS = env.int("REJECTED_KEEP_SECONDS", default=90 * 24 * 3600)
SWEEP_GRACE_SECONDS = env.int("SWEEP_GRACE_SECONDS", default=24 * 3600)
RECONCILE_GRACE_SECONDS = env.int("RECONCILE_GRACE_SECONDS", default=420)
RECONCILE_SECONDS = env.int("RECONCILE_SECONDS", default=420)
RECONCILE_FULL_SECONDS = env.int("RECONCILE_FULL_SECONDS", default=24 * 3600)
CLOCK_REST_SECONDS = env.int("CLOCK_REST_SECONDS", default=0)

# Where a picture was taken is stored only where the operator wants it: everyone who may open the image's page reads it.
STORE_LOCATION = env.bool("STORE_LOCATION", default=False)

# Publishing
PUBLIC_URL = env.str("PUBLIC_URL", default="") or (f"https://{CLOUDFRONT_DOMAIN}" if CLOUDFRONT_DOMAIN else SITE_URL)
PUBLIC_GRACE_SECONDS = env.int("PUBLIC_GRACE_SECONDS", default=30 * 24 * 3600)
PUBLISH_RULES = env.list("PUBLISH_RULES", default=["alt_text", "credit", "moderation"])

# Downloads
DOWNLOAD_MAX_BYTES = env.int("DOWNLOAD_MAX_BYTES", default=5_000_000_000)
DOWNLOAD_MAX_OPEN = env.int("DOWNLOAD_MAX_OPEN", default=5)
DOWNLOAD_PART_BYTES = env.int("DOWNLOAD_PART_BYTES", default=200_000_000)
DOWNLOAD_KEEP_SECONDS = env.int("DOWNLOAD_KEEP_SECONDS", default=3 * 24 * 3600)
DOWNLOAD_LINK_SECONDS = env.int("DOWNLOAD_LINK_SECONDS", default=120)

# Labels
LABELER = env.str("LABELER", default="rekognition")
LABEL_MAX = env.int("LABEL_MAX", default=10)
LABEL_MIN_CONFIDENCE = env.int("LABEL_MIN_CONFIDENCE", default=60)
MODERATION = env.bool("MODERATION", default=False)
LABEL_RECORDINGS = env.str("LABEL_RECORDINGS", default="")

# Bulk work
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="sqs://")

INSTALLED_APPS = [
    "mediahub.desk",
    "mediahub.jobs",
    "mediahub.recovery",
    "mediahub.uploads",
    "mediahub.delivery",
    "mediahub.library",
    "mediahub.history",
    "mediahub.desk.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # Without the app "allauth" itself, whose templates and translations no page of the desk uses.
    "allauth.account",
    "allauth.mfa",
    "csp",
    "storages",
]
if LOCAL:
    INSTALLED_APPS.insert(0, "mediahub.local")

MIDDLEWARE = [
    # The size of a compressed page tells what is secret in it only to who can have it fetched very often with the
    # person's cookies. Those are not sent for other sites' pages, the token in forms has another mask each time, and
    # the answer a random length.
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "mediahub.desk.security_headers.PermissionsPolicyMiddleware",
    "mediahub.desk.request_gate.Gate",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "mediahub.desk.people.session_rules.SessionRules",
    "mediahub.desk.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mediahub.desk.stored_data.StoredDataMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "mediahub.urls"
WSGI_APPLICATION = "mediahub.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

DATABASE_URL = env.str("DATABASE_URL", default=f"sqlite:///{VAR / 'mediahub.sqlite3'}")
if DATABASE_SECRET:
    DATABASE_URL = _secret(DATABASE_SECRET, "DATABASE_URL")
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
if env.bool("DATABASE_IAM", default=False):
    DATABASES["default"]["ENGINE"] = "mediahub.aws.postgres_iam"
    DATABASES["default"]["OPTIONS"] = {
        "iam_region": AWS_REGION,
        "sslmode": "verify-full",
        # RDS's own authorities, brought into the package by the deploy command.
        "sslrootcert": str(BASE_DIR / "rds-ca.pem"),
        # A paused database takes a quarter of a minute to wake.
        "connect_timeout": 40,
    }
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # Immediate transactions take the write lock at the start, so that two writers wait instead of failing halfway.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["mediahub.desk.people.backends.PermissionBackend"]
LOGIN_URL = "admin:login"
CSRF_FAILURE_VIEW = "mediahub.desk.people.session_views.csrf_failure"
# How long an invitation is good; a person who is away for a weekend still finds it.
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600

# Sign-in. Roles that need a second factor, by the names that `invite --role` has.
SECOND_FACTOR_REQUIRED = env.list("SECOND_FACTOR_REQUIRED", default=[])
# The organization's own OpenID Connect provider. Its client secret is a field of a secret.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="").rstrip("/")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_NAME = env.str("OIDC_NAME", default="")
OIDC_SECRET = env.str("OIDC_SECRET", default=SECRET_KEY_SECRET)
if OIDC_ISSUER:
    INSTALLED_APPS += ["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]
    SOCIALACCOUNT_ADAPTER = "mediahub.desk.people.organization.OrganizationAdapter"
    SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "oidc",
                    "name": OIDC_NAME,
                    "client_id": OIDC_CLIENT_ID,
                    # Workers make the tables of this app, and sign nobody in.
                    "secret": ""
                    if SECRET_KEY_RANDOM or not OIDC_SECRET
                    else _secret(OIDC_SECRET, "OIDC_CLIENT_SECRET"),
                    # What the signed token says is what counts.
                    "settings": {"server_url": OIDC_ISSUER, "fetch_userinfo": False},
                }
            ],
        }
    }
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=12 * 3600)
SESSION_COOKIE_AGE = env.int("SESSION_SECONDS", default=14 * 24 * 3600)
SESSION_ENGINE = "mediahub.desk.people.session_store"
CACHES = {
    # A table, which all functions share without another service. Only allauth asks it: it notes codes that were used.
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "desk_cacheentry"},
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
ACCOUNT_ADAPTER = "mediahub.desk.people.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_SIGNUP_ENABLED = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
# mediahub.desk.people.lockouts limits attempts, by account and address together.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
MFA_ADAPTER = "mediahub.desk.people.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "MediaHub"
# A phone's clock may be half a minute wrong.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_FORMS = {
    "authenticate": "mediahub.desk.people.factor_forms.CodeForm",
    "authenticate_webauthn": "mediahub.desk.people.factor_forms.PasskeyForm",
    "reauthenticate": "mediahub.desk.people.factor_forms.ConfirmCodeForm",
    "reauthenticate_webauthn": "mediahub.desk.people.factor_forms.ConfirmPasskeyForm",
    "login_webauthn": "mediahub.desk.people.factor_forms.PasskeyLoginForm",
    "add_webauthn": "mediahub.desk.people.factor_forms.AddPasskeyForm",
    "activate_totp": "mediahub.desk.people.factor_forms.ActivateAppForm",
}
ACCOUNT_FORMS = {
    "login": "mediahub.desk.people.sign_in_forms.SignInForm",
    "reauthenticate": "mediahub.desk.people.sign_in_forms.ConfirmPasswordForm",
}

LANGUAGE_CODE = env.str("SITE_LANGUAGE", default="en")
# Each by its own name, so that everybody finds theirs.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ar", "العربية")]
LOCALE_PATHS = [BASE_DIR / "mediahub" / "locale"]
FORMAT_MODULE_PATH = "mediahub.locale_formats"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

# Files: renditions lie in S3 and go out through CloudFront; static files do where STATIC_URL names its host
STATIC_URL = env.str("STATIC_URL", default="") or f"{urlsplit(SITE_URL).path}/static/"
# What WhiteNoise is asked for: API Gateway takes its stage off each path.
WHITENOISE_STATIC_PREFIX = "/static/"
STATIC_ROOT = BASE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "renditions": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": RENDITION_BUCKET,
            "region_name": AWS_REGION,
            # As in wiring: by the region's own host, which the policy of the pages names.
            "client_config": Config(
                signature_version="s3v4",
                s3={"us_east_1_regional_endpoint": "regional", "addressing_style": "virtual"},
            ),
            "custom_domain": CLOUDFRONT_DOMAIN,
            "cloudfront_key_id": CLOUDFRONT_KEY_ID or None,
            "cloudfront_key": CLOUDFRONT_KEY.encode() or None,
            "querystring_auth": bool(CLOUDFRONT_KEY_ID),
        },
    },
    "staticfiles": {"BACKEND": "mediahub.desk.static_files.Files"},
}


def _store_origins() -> list[str]:
    """Return where the browser fetches renditions from and sends uploads to."""
    if AWS_ENDPOINT_URL:
        parts = urlsplit(AWS_ENDPOINT_URL)
        return [f"{parts.scheme}://{parts.netloc}"]
    hosts = [f"{name}.s3.{AWS_REGION}.amazonaws.com" for name in (UPLOAD_BUCKET, RENDITION_BUCKET) if name]
    return [f"https://{host}" for host in [*hosts, CLOUDFRONT_DOMAIN] if host]


# Security
STORE_ORIGINS = _store_origins()
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:", *STORE_ORIGINS],
        "connect-src": ["'self'", *STORE_ORIGINS],
        "form-action": ["'self'", *STORE_ORIGINS],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "report-uri": [f"{urlsplit(SITE_URL).path}/csp-report/"],
    }
}
if OIDC_ISSUER:
    # A form of ours leads there by a redirect, which browsers look at as well.
    issuer = urlsplit(OIDC_ISSUER)
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(f"{issuer.scheme}://{issuer.netloc}")
if STATIC_URL.startswith("https://"):
    # With its path: the same host serves files that people uploaded.
    for directive in ("script-src", "style-src", "font-src", "img-src"):
        CONTENT_SECURITY_POLICY["DIRECTIVES"][directive].append(f"{STATIC_URL.rstrip('/')}/")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Reprocessing sends lists of ids from the admin; files never pass through Django.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * MIB
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# An address may hold a secret: an invitation, a signature.
logs.mask_records()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        **{name: {"level": "WARNING"} for name in ("botocore", "boto3", "urllib3")},
        # Django's own handlers write elsewhere, one of them letters with all of the request.
        "django": {"handlers": []},
        "django.server": {"handlers": [], "propagate": True},
    },
}
