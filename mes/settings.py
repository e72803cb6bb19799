"""Django settings. Everything that differs between installations comes from the environment (README)."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DENCHI_VAR = Path(env.str("DENCHI_VAR", default=str(BASE_DIR / "var"))).resolve()
DEBUG = False
# A missing key must not stop `makemigrations --check`; mes.wsgi refuses to serve with this one.
SECRET_KEY = env.str("DENCHI_SECRET_KEY", default="insecure-only-for-commands-that-serve-nothing")
ALLOWED_HOSTS = env.list("DENCHI_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("DENCHI_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "mes",
    "traceability",
    "quality",
    "lines",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "mes.addresses.refuse_nul",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mes.refusals.RefusalPages",
]

ROOT_URLCONF = "mes.urls"
WSGI_APPLICATION = "mes.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mes.frame.frame",
            ],
        },
    },
]

DATABASES = {
    "default": {
        **env.db_url("DENCHI_DATABASE_URL", default="postgres://denchi@127.0.0.1:5432/denchi"),
        # Threads of the web process and Celery's processes keep their connection.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
}
# A server that does not answer any more, or a cable that is cut, ends in an error within half a minute; whoever asked
# asks again then.
DATABASES["default"]["OPTIONS"] = {
    **{"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3},
    "tcp_user_timeout": 25_000,
    **DATABASES["default"].get("OPTIONS", {}),
}
# What every post asks is prepared once for each connection (lines.records.prepared), and planned once: its plan does
# not depend on its values. False where a pooler hands one connection's statements to several.
if env.bool("DENCHI_PREPARED_STATEMENTS", default=True):
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        "prepare_threshold": 0,
        "options": "-c plan_cache_mode=force_generic_plan",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DENCHI_REDIS_URL = env.str("DENCHI_REDIS_URL", default="redis://127.0.0.1:6379/0")
# Station tokens in plain text, for the gateway alone: a JSON file {station: token}, mode 0600.
DENCHI_STATION_TOKENS = env.str("DENCHI_STATION_TOKENS", default="")
# What the gateway's spool may take of the disk; values wait in the servers' queues when it is full.
DENCHI_SPOOL_MB = env.int("DENCHI_SPOOL_MB", default=2048)
# Notifications of numbers decoded by our own vectorised decoder; false: all by asyncua's.
DENCHI_FAST_DECODING = env.bool("DENCHI_FAST_DECODING", default=True)
# Where the gateway posts what the OPC UA handshakes bring.
DENCHI_API_URL = env.str("DENCHI_API_URL", default="http://127.0.0.1:8000")

# The proxy's header with the client certificate it verified; empty: tokens bound to a certificate do not count.
DENCHI_CLIENT_CERTIFICATE_HEADER = env.str("DENCHI_CLIENT_CERTIFICATE_HEADER", default="")
# Requests that one token may send to one web process: at once, and each second from then on. A rate of 0: no limit.
DENCHI_STATION_BURST = env.float("DENCHI_STATION_BURST", default=400.0)
DENCHI_STATION_RATE = env.float("DENCHI_STATION_RATE", default=100.0)
DENCHI_PERSON_BURST = env.float("DENCHI_PERSON_BURST", default=60.0)
DENCHI_PERSON_RATE = env.float("DENCHI_PERSON_RATE", default=10.0)

# Every disposition of a nonconforming unit waits for a second person; else only those with a safety defect.
DENCHI_TWO_PEOPLE_DECIDE = env.bool("DENCHI_TWO_PEOPLE_DECIDE", default=False)

# Days that signal values stay in the database before they are sealed into files (0: for ever), and days after which
# they are removed from wherever they are (0: never).
DENCHI_HOT_DAYS = env.int("DENCHI_HOT_DAYS", default=7)
DENCHI_COLD_DAYS = env.int("DENCHI_COLD_DAYS", default=0)

# E-mail of scheduled reports (docs/spc-reports.md); the address is what the links in it begin with.
DENCHI_PUBLIC_URL = env.str("DENCHI_PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
EMAIL_HOST = env.str("DENCHI_EMAIL_HOST", default="127.0.0.1")
EMAIL_PORT = env.int("DENCHI_EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("DENCHI_EMAIL_USER", default="")
EMAIL_HOST_PASSWORD = env.str("DENCHI_EMAIL_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("DENCHI_EMAIL_STARTTLS", default=False)
EMAIL_USE_SSL = env.bool("DENCHI_EMAIL_TLS", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DENCHI_EMAIL_FROM", default="denchi@localhost")

AUTH_USER_MODEL = "lines.Person"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("DENCHI_HTTPS", default=False)
if SESSION_COOKIE_SECURE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # Vega draws into inline-styled elements; its expressions run by the CSP-safe interpreter (ast: true).
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'self'"],
        "object-src": ["'none'"],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LOCALE_PATHS = [BASE_DIR / "mes" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"

STATIC_URL = "static/"
STATIC_ROOT = DENCHI_VAR / "static"
# The Vega bundle and whatever else `build_assets` makes; the folder is missing until then.
STATICFILES_DIRS = [DENCHI_VAR / "assets"]
SILENCED_SYSTEM_CHECKS = ["staticfiles.W004"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    # Sealed telemetry: a folder, or what a JSON object names (docs/telemetry-storage.md).
    "telemetry": env.json(
        "DENCHI_COLD_STORAGE",
        default={
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(DENCHI_VAR / "telemetry"), "file_permissions_mode": 0o640},
        },
    ),
    # Reports as they were made.
    "reports": env.json(
        "DENCHI_REPORT_STORAGE",
        default={
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(DENCHI_VAR / "reports"), "file_permissions_mode": 0o640},
        },
    ),
}
WHITENOISE_USE_FINDERS = False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "lines.people.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["lines.people.auth.IsPersonOrStation"],
    "DEFAULT_THROTTLE_CLASSES": ["lines.people.throttle.Throttle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "mes.api_errors.handle",
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Denchi MES",
    "DESCRIPTION": "What stations post and people ask, in a battery plant.",
    "VERSION": "1",
    # Its schemas are JSON Schema as validators know it.
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PERMISSIONS": ["lines.people.auth.IsPersonOrStation"],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "mes.api_schema.complete"],
    "ENUM_NAME_OVERRIDES": {
        "VerdictEnum": "traceability.interlock.schemas.VERDICTS",
        "PermitVerdictEnum": "traceability.interlock.schemas.PERMIT_VERDICTS",
        "StationKindEnum": "traceability.interlock.schemas.STATION_KINDS",
        "UnitKindEnum": "traceability.units.queries.KINDS",
        "LinkKindEnum": "traceability.genealogy.schemas.FAR_KINDS",
        "UnitStateEnum": "traceability.units.schemas.UNIT_STATES",
        "LotStateEnum": "traceability.units.schemas.LOT_STATES",
        "LotEventKindEnum": "traceability.lots.schemas.LOT_EVENT_KINDS",
        "TokenStateEnum": "lines.tokens.schemas.TOKEN_STATES",
        "GapStateEnum": "lines.ledger.schemas.GAP_STATES",
        "GapCauseEnum": "lines.ledger.schemas.GAP_CAUSES",
        "GapRecoveryEnum": "lines.ledger.schemas.RECOVERIES",
        "HoldScopeEnum": "traceability.holds.schemas.HOLD_SCOPES",
        "AskedHoldScopeEnum": "traceability.holds.schemas.ASKED_SCOPES",
        "ResultDispositionEnum": "traceability.interlock.schemas.DISPOSITIONS",
        "DispositionEnum": "traceability.holds.schemas.DISPOSITION_KINDS",
        "ReportStateEnum": "quality.reports.schemas.REPORT_STATES",
        "ReportFormatEnum": "quality.reports.schemas.REPORT_FORMATS",
        "SuspectKindEnum": "traceability.recall.asked.KINDS",
        "CauseKindEnum": "traceability.causes.schemas.KINDS",
        "AuditQueryKindEnum": "traceability.audits.schemas.QUERY_KINDS",
        "ProofKindEnum": "traceability.audits.schemas.PROOF_KINDS",
        "CorrectionKindEnum": "traceability.corrections.schemas.CORRECTION_KINDS",
    },
}

CELERY_BROKER_URL = DENCHI_REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
# Measured: default acks lose 10 of 1000 tasks on a worker kill, these none (docs/decisions.md).
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "visibility_timeout": 60,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ROUTES = {
    # It takes minutes; live values must not wait behind it.
    "lines.telemetry.tasks.seal": {"queue": "records"},
    "lines.telemetry.tasks.*": {"queue": "telemetry"},
    # A worker of its own: neither records nor live values wait behind a report.
    "quality.reports.tasks.*": {"queue": "reports"},
    "traceability.audits.tasks.*": {"queue": "reports"},
    "traceability.causes.tasks.*": {"queue": "reports"},
}
CELERY_TASK_DEFAULT_QUEUE = "records"
CELERY_BEAT_SCHEDULE_FILENAME = str(DENCHI_VAR / "beat")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
    },
    "filters": {"refusals": {"()": "mes.logs.RefusalsInOneLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("DENCHI_LOG_LEVEL", default="INFO")},
    "loggers": {
        "asyncua": {"level": "WARNING"},
        "opcua": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "django.request": {"filters": ["refusals"]},
    },
}
