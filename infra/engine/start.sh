#!/usr/bin/env bash
# Become the resident engine: one Spark application that serves Connect (jobs) and Thrift (dbt).
# Usage: GUIHU_HOME=… GUIHU_ENV=… GUIHU_PORT=… infra/engine/start.sh     (the supervisor runs it)
set -euo pipefail
umask 077

: "${GUIHU_HOME:?}" "${GUIHU_ENV:?}" "${GUIHU_PORT:?}"
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
spark=$(echo "$GUIHU_ENV"/lake/lib/python3.*/site-packages/pyspark)
work=$GUIHU_HOME/spark
mkdir -p "$work/warehouse" "$GUIHU_HOME/run"

# One engine a home: two writers on local disk lose commits. The lock lives as long as the process, whose number stands in it.
exec 9>>"$GUIHU_HOME/run/engine.lock"
if ! flock --timeout 5 9; then # a killed engine takes a moment to be gone
  echo "Another engine is already running on $GUIHU_HOME, process $(<"$GUIHU_HOME/run/engine.lock"): stop it first (make down). 已有引擎在运行。" >&2
  exit 3
fi
echo $$ >"$GUIHU_HOME/run/engine.lock"

rm -rf "$work/local" "$work/artifacts" # what a killed engine left
mkdir -p "$work/local" "$work/artifacts"

properties=$GUIHU_HOME/run/engine.properties
{
  cat "$checkout/infra/engine/spark.properties"
  echo "spark.connect.grpc.binding.port           $((GUIHU_PORT + 2))"
  echo "spark.hadoop.hive.server2.thrift.port     $((GUIHU_PORT + 3))"
  echo "spark.connect.authenticate.token          $(<"$GUIHU_HOME/secrets/connect_token")"
  echo "spark.local.dir                           $work/local"
  echo "spark.sql.warehouse.dir                   $work/warehouse"
} >"$properties"

JAVA_HOME=$(<"$GUIHU_ENV/java_home")
jars=$(printf '%s:' "$GUIHU_ENV"/jars/*.jar)$GUIHU_ENV/engine/guihu-engine.jar

# Class data sharing: the first engine writes an archive of its classes when it ends (10-15 s, once), later ones start from it
# in 3 s instead of 11. An archive fits one Java and one class path: both are in its name.
fitting=$({ cat "$JAVA_HOME/release" 2>/dev/null || echo "$JAVA_HOME"; ls -l --time-style=full-iso "$spark/jars" "$GUIHU_ENV/jars" "$GUIHU_ENV/engine/guihu-engine.jar"; } | cksum | cut -d' ' -f1)
archive=$GUIHU_ENV/engine/classes-$fitting.jsa
if [[ -s $archive ]]; then sharing=-XX:SharedArchiveFile=$archive; else sharing="-XX:ArchiveClassesAtExit=$archive.$$ -Xlog:cds=off -Xlog:cds+dynamic=off"; fi

# Planning code runs a few hundred times and then never again: the second compiler took 75 of 272 CPU-seconds of a first demonstration
# with its own thresholds, 50 with these, and long loops reach it all the same.
compile_late="-XX:Tier4InvocationThreshold=25000 -XX:Tier4MinInvocationThreshold=3000 -XX:Tier4CompileThreshold=75000 -XX:Tier4BackEdgeThreshold=200000"
java_options="-XX:+UseSerialGC $compile_late -Xshare:auto $sharing -Djava.io.tmpdir=$work/local
  -Dlog4j2.configurationFile=$checkout/infra/engine/log4j2.properties -Dderby.system.home=$work
  -Dhive.server2.custom.authentication.class=guihu.ThriftPassword -Dguihu.thrift.password.file=$GUIHU_HOME/secrets/thrift_password"

export JAVA_HOME SPARK_HOME=$spark PYTHONPATH=$checkout PYSPARK_PYTHON=$GUIHU_ENV/lake/bin/python
export SPARK_LOCAL_IP=127.0.0.1 TZ=Asia/Shanghai
unset PYTHONDONTWRITEBYTECODE PYTHONHOME CLASSPATH HADOOP_CONF_DIR SPARK_CONF_DIR
cd "$work"
engine=("$spark/bin/spark-submit"
  --master "${GUIHU_SPARK_MASTER:-local[2]}" --driver-memory "${GUIHU_SPARK_MEMORY:-2g}"
  --properties-file "$properties" --driver-class-path "$jars" --driver-java-options "$(echo $java_options)"
  --name guihu --class org.apache.spark.sql.hive.thriftserver.HiveThriftServer2 spark-internal)
if [[ -s $archive ]]; then exec "${engine[@]}"; fi

# Without an archive stay the parent, and take the new one over only from an engine that came to its proper end:
# half an archive crashes Java.
rm -f "$GUIHU_ENV"/engine/classes-*.jsa "$GUIHU_ENV"/engine/classes-*.jsa.*
"${engine[@]}" &
java=$!
echo $java >"$GUIHU_HOME/run/engine.lock"
trap 'kill -TERM $java' TERM INT
code=0
wait $java || code=$?
trap - TERM INT
if kill -0 $java 2>/dev/null; then code=0; wait $java || code=$?; fi
if [[ $code == 143 && -s $archive.$$ ]]; then mv "$archive.$$" "$archive"; else rm -f "$archive.$$"; fi
exit $code
