"""The session with the resident engine, the tables and the commit that happens once.

Every process attaches to the one Spark application by Spark Connect; nothing here starts a JVM.
"""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.contract import load_feed
from spark_jobs.files import exclusive
from spark_jobs.settings import HOST, TIME_ZONE, Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ENGINE_GONE = ("UNAVAILABLE", "INVALID_HANDLE", "SESSION_NOT_FOUND", "NO_ACTIVE_SESSION", "Socket closed", "Connection reset")  # or it is back and does not know the session
LAYERS = ("bronze", "judged", "silver", "gold")


class ServiceDown(RuntimeError):
    """A service that is needed does not answer: the message says which, and how to start it."""


@contextlib.contextmanager
def session(settings: Settings) -> Iterator["SparkSession"]:
    """A session with the engine, closed at the end. Raises ServiceDown where the engine does not answer or dies meanwhile."""
    from grpc import RpcError
    from pyspark.errors.exceptions.connect import SparkConnectException
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client.retries import DefaultPolicy

    check_engine(settings)
    token = settings.secret("connect_token")
    # by its name, since the client sends a token without TLS to "localhost" only
    spark = SparkSession.builder.remote(f"sc://localhost:{settings.connect_port}/;token={token}").create()
    # the default policy goes on for more than a minute after the engine died
    spark.client.set_retry_policies([DefaultPolicy(max_retries=4, initial_backoff=200, max_backoff=2000)])
    try:
        spark.conf.set("spark.sql.session.timeZone", TIME_ZONE)
        register_tables(spark, settings)
        yield spark
    except (RpcError, SparkConnectException) as fault:
        if not any(sign in str(fault) for sign in ENGINE_GONE):
            raise
        raise ServiceDown(f"the engine died during the work ({type(fault).__name__}); run the same command again when `make status` shows it up") from fault
    finally:
        with contextlib.suppress(RpcError, SparkConnectException):  # an engine that died cannot be told goodbye
            spark.stop()


def check_engine(settings: Settings) -> None:
    if not _listens(settings.connect_port):
        raise ServiceDown(f"the engine does not answer on {HOST}:{settings.connect_port}; start it with `make up`")


def table_path(settings: Settings, layer: str, name: str) -> Path:
    return settings.lake / layer / name


def register_tables(spark: "SparkSession", settings: Settings) -> None:
    """Tell the engine's catalog of every table that lies in the lake: it forgets them when it restarts, the lake does not.

    The database `gold` is made last, so its presence says that this was done since the engine started.
    """
    if spark.catalog.databaseExists("gold"):
        return
    with exclusive(settings.run / "locks" / "catalog.lock"):
        for layer in LAYERS:
            spark.sql(f"create database if not exists {layer}")
            for path in sorted((settings.lake / layer).glob("*/_delta_log")):
                name = path.parent.name
                spark.sql(f"create table if not exists {layer}.{name} using delta location '{path.parent}'")
                if layer == "judged" and not (settings.lake / "silver" / name).exists() and load_feed(name.replace("__", ".", 1)).kind == "event":
                    create_event_view(spark, name)


def create_event_view(spark: "SparkSession", table: str) -> None:
    """silver of an event feed: its judged rows that were loaded."""
    spark.sql("create database if not exists silver")
    hidden = "_verdict, _reasons, _warnings, _original, _received_at"
    spark.sql(f"create or replace view silver.{table} as select * except ({hidden}) from judged.{table} where _verdict = 'loaded'")


def ensure_table(spark: "SparkSession", settings: Settings, layer: str, name: str, columns: list[tuple[str, str]]) -> None:
    """Create the Delta table at its place unless it exists. Columns are (name, Spark SQL type)."""
    spark.sql(f"create database if not exists {layer}")
    listed = ", ".join(f"{column} {kind}" for column, kind in columns)
    lineage = ",".join(column for column, _ in columns if column in ("_delivery_id", "_row"))
    properties = f" tblproperties ('delta.dataSkippingStatsColumns' = '{lineage}')" if lineage and layer == "bronze" else ""
    spark.sql(f"create table if not exists {layer}.{name} ({listed}) using delta location '{table_path(settings, layer, name)}'{properties}")


def append_once(frame, settings: Settings, layer: str, name: str, transaction: str) -> None:
    """Append in one commit that Delta makes at most once for this transaction id: a repeat after a crash adds nothing."""
    writer = frame.write.format("delta").mode("append").option("txnAppId", f"{layer}/{name}/{transaction}").option("txnVersion", 1)
    writer.option("compression", "zstd").option("parquet.enable.dictionary", layer != "bronze").save(str(table_path(settings, layer, name)))


def delta_version(path: Path) -> int | None:
    """Version of a Delta table on disk, without the engine; None where there is no table."""
    versions = [int(p.stem) for p in (path / "_delta_log").glob("*.json") if p.stem.isdigit()]
    return max(versions) if versions else None


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=2):
            return True
    except OSError:
        return False
