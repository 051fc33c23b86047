"""Superset's settings. Loaded by SUPERSET_CONFIG_PATH; the checkout is on PYTHONPATH; folders and ports come from the GUIHU_* environment."""

import os

from superset.config import TALISMAN_CONFIG as SHIPPED_TALISMAN_CONFIG
from werkzeug.middleware.shared_data import SharedDataMiddleware

from infra.superset import guard, look, mail, narrow, titles
from infra.superset.access_log import AccessLog
from infra.superset.permissions import SecurityManager
from infra.superset.serving import open_serving_file
from spark_jobs.settings import HOST, from_environment

settings = from_environment()
superset_home = settings.home / "superset"
(superset_home / "cache").mkdir(parents=True, exist_ok=True)
superset_home.chmod(0o700)  # users and cached answers: for nobody else on this machine

# Where Superset keeps its own things (users, dashboards): PostgreSQL in use by setting GUIHU_SUPERSET_DATABASE, SQLite in the demo.
SECRET_KEY = settings.secret("superset_secret_key")
SQLALCHEMY_DATABASE_URI = os.environ.get("GUIHU_SUPERSET_DATABASE", f"sqlite:///{superset_home / 'superset.db'}")
DATA_DIR = str(superset_home)

# Data: one file a role, chosen per request; the cache is split the same way.
DB_CONNECTION_MUTATOR = open_serving_file
PREVENT_UNSAFE_DB_CONNECTIONS = True
_SCOPED_CACHE = {
    "CACHE_TYPE": "infra.superset.cache.ScopedFileSystemCache",
    "CACHE_DIR": str(superset_home / "cache"),
    "CACHE_DEFAULT_TIMEOUT": 24 * 3600,
    "CACHE_THRESHOLD": 20_000,
}
CACHE_CONFIG = _SCOPED_CACHE
DATA_CACHE_CONFIG = _SCOPED_CACHE
ROW_LIMIT = 50_000
SQL_MAX_ROW = 50_000
SUPERSET_WEBSERVER_TIMEOUT = guard.SECONDS + 10
SQLLAB_TIMEOUT = guard.SECONDS + 5
RESULTS_BACKEND = None

FEATURE_FLAGS = {
    "CACHE_QUERY_BY_USER": False,
    "DASHBOARD_RBAC": True,
    "EMBEDDABLE_CHARTS": False,
    "DYNAMIC_PLUGINS": False,
    "ALERT_REPORTS": False,
    "THUMBNAILS": False,
    "DASHBOARD_VIRTUALIZATION": False,  # a page that is printed holds what was not scrolled to
    "ENABLE_TEMPLATE_PROCESSING": False,
}
LOGO_TARGET_PATH = look.HOME_PAGE
FAB_INDEX_REDIRECT = look.HOME_PAGE

# The catalogue of the release that is served, as everyone may read it; the link is followed at each request.
ADDITIONAL_MIDDLEWARE = [lambda app: SharedDataMiddleware(app, {"/catalogue": str(settings.releases / "catalogue")}, cache=False)]

# Mailed pages and alerts: `python -m dashboards.report` sends them and reads <home>/mail.yaml; Superset's own defaults (a password among them) are no settings
SMTP_HOST = SMTP_USER = SMTP_PASSWORD = SMTP_MAIL_FROM = ""
EMAIL_HEADER_MUTATOR = mail.with_plain_attachment
EMAIL_REPORTS_SUBJECT_PREFIX = "[桂湖 Guihu]"
EMAIL_REPORTS_CTA = "打开页面 Open the page"
WEBDRIVER_BASEURL = f"http://{HOST}:{settings.superset_port}/"
WEBDRIVER_BASEURL_USER_FRIENDLY = os.environ.get("GUIHU_SUPERSET_ADDRESS", WEBDRIVER_BASEURL)

# People
CUSTOM_SECURITY_MANAGER = SecurityManager
EVENT_LOGGER = AccessLog()
AUTH_USER_REGISTRATION = False
FAB_ADD_SECURITY_API = False
ENABLE_CORS = False
SESSION_COOKIE_NAME = f"guihu_{settings.port}"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = "memory://"
RATELIMIT_APPLICATION = "500 per second"  # of one address, behind which a whole office may sit; Superset's 50 are less than eight readers ask
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = "30 per minute"

# Language and look
BABEL_DEFAULT_LOCALE = "zh"
LANGUAGES = {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "us", "name": "English"}}
APP_NAME = look.APP_NAME
FAVICONS = [{"href": look.LOGO}]
THEME_DEFAULT = look.THEME
THEME_DARK = None
ENABLE_UI_THEME_ADMINISTRATION = False
EXTRA_CATEGORICAL_COLOR_SCHEMES = look.CATEGORICAL
EXTRA_SEQUENTIAL_COLOR_SCHEMES = look.SEQUENTIAL
HTML_SANITIZATION = True
HTML_SANITIZATION_SCHEMA_EXTENSIONS = look.ALLOWED_MARKUP
CSV_EXPORT = {"encoding": "utf-8-sig"}
DASHBOARD_AUTO_REFRESH_INTERVALS = [[0, "不刷新"], [300, "5 分钟"], [3600, "1 小时"]]

# Nothing is fetched from outside: the policy names no other host. Handlebars compiles its templates, hence 'unsafe-eval'.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = SHIPPED_TALISMAN_CONFIG | {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'", "'unsafe-eval'"],
        "frame-ancestors": ["'self'"],
    }
}


def FLASK_APP_MUTATOR(app) -> None:
    """Closes one door, dates the titles, folds pages for phones, puts the dashboards into the menu, corrects the Chinese."""
    from flask import abort, request
    from superset.extensions import appbuilder
    from superset.translations import utils as translations

    @app.before_request
    def refuse_cached_answers_by_address():
        """GET explore_json answers from a cache whose key knows no user."""
        if request.path.startswith("/superset/explore_json") and request.method in ("GET", "HEAD"):
            abort(405)

    app.after_request(titles.with_data_dates)
    narrow.install(app)
    for name, address, entry in look.pages():
        appbuilder.add_link(name, href=address, label=name, category=entry)
    pack = translations.get_language_pack("zh")
    pack["locale_data"]["superset"].update({english: [chinese] for english, chinese in look.chinese_corrections().items()})
