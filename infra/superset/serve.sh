#!/usr/bin/env bash
# Serves the dashboards on loopback, port GUIHU_PORT + 1. Run `python -m dashboards.load` (Superset's python) once before.
# Environment: GUIHU_HOME, GUIHU_ENV, GUIHU_PORT (all optional, see spark_jobs/settings.py). Stops cleanly on SIGTERM.
set -euo pipefail
checkout="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
environments="${GUIHU_ENV:-$checkout/.guihu/env}"
port=$(( ${GUIHU_PORT:-18080} + 1 ))
export PYTHONPATH="$checkout" SUPERSET_CONFIG_PATH="$checkout/infra/superset/superset_config.py" SCARF_ANALYTICS=false
unset PYTHONDONTWRITEBYTECODE
exec "$environments/superset/bin/gunicorn" --config "$checkout/infra/superset/gunicorn.conf.py" --bind "127.0.0.1:$port" "superset.app:create_app()"
