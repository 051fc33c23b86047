"""The session with the resident engine and its catalog.

Every process attaches to the one Spark application by Spark Connect; nothing here starts a JVM.
"""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.contract import load_all
from spark_jobs import silver
from spark_jobs.files import exclusive
from spark_jobs.settings import HOST, TIME_ZONE, Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ENGINE_GONE = ("UNAVAILABLE", "INVALID_HANDLE", "SESSION_NOT_FOUND", "NO_ACTIVE_SESSION", "Socket closed", "Connection reset")  # or it is back and does not know the session
LAYERS = ("silver", "gold")  # with tables of their own


class ServiceDown(RuntimeError):
    """A service that is needed does not answer: the message says which, and how to start it."""


@contextlib.contextmanager
def session(settings: Settings) -> Iterator["SparkSession"]:
    """A session with the engine, closed at the end. Raises ServiceDown where the engine does not answer or dies meanwhile."""
    from grpc import RpcError
    from pyspark.errors import PySparkRuntimeError
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
        yield spark
    except (RpcError, SparkConnectException, PySparkRuntimeError) as fault:
        if not any(sign in str(fault) for sign in ENGINE_GONE):
            raise
        raise ServiceDown(f"the engine died during the work ({type(fault).__name__}); run the same command again when `make status` shows it up") from fault
    finally:
        with contextlib.suppress(RpcError, SparkConnectException):  # an engine that died cannot be told goodbye
            spark.stop()


def check_engine(settings: Settings) -> None:
    if not _listens(settings.connect_port):
        raise ServiceDown(f"the engine does not answer on {HOST}:{settings.connect_port}; start it with `make up`")


def register_tables(spark: "SparkSession", settings: Settings, sources: set[str] | None = None) -> dict[str, int]:
    """Tell the engine's catalog of the tables of the lake: it forgets them when it restarts, the lake does not. `sources` limits the silver views.

    Returns how many tables and views each layer has now.
    """
    with exclusive(settings.run / "locks" / "catalog.lock"):
        for layer in LAYERS:
            spark.sql(f"create database if not exists {layer}")
            known = {row.tableName for row in spark.sql(f"show tables in {layer}").collect()}
            for name in sorted(_tables(settings.lake / layer) - known):
                spark.sql(f"create table {layer}.{name} using delta location '{settings.lake / layer / name}'")
        judged = _tables(settings.lake / "judged")
        relations = {table: f"delta.`{settings.lake / 'judged' / table}`" for table in judged}
        for feed in load_all().values():
            if sources is not None and feed.table not in sources:
                continue
            query = silver.query(feed, relations.get) if feed.table in judged else silver.empty_query(feed)
            spark.sql(f"create or replace view silver.{feed.table} as {query}")
        return {layer: spark.sql(f"show tables in {layer}").count() for layer in LAYERS}


def _tables(layer: Path) -> set[str]:
    """Names of the tables in a folder; a log without a commit, as a full disk leaves it, is none."""
    return {commit.parents[1].name for commit in layer.glob("*/_delta_log/*.json")}


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=2):
            return True
    except OSError:
        return False
