"""Named places at which a test may end the process, so that what follows a crash is proved and not hoped for."""

import os
import signal


def faultpoint(name: str) -> None:
    """Do nothing, unless GUIHU_FAULT names this place: then the process dies as by kill -9."""
    if os.environ.get("GUIHU_FAULT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
