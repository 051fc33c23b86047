"""A worker process for each core up to two (a chart is CPU of Python, which one process has once), by GUIHU_SUPERSET_WORKERS otherwise."""

import os

worker_class = "gthread"
workers = int(os.environ.get("GUIHU_SUPERSET_WORKERS", min(2, os.cpu_count() or 1)))
threads = 4
timeout = 120
graceful_timeout = 5
keepalive = 5
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
accesslog = None


def post_fork(server, worker):
    """The guard's parser is opened before the first reader waits for it."""
    from infra.superset import guard

    guard.warm()
