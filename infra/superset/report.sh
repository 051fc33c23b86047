#!/usr/bin/env bash
# Mails a page or an alert of dashboards/_reports.yaml: infra/superset/report.sh state_of_the_economy (--help says more). Superset has to be up.
# Environment: GUIHU_HOME, GUIHU_ENV, GUIHU_PORT (all optional, see spark_jobs/settings.py).
set -euo pipefail
checkout="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
export PYTHONPATH="$checkout" SUPERSET_CONFIG_PATH="$checkout/infra/superset/superset_config.py" SCARF_ANALYTICS=false
exec "${GUIHU_ENV:-$checkout/.guihu/env}/superset/bin/python" -m dashboards.report "$@"
