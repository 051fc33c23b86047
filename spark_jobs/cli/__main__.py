"""guihu: the command that people and Airflow both call.

Exit codes: 0 done, 1 data refused (with reasons), 2 wrong usage, 3 a service is down or the disk refuses.
"""

import sys

from expectations.feed import ContractError
from spark_jobs.cli import deliveries, gold, policies, stewards, takers  # noqa: F401  (each adds its verbs)
from spark_jobs.cli.app import DOWN, REFUSED, USAGE, app, feed_app, hold_app, policy_app
from spark_jobs.cli.requests import request_app
from spark_jobs.cli.shares import share_app
from spark_jobs.ingest.refusal import Refused
from spark_jobs.lake import ServiceDown
from spark_jobs.settings import from_environment
from spark_jobs.storage import explained

app.add_typer(feed_app, name="feed")
app.add_typer(hold_app, name="hold")
app.add_typer(policy_app, name="policy")
app.add_typer(share_app, name="share")
app.add_typer(request_app, name="request")


def main() -> None:
    """Run a command; every expected failure becomes one clear line and its exit code."""
    from spark_jobs.publish.build import BuildFailed
    from spark_jobs.publish.export.formats import DoesNotFit, UnknownFormat
    from spark_jobs.publish.policy import DoorClosed, PolicyFault, UnknownRole
    from spark_jobs.publish.query import QueryRefused
    from spark_jobs.publish.release import NoRelease
    from spark_jobs.publish.sharing.recipients import RecipientRefused

    try:
        app(prog_name="guihu")
    except ServiceDown as fault:
        _fail(fault, DOWN)
    except Refused as fault:
        _fail(fault, DOWN if fault.code == "REFERENCE_MISSING" else REFUSED)
    except (BuildFailed, DoesNotFit, NoRelease, PolicyFault) as fault:
        _fail(fault, REFUSED)
    except (ContractError, DoorClosed, RecipientRefused, UnknownFormat, UnknownRole, QueryRefused) as fault:
        _fail(fault, USAGE)
    except Exception as fault:  # of any library that writes; what is not the disk's refusal goes on as it came
        said = explained(fault, from_environment().home)
        if said is None:
            raise
        _fail(said, DOWN)


def _fail(fault: Exception | str, code: int) -> None:
    print(f"guihu: {fault}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
