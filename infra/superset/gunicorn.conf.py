"""One worker process with eight threads: a file opened by DuckDB is shared by all of them. Number of workers by GUIHU_SUPERSET_WORKERS."""

import os

worker_class = "gthread"
workers = int(os.environ.get("GUIHU_SUPERSET_WORKERS", "1"))
threads = 8
timeout = 120
graceful_timeout = 5
keepalive = 5
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
accesslog = None


def post_fork(server, worker):
    """The guard's parser is opened before the first reader waits for it."""
    from infra.superset import guard

    guard.warm()
