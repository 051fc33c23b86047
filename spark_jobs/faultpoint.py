"""Named places at which a test may end or disturb the process, so that what follows a crash is proved and not hoped for.

GUIHU_FAULT says what happens where; without it, as in production, the places do nothing:

    "before bronze commit"                  kill -9 at the first time the place is reached
    "judged file written:2"                 at the second time
    "judged file written:2:enospc"          the disk is full there (OSError ENOSPC)
    "before judged commit:1:raise"          an exception that nobody expects
    "keys left:1:sleep:0.5"                 0.5 seconds go by
"""

import errno
import os
import signal
import time
from collections import Counter

PLACES = (
    # landing
    "bytes half copied", "draft written", "sealed bytes recorded", "bytes kept", "refusal recorded", "before received", "after received",
    "inbox file received", "inbox manifest removed", "document written",
    # ingest
    "inspected", "text file written", "judged file written", "keys left", "overruled file written", "overruled file renamed", "before ledger", "after ledger",
    "before bronze commit", "table made", "after bronze commit", "before judged commit", "after judged commit", "sealed again", "before outcome", "after outcome",
    # the steward, the operations tables, the vault
    "before hold", "delivery accepted", "operations table written", "erasure recorded", "key destroyed",
    # release
    "serving file half written", "serving file written", "catalogue half written", "before release is named", "release named", "release pointed", "before lineage is kept",
    # gateway and pulls
    "before segment write", "before segment sync", "after segment sync", "before segment is closed", "before segment is received", "after segment is received",
    "pull written", "pull received",
)  # fmt: skip
_reached = Counter()


class UnknownPlace(ValueError):
    """GUIHU_FAULT names a place that no code has, or an action that there is not."""


class Fault(Exception):
    """What the action `raise` raises."""


def faultpoint(name: str) -> None:
    """Do nothing, unless GUIHU_FAULT names this place and it is reached for the nth time. Raises UnknownPlace where the plan makes no sense."""
    plan = os.environ.get("GUIHU_FAULT")
    if plan is None:
        return
    place, nth, action = _read(plan)
    if place != name:
        return
    _reached[name] += 1
    if _reached[name] == nth:
        _act(name, *action)


def _read(plan: str) -> tuple[str, int, list[str]]:
    place, *rest = plan.split(":")
    if place not in PLACES:
        raise UnknownPlace(f"GUIHU_FAULT={plan!r}: there is no place {place!r}; the places are {', '.join(PLACES)}")
    nth, *action = rest or ["1"]
    if not nth.isdigit():
        raise UnknownPlace(f"GUIHU_FAULT={plan!r}: after the place comes a number, which time it is reached")
    return place, int(nth), action or ["kill"]


def _act(name: str, action: str, *argument: str) -> None:
    match action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "raise":
            raise Fault(name)
        case "enospc":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        case "sleep":
            time.sleep(float(*argument))
        case _:
            raise UnknownPlace(f"GUIHU_FAULT: there is no action {action!r}; the actions are kill, raise, enospc and sleep")
