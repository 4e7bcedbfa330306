"""Every setting, read from the environment; a wrong value stops the start with its name and what is expected."""

import base64
import contextlib
import logging.config
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import structlog
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.retry import Retry

from project.runner.valkey import socket_path

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def setting(name: str, default: str, expected: str, convert: Any = str, valid: Any = lambda value: True) -> Any:
    """The environment's value of `name`, converted; ImproperlyConfigured names it and what is expected.

    An empty one is the same as none, so that files of variables may leave one out by its name alone.
    """
    raw = env.str(name, default="") or default
    try:
        value = convert(raw)
    except ValueError:
        value = None
    if value is None or not valid(value):
        raise ImproperlyConfigured(f"{name}={raw!r} is not usable: expected {expected}.")
    return value


def boolean(text: str) -> bool:
    if text.lower() in {"1", "true", "on", "yes"}:
        return True
    if text.lower() in {"0", "false", "off", "no", ""}:
        return False
    raise ValueError(text)


def words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


# The process ---------------------------------------------------------------------------------------------------------
HOST = setting("HOST", "127.0.0.1", "an address to listen on, such as 127.0.0.1", valid=bool)
HOST_IN_URL = "localhost" if HOST in {"0.0.0.0", "::"} else f"[{HOST}]" if ":" in HOST else HOST  # noqa: S104
PORT = setting("PORT", "8000", "a port from 0 to 65535", int, lambda port: 0 <= port <= 65535)
ASGI_SERVER = setting("ASGI_SERVER", "daphne", "daphne or uvicorn", valid=lambda name: name in {"daphne", "uvicorn"})
DEBUG = setting("DEBUG", "off", "on or off", boolean)
DATA_DIR = Path(setting("DATA_DIR", str(BASE_DIR / "var"), "a folder", valid=bool)).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)
REDIS_URL = setting(
    "REDIS_URL",
    "",
    "redis://, rediss:// or unix:// addresses, several separated by commas",
    valid=lambda text: all(urlsplit(url).scheme in {"redis", "rediss", "unix"} for url in words(text)),
)
# `manage.py up` starts a Redis of its own where none is named, and hands its address to the processes it starts.
EMBEDDED = setting("TICKFOLIO_EMBEDDED", "on" if not REDIS_URL else "off", "on or off", boolean)
PUBLIC_URL = setting(
    "PUBLIC_URL",
    f"http://{HOST_IN_URL}:{PORT}",
    "an address such as https://coins.example.org",
    lambda text: text.rstrip("/"),
    lambda url: urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname),
)
OVER_TLS = PUBLIC_URL.startswith("https://")


def kept_secret(name: str, size: int) -> str:
    """`size` random bytes in base64url, made on the first start and kept in DATA_DIR for its owner alone."""
    kept = DATA_DIR / name
    if not kept.exists():
        draft = DATA_DIR / f"{name}.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(size))
        with contextlib.suppress(FileExistsError):  # the first of several processes wins
            kept.hardlink_to(draft)
        draft.unlink()
    return kept.read_text()


def secret_key() -> str:
    """SECRET_KEY, or the one that was made on the first start and is kept in DATA_DIR; required where Redis is."""
    given: str = env.str("SECRET_KEY", default="")
    if given:
        if len(given) < 50 or len(set(given)) < 5 or given.startswith("django-insecure-"):
            raise ImproperlyConfigured("SECRET_KEY is not usable: expected at least 50 random characters.")
        return given
    if not (DEBUG or EMBEDDED):
        raise ImproperlyConfigured("SECRET_KEY is missing: expected at least 50 random characters.")
    return kept_secret("secret_key", 64)


SECRET_KEY = secret_key()
ALLOWED_HOSTS = [
    *words(setting("ALLOWED_HOSTS", "", "host names separated by commas")),
    urlsplit(PUBLIC_URL).hostname or "",
    "localhost",
    "127.0.0.1",
    "[::1]",
    HOST_IN_URL,
]
CSRF_TRUSTED_ORIGINS = [
    *setting(
        "CSRF_TRUSTED_ORIGINS",
        "",
        "addresses with scheme, separated by commas",
        words,
        lambda origins: all("://" in origin for origin in origins),
    ),
    PUBLIC_URL,
]

# Django --------------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "allauth",
    "allauth.account",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "ninja",
    "phonenumber_field",
    "accounts",
    "dashboard",
    "notifications",
    "project",
]
MIDDLEWARE = [
    "project.middleware.MeasuringMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "project.files.CompressedFiles",
    "project.middleware.CompressingMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "project.middleware.LoginRequiredMiddleware",
    "project.middleware.PersonalMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.i18n",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "project.context.site",
            ],
            "builtins": ["django.templatetags.i18n", "accounts.templatetags.wording"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
# English is what everything is written in; any other language is offered as soon as its words lie compiled there.
LANGUAGES = [
    (LANGUAGE_CODE, "English"),
    *(
        (path.parts[-3].replace("_", "-").lower(), path.parts[-3])
        for path in sorted(LOCALE_PATHS[0].glob("*/LC_MESSAGES/django.mo"))
    ),
]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Files are served from where they lie, compressed (project.files); nothing is collected.
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# The largest request body, in bytes: more is refused before it is read (project.asgi).
MAX_BODY_BYTES = 32 * 1024 * 1024

# Storage -------------------------------------------------------------------------------------------------------------
DATABASE_URL = setting(
    "DATABASE_URL",
    f"sqlite:///{DATA_DIR / 'tickfolio.sqlite3'}",
    "sqlite:///PATH or postgres://USER:PASSWORD@HOST:PORT/NAME",
    valid=lambda url: urlsplit(url).scheme in {"sqlite", "postgres", "postgresql"},
)
DATABASES: dict[str, dict[str, Any]] = {"default": environ.Env.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # The log is emptied beside the ticks (project.tasks.checkpoint); 10,000 pages, 40 MB, are for when no worker is
        # there to do that.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        " PRAGMA wal_autocheckpoint=10000;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Ticks ask short questions of large tables; compiling these would take longer than answering them.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")

# Redis: the channel layer that carries ticks, the broker that rings the workers, the cache ---------------------------
REDIS_URLS = words(REDIS_URL) or [f"unix://{socket_path(DATA_DIR)}"]
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        # A blocking reader must wait for ever: redis-py's own time-out of 5 s would drop every idle page.
        "CONFIG": {"hosts": [{"address": url, "socket_timeout": None} for url in REDIS_URLS]},
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URLS[0],
        "KEY_PREFIX": "tickfolio",
        # A Redis that is silent is given up soon: redis-py's own patience, three repetitions, is half a minute.
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2, "retry": Retry(NoBackoff(), 1)},
    }
}
CELERY_BROKER_URL = REDIS_URLS[0].replace("unix://", "redis+socket://", 1)
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "deliveries"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True

# The market ----------------------------------------------------------------------------------------------------------
COINGECKO_PLAN = setting(
    "COINGECKO_PLAN", "keyless", "keyless, demo or pro", valid=lambda plan: plan in {"keyless", "demo", "pro"}
)
COINGECKO_URL = setting(
    "COINGECKO_URL",
    "https://pro-api.coingecko.com/api/v3" if COINGECKO_PLAN == "pro" else "https://api.coingecko.com/api/v3",
    "an http:// or https:// address",
    lambda text: text.rstrip("/"),
    lambda url: urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname),
)
COINGECKO_API_KEY = setting("COINGECKO_API_KEY", "", "the key that CoinGecko gave you")
if COINGECKO_PLAN != "keyless" and not COINGECKO_API_KEY:
    raise ImproperlyConfigured(f"COINGECKO_API_KEY is missing: COINGECKO_PLAN={COINGECKO_PLAN} needs one.")
PRICE_REFRESH_SECONDS: float | None = setting(
    "PRICE_REFRESH_SECONDS",
    "",
    "seconds between polls, at least 1, or nothing for an interval that adapts",
    lambda text: float(text) if text else 0.0,
    lambda seconds: seconds == 0 or 1 <= seconds <= 86400,
)
PRICE_REFRESH_SECONDS = PRICE_REFRESH_SECONDS or None
EXCHANGES = ("coinbase", "kraken", "binance")


def addresses(text: str) -> dict[str, str]:
    """The address of each named exchange's feed, as in `coinbase,kraken=ws://localhost:9000`; "" is its own."""
    if text.lower() == "none":
        return {}
    return {name.lower(): url for name, _, url in (word.partition("=") for word in words(text))}


# Exchanges whose public feeds prices are taken from, beside CoinGecko's. One that can't be reached is tried ever more
# seldom.
PRICE_STREAMS: dict[str, str] = setting(
    "PRICE_STREAMS",
    ",".join(EXCHANGES),
    f"names among {', '.join(EXCHANGES)}, separated by commas, each perhaps with =ws://… or =wss://…, or none",
    addresses,
    lambda streams: all(
        name in EXCHANGES and (not url or (urlsplit(url).scheme in {"ws", "wss"} and bool(urlsplit(url).hostname)))
        for name, url in streams.items()
    ),
)

# Messages to people --------------------------------------------------------------------------------------------------
EMAIL_URL = setting(
    "EMAIL_URL",
    "console://",
    "smtp://USER:PASSWORD@HOST:PORT, smtps:// or console://",
    valid=lambda url: (
        urlsplit(url).scheme == "console"
        or (urlsplit(url).scheme in {"smtp", "smtps", "smtp+tls"} and bool(urlsplit(url).hostname))
    ),
)
EMAIL_ON_CONSOLE = EMAIL_URL.startswith("console")
if EMAIL_ON_CONSOLE:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
else:
    _mail = environ.Env.email_url_config(EMAIL_URL.replace("smtps://", "smtp+ssl://", 1))
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"] or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"] or "", _mail["EMAIL_HOST_PASSWORD"] or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
    EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = setting(
    "DEFAULT_FROM_EMAIL",
    "Tickfolio <tickfolio@localhost>",
    "a sender such as Tickfolio <coins@example.org>",
    valid=bool,
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
TWILIO_ACCOUNT_SID = setting("TWILIO_ACCOUNT_SID", "", "the account SID that Twilio gave you")
TWILIO_AUTH_TOKEN = setting("TWILIO_AUTH_TOKEN", "", "the token that Twilio gave you")
TWILIO_WHATSAPP_FROM = setting(
    "TWILIO_WHATSAPP_FROM",
    "",
    "the sending number with its country code, such as +14155238886",
    lambda text: text.removeprefix("whatsapp:"),
    lambda number: not number or (number.startswith("+") and number[1:].isdigit()),
)
TWILIO_CONTENT_SID = setting("TWILIO_CONTENT_SID", "", "the SID of the approved template for alerts")
TWILIO_VERIFY_CONTENT_SID = setting("TWILIO_VERIFY_CONTENT_SID", "", "the SID of the approved template for codes")
TWILIO_API_URL = setting(
    "TWILIO_API_URL",
    "https://api.twilio.com",
    "an http:// or https:// address",
    lambda text: text.rstrip("/"),
    lambda url: urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname),
)
WHATSAPP_DAILY_LIMIT, EMAIL_DAILY_LIMIT = (
    setting("WHATSAPP_DAILY_LIMIT", "50", "messages to one person in one day, at least 1", int, lambda n: n >= 1),
    setting("EMAIL_DAILY_LIMIT", "200", "messages to one person in one day, at least 1", int, lambda n: n >= 1),
)
DELIVERY_WORKERS = setting(
    "DELIVERY_WORKERS", "4", "processes that send messages, from 1 to 64", int, lambda n: 1 <= n <= 64
)
WHATSAPP_ENABLED = bool(TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN and TWILIO_WHATSAPP_FROM)
PHONENUMBER_DB_FORMAT = "E164"


def is_vapid_key(text: str) -> bool:
    """A private key of the curve P-256 as it stands in base64url: a number below the curve's order."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    raw = base64.urlsafe_b64decode(text.rstrip("=") + "=") if len(text.rstrip("=")) == 43 else b""
    return len(raw) == 32 and 0 < int.from_bytes(raw) < order


# What push messages are signed with. Browsers hold to it: with another key they have to be asked anew.
VAPID_PRIVATE_KEY = setting(
    "VAPID_PRIVATE_KEY", "", "32 random bytes in base64url", valid=lambda text: not text or is_vapid_key(text)
) or (kept_secret("vapid_private_key", 32) if EMBEDDED else "")
PUSH_HOSTS = setting(
    "PUSH_HOSTS",
    "",
    "addresses of push services such as https://push.example.org, separated by commas",
    words,
    lambda origins: all(
        urlsplit(origin).scheme in {"http", "https"} and urlsplit(origin).hostname and not urlsplit(origin).path
        for origin in origins
    ),
)

# Accounts and sign-in ------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in [
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    ]
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "project.adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "accounts.forms.LoginForm", "signup": "accounts.forms.SignupForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
# Signing up never waits for a mail; an address is written to only once its owner has confirmed it.
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_USERNAME_MIN_LENGTH = 2
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if OVER_TLS else "http"

# Safety --------------------------------------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = OVER_TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = OVER_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^healthz/$", r"^readyz/$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if OVER_TLS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if OVER_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = OVER_TLS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Figures for who runs the site: /metrics is for staff, and for a monitoring system that bears this token --------------
METRICS_TOKEN = setting(
    "METRICS_TOKEN",
    "",
    "at least 20 letters, digits and signs without a blank",
    valid=lambda token: not token or (len(token) >= 20 and token.isascii() and not set(token) & set(" \t")),
)

# Logs ----------------------------------------------------------------------------------------------------------------
LOGGING_CONFIG = None
_shared: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _shared,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "logger", "event"]),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"level": "INFO"},
        "celery": {"level": "WARNING"},  # a task a second would be two lines a second
        "httpx": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "uvicorn": {"level": "WARNING"},
        "twilio": {"level": "WARNING"},
    },
}
logging.config.dictConfig(LOGGING)
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
