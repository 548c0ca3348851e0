"""Every setting, read once from the environment; the README's table lists what can be set.

Nothing needs setting on a laptop: the database is an embedded SQLite file, the cache lives in the process, and the
secrets are made at the first start and kept in `.env`. A `DATABASE_URL` ends that: then the secrets must be given.
"""

import os
import re
from pathlib import Path
from typing import Any, ClassVar

import environ
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from asteri import dotenv

BASE_DIR = Path(__file__).resolve().parent.parent
ENV_FILE = Path(os.environ.get("ENV_FILE") or BASE_DIR / ".env")
SECONDS_FORM = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?")


class Environment(environ.Env):
    """The process's environment, blanks apart, and below it the lines of `.env`, which no child process gets to see."""

    ENVIRON: ClassVar[dict[str, str]] = {
        **dotenv.read(ENV_FILE),
        **{name: value for name, value in os.environ.items() if value.strip()},
    }

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        """Answer the whole number called `name`, `least` at the least."""
        text = self.str(name, default=str(default))
        if not (text.isascii() and text.isdigit() and int(text) >= least):
            raise ImproperlyConfigured(f"{name} must be a whole number of {least} or more, not {text!r}.")
        return int(text)

    def seconds(self, name: str, default: float) -> float:
        """Answer the time called `name`, in seconds and parts of them."""
        text = self.str(name, default=str(default))
        if not SECONDS_FORM.fullmatch(text):
            raise ImproperlyConfigured(f"{name} must be a number of seconds such as 2 or 0.25, not {text!r}.")
        return float(text)

    def choice(self, name: str, default: str, *choices: str) -> str:
        """Answer which of the choices is called `name`."""
        text: str = self.str(name, default=default)
        if text not in choices:
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {text!r}.")
        return text

    def numbered(self, name: str) -> dict[int, str]:
        """Answer what stands in `name` as `1=first,2=second`, by number."""
        pairs = [pair.partition("=") for pair in self.str(name, default="").split(",") if pair.strip()]
        try:
            return {int(number): value.strip() for number, _, value in pairs}
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} must read 1=secret or 1=old,2=new: numbers, each with its secret."
            ) from None

    def contacts(self, name: str) -> list[str]:
        """Answer the addresses that stand in `name`, with commas between (RFC 9116, section 2.5.3)."""
        given = [contact.strip() for contact in self.str(name, default="").split(",") if contact.strip()]
        if not all(contact.startswith(("mailto:", "https://", "tel:")) for contact in given):
            raise ImproperlyConfigured(f"{name} must hold addresses that begin with mailto:, https:// or tel:.")
        return given


env = Environment()
EMBEDDED = "DATABASE_URL" not in env
if EMBEDDED:
    env.ENVIRON.update(dotenv.make_secrets(ENV_FILE, known=env.ENVIRON))

# What must stay secret. Peppers are apart from SECRET_KEY, so that rotating the one ends no API key.
SECRET_KEY = env.str("SECRET_KEY", default="")
API_KEY_PEPPERS = env.numbered("API_KEY_PEPPERS")
MAX_KEY_LIFETIME_DAYS = env.number("MAX_KEY_LIFETIME_DAYS", 0)  # 0 is no maximum

# Who may ask, and whom to believe about a caller's address and scheme.
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0)
FAILED_AUTH_PER_MINUTE = env.number("FAILED_AUTH_PER_MINUTE", 30, least=1)
SIGN_IN_FAILURES_PER_ADDRESS = env.number("SIGN_IN_FAILURES_PER_ADDRESS", 10, least=1)  # a minute
SIGN_IN_FAILURES_PER_NAME = env.number("SIGN_IN_FAILURES_PER_NAME", 5, least=1)  # a minute
STAFF_SECOND_FACTOR = env.choice("STAFF_SECOND_FACTOR", "optional", "optional", "required")
HTTPS = env.bool("HTTPS", default=False)
SECURITY_CONTACT = env.contacts("SECURITY_CONTACT")
AUDIT_DAYS = env.number("AUDIT_DAYS", 730, least=30)  # how long the audit trail is kept
ROW_SECURITY = env.bool("ROW_SECURITY", default=False)  # whether the database itself keeps organizations apart

# How it is served (asteri/gunicorn.py).
PORT = env.number("PORT", 3000, least=1)
WEB_CONCURRENCY = env.number("WEB_CONCURRENCY", 1, least=1)

# How usage is kept (apikeys/usage/counting.py).
USAGE_FLUSH_SECONDS = min(30, env.number("USAGE_FLUSH_SECONDS", 10, least=1))
USAGE_DAYS = env.number("USAGE_DAYS", 400, least=31)

# How long it waits for its database. On PostgreSQL the limits on statements hold while serving alone (asteri/wsgi.py):
# a migration, an import and `prune` may take their time.
CONNECTION_AGE = env.seconds("DATABASE_CONNECTION_AGE", 60)
CONNECT_TIMEOUT = env.number("DATABASE_CONNECT_TIMEOUT", 3, least=2)  # libpq takes whole seconds, two at least
LOCK_TIMEOUT = env.seconds("DATABASE_LOCK_TIMEOUT", 5)
# What the driver calls its threshold: a number lets asteri/statements.py have its statements prepared, None nobody.
PREPARE_THRESHOLD = 5 if env.bool("DATABASE_PREPARE", default=True) else None
SERVING_LIMITS = {
    "statement_timeout": env.seconds("DATABASE_STATEMENT_TIMEOUT", 10),
    "lock_timeout": LOCK_TIMEOUT,
    "idle_in_transaction_session_timeout": env.seconds("DATABASE_IDLE_TRANSACTION_TIMEOUT", 10),
}
# What is prepared names an organization, and is planned once whatever its size: planning costs as much as carrying out.
SERVING_OPTIONS: dict[str, dict[str, Any]] = {
    "django.db.backends.postgresql": {
        "options": " ".join(
            (
                *(f"-c {name}={limit * 1_000:.0f}" for name, limit in SERVING_LIMITS.items()),
                "-c plan_cache_mode=force_generic_plan",
            )
        )
    }
}

ENGINE_OPTIONS: dict[str, dict[str, Any]] = {
    # WAL lets reads go on beside a write; IMMEDIATE takes the write lock at BEGIN, so that no transaction that has
    # read finds itself unable to write; FULL keeps an acknowledged write through a power cut.
    "django.db.backends.sqlite3": {
        "transaction_mode": "IMMEDIATE",
        "timeout": LOCK_TIMEOUT,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    },
    # A server that vanished without a word is given up once it has acknowledged nothing for so many milliseconds.
    "django.db.backends.postgresql": {
        "connect_timeout": CONNECT_TIMEOUT,
        "tcp_user_timeout": 10_000,
        "prepare_threshold": PREPARE_THRESHOLD,
    },
}


def database(config: dict[str, Any]) -> dict[str, Any]:
    """Complete a parsed DATABASE_URL: options of its engine, connections that are kept and checked before reuse."""
    options = {**ENGINE_OPTIONS.get(config["ENGINE"], {}), **config.get("OPTIONS", {})}
    return {**config, "OPTIONS": options, "CONN_MAX_AGE": CONNECTION_AGE, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": database(env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'asteri.sqlite3'}"))}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in production: threads can't share SQLite's in-memory database under WAL's rules.
    DATABASES["default"]["TEST"] = {"NAME": env.str("TEST_DATABASE", default=str(BASE_DIR / "test.sqlite3"))}
# A cursor on the server outlives the message that it's declared in, and could not say for whom it reads.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = ROW_SECURITY
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHE_TIMEOUT = env.seconds("CACHE_TIMEOUT", 0.075)
CACHES_BY_BACKEND: dict[str, dict[str, Any]] = {
    # Counters must not be dropped: LocMem culls a third of its entries when it is full (300 unless told).
    "django.core.cache.backends.locmem.LocMemCache": {"OPTIONS": {"MAX_ENTRIES": 1_000_000}},
    # A frozen Redis must not freeze the API. A connection that broke while idle is made anew; silence is no second try.
    "django.core.cache.backends.redis.RedisCache": {
        "BACKEND": "apikeys.counters.CountingRedisCache",
        "OPTIONS": {
            "socket_timeout": CACHE_TIMEOUT,
            "socket_connect_timeout": CACHE_TIMEOUT,
            "retry": Retry(NoBackoff(), 1, (RedisConnectionError,)),
        },
    },
}


def cache(config: dict[str, Any]) -> dict[str, Any]:
    """Complete a parsed CACHE_URL with what its backend needs."""
    ours = CACHES_BY_BACKEND.get(config["BACKEND"], {})
    options = {**ours.get("OPTIONS", {}), **config.get("OPTIONS", {})}
    return {**config, **ours, "OPTIONS": options, "KEY_PREFIX": "asteri"}


CACHES = {
    "default": cache(env.cache_url("CACHE_URL", default="locmemcache://")),
    "fallback": cache(env.cache_url_config("locmemcache://fallback")),  # counts while the shared cache is out
}

INSTALLED_APPS = [
    "organizations",
    "apikeys",
    "apikeys.usage",
    "customers",
    "asteri",
    "asteri.audit",
    "asteri.developers",
    "asteri.staff",  # before Django's admin, whose templates it replaces
    "asteri.staff.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_filters",
    "rest_framework",
]
MIDDLEWARE = [
    "asteri.api.middleware.ApiMiddleware",
    "asteri.csp.ContentSecurityPolicy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "asteri.staff.sessions.SlidingSessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "asteri.audit.middleware.ActorMiddleware",
    "asteri.row_security.StaffMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "asteri.api.middleware.Innermost",
]
ROOT_URLCONF = "asteri.urls"
WSGI_APPLICATION = "asteri.wsgi.application"
APPEND_SLASH = True  # for the admin alone; nothing under /api/ passes the middleware that does it

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apikeys.authentication.KeyAuthentication"],
    "DEFAULT_THROTTLE_CLASSES": ["apikeys.throttling.KeyThrottle"],
    "DEFAULT_PERMISSION_CLASSES": ["organizations.context.OrganizationContext", "apikeys.permissions.HasScope"],
    "DEFAULT_FILTER_BACKENDS": ["asteri.api.query.StrictFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "asteri.api.pagination.KeysetPagination",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "asteri.api.parsers.JsonOnly",
    "DEFAULT_PARSER_CLASSES": ["asteri.api.parsers.StrictJsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["asteri.api.renderers.JsonRenderer"],
    "EXCEPTION_HANDLER": "asteri.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # files are served from where the packages keep them; nothing is collected or copied

# Behind HTTPS the admin's cookies never travel in the clear. The API has no cookies and no redirects.
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None

# A session ends after an hour without a request; its cookie goes to the admin alone, and no cookie holds a message.
SESSION_COOKIE_AGE = 3_600
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin/"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
OTP_TOTP_ISSUER = "Asteri"  # what an authenticator app calls the code that it shows

# What operators see. A laptop's log is read by a person; a machine with a DATABASE_URL has one that gathers logs.
LOG_FORMAT = env.choice("LOG_FORMAT", "text" if EMBEDDED else "json", "text", "json")
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
DEFAULT_EXCEPTION_REPORTER = "asteri.reports.KeylessReporter"  # of Django's debug pages, and of errors that it mails
EXCHANGE_OBSERVERS = [
    f"asteri.logs.write_{LOG_FORMAT}",
    "apikeys.usage.counting.count",
    *(["asteri.meters.count"] if METRICS_TOKEN else []),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"text": {"()": "asteri.logs.TextFormatter"}, "json": {"()": "asteri.logs.JsonFormatter"}},
    "filters": {"route": {"()": "asteri.logs.RouteForPath"}, "gunicorn": {"()": "asteri.logs.WithoutRequest"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # A refusal is no incident: of the answers, Django's own log keeps those of 500 and above.
    "loggers": {
        "django": {"handlers": []},
        "django.request": {"level": "ERROR", "filters": ["route"]},
        "gunicorn.error": {"level": LOG_LEVEL, "filters": ["gunicorn"]},
    },
}
