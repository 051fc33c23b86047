"""The departments' systems that the demonstration pulls from, on the ports that the contracts name, until SIGTERM.

    python -m infra.demo.systems --home .guihu --movements 20000 --readings 20000 --residents 50000 --seed 1

A registration system (PostgreSQL, population.movement) and a monitoring platform (HTTP, environment.surface_water), both synthetic.
The password of the first is made and kept in the home's secrets, where `guihu pull` looks for it.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

from expectations.contract import load_feed
from infra.demo import database, movements, water
from spark_jobs.settings import read_or_create_secret


def main(arguments: list[str] | None = None) -> int:
    """Serve both."""
    options = _options(arguments)
    registration, platform = load_feed("population.movement").sources[0], load_feed("environment.surface_water").sources[0]
    secrets = options.home / "secrets"
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with database.running(read_or_create_secret(secrets / "demo_database_owner_password"), registration.address["port"]) as cluster:
        with cluster.connect() as connection:
            movements.create(connection, read_or_create_secret(secrets / registration.options["secret"]))
            movements.add(connection, movements.movements(options.movements, options.residents, options.seed))
        with water.Platform(water.readings(options.readings, options.seed), port=urlsplit(platform.address["location"]).port) as server:
            threading.Thread(target=server.serve_forever).start()
            print(f"population.movement: PostgreSQL on port {cluster.port}; environment.surface_water: {server.url}", flush=True)
            stop.wait()
            server.shutdown()
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.demo.systems", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="GUIHU_HOME, for the secrets")
    parser.add_argument("--movements", type=int, default=20_000)
    parser.add_argument("--readings", type=int, default=20_000)
    parser.add_argument("--residents", type=int, default=50_000, help="as many as the demonstration delivered: those who die or move are among them")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
