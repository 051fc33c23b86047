#!/usr/bin/env bash
# Airflow's tables made, or brought to the version of its lock; nothing when that was done before.
set -euo pipefail
done_with=$GUIHU_HOME/airflow/migrated.lock
lock=$GUIHU_ROOT/infra/environments/airflow.txt
cmp --silent "$lock" "$done_with" && exit 0
"$GUIHU_ROOT/infra/airflow/run.sh" db migrate
cp "$lock" "$done_with"
