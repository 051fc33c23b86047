#!/usr/bin/env bash
# Become an Airflow command with the settings of infra/airflow/environment: infra/airflow/run.sh scheduler
set -euo pipefail
: "${GUIHU_ROOT:?}" "${GUIHU_HOME:?}" "${GUIHU_ENV:?}" "${GUIHU_PORT:?}"
umask 077
unset PYTHONDONTWRITEBYTECODE PYTHONHOME
set -a
source "$GUIHU_ROOT/infra/airflow/environment"
set +a
cd "$AIRFLOW_HOME"
exec "$GUIHU_ENV/airflow/bin/airflow" "$@"
