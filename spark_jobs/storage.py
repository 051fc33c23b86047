"""What the disk refuses, in one line: which path, why, and what to do. The lake's own steps may all be repeated."""

import errno
import os
import re
from pathlib import Path

ADVICE = {
    errno.ENOSPC: "the disk is full: free space (`make doctor` shows how much there is)",
    errno.EDQUOT: "the quota of this user is used up: free space or have it raised",
    errno.EFBIG: "no file may become that large here: raise the limit (ulimit -f)",
    errno.EROFS: "mounted read-only: mount it for writing",
    errno.EACCES: "this user may not write there: run as the owner of the lake, or give it to this user",
    errno.EPERM: "this user may not do that there: run as the owner of the lake, or give it to this user",
    errno.EIO: "the disk fails: look at the system's log, and let `guihu verify` read everything again afterwards",
}
OF_SQLITE = {errno.ENOSPC: "disk is full", errno.EROFS: "readonly database", errno.EIO: "disk I/O error"}
LIBRARIES = ("_duckdb", "deltalake", "sqlite3")  # their errors hold the words of the system as text


def explained(fault: Exception, home: Path) -> str | None:
    """What to tell people about a failure of the disk that holds the lake; None where it is a failure of another kind."""
    if not isinstance(fault, OSError) and type(fault).__module__.partition(".")[0] not in LIBRARIES:
        return None
    said = str(fault)
    for code, advice in ADVICE.items():
        if getattr(fault, "errno", None) == code or os.strerror(code) in said or OF_SQLITE.get(code, os.strerror(code)) in said:
            named = re.search(r"/[^\s\"']+", said)
            return f"{named[0] if named else home}: {advice}. Then run the same command again: nothing is lost or half done"
    return None
