"""A page of Superset as PDF with real text, printed by Chromium: Superset itself would photograph it, with a driver that is not on every machine.

Chromium is driven through its debugging pipe (DevTools protocol): no port is opened, nothing is downloaded.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

WIDTH, HEIGHT = 1600, 1000  # CSS pixels of the window; look.css says how it comes on paper
SHARPNESS = 2  # pixels of a chart's canvas a CSS pixel
SECONDS = 90  # until every chart is drawn
SETTLING = 1.5  # seconds in which lines and bars grow to their places
DRAWN = "!!document.querySelector('.gh-release') && !document.querySelector('[data-test=\"loading-indicator\"], .loading')"
BROKEN = "[...document.querySelectorAll('.ant-alert-error, [data-test=\"error-alert\"], .missing-chart-container')].map(box => box.innerText.slice(0, 200)).join(' | ')"


class NotPrinted(RuntimeError):
    """The page could not be printed; says why and what to do."""


def print_page(address: str, cookies: dict[str, str]) -> bytes:
    """The page at the address as PDF, as whoever holds these cookies sees it. Raises NotPrinted."""
    with tempfile.TemporaryDirectory(prefix="guihu-paper-") as profile, Chromium(profile) as chromium:
        session = chromium.new_page()
        for name, value in cookies.items():
            chromium.call("Network.setCookie", session, name=name, value=value, url=address, httpOnly=True)
        chromium.call("Emulation.setTimezoneOverride", session, timezoneId="Asia/Shanghai")
        chromium.call("Emulation.setDeviceMetricsOverride", session, width=WIDTH, height=HEIGHT, deviceScaleFactor=SHARPNESS, mobile=False)
        if fault := chromium.call("Page.navigate", session, url=address).get("errorText"):
            raise NotPrinted(f"{address} does not answer ({fault}): start Superset with `make up`")
        deadline = time.monotonic() + SECONDS
        while not chromium.ask(session, DRAWN):
            if time.monotonic() > deadline:
                raise NotPrinted(f"{address} was not drawn within {SECONDS} seconds: {chromium.ask(session, 'document.title + location.href')}")
            time.sleep(0.3)
        time.sleep(SETTLING)
        if broken := chromium.ask(session, BROKEN):
            raise NotPrinted(f"{address} shows an error, nothing is sent: {broken}")
        return base64.b64decode(chromium.call("Page.printToPDF", session, printBackground=True, preferCSSPageSize=True)["data"])


class Chromium:
    """A headless Chromium behind a pipe; ended with its children at the end of the `with`."""

    def __init__(self, profile: str) -> None:
        self._profile, self._number, self._read = profile, 0, b""

    def __enter__(self) -> "Chromium":
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            raise NotPrinted("Chromium is not installed: `apt-get install chromium fonts-noto-cjk`, or run infra/bootstrap --test as root")
        (its_in, self._out), (self._in, its_out) = _pipe(), _pipe()
        flags = ["--headless=new", "--remote-debugging-pipe", f"--user-data-dir={self._profile}", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server"]
        flags += ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium has no sandbox for root
        command = ["bash", "-c", f'exec "$@" 3<&{its_in} 4>&{its_out}', "chromium", program, *flags]
        self._process = subprocess.Popen(command, pass_fds=(its_in, its_out), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(its_in)
        os.close(its_out)
        return self

    def __exit__(self, *_) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def new_page(self) -> str:
        """Id of a session with an empty page."""
        target = self.call("Target.createTarget", None, url="about:blank")["targetId"]
        return self.call("Target.attachToTarget", None, targetId=target, flatten=True)["sessionId"]

    def ask(self, session: str, expression: str):
        return self.call("Runtime.evaluate", session, expression=expression, returnByValue=True)["result"].get("value")

    def call(self, method: str, session: str | None, **parameters) -> dict:
        """One command of the protocol and its answer; events in between are not waited for."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self._out, json.dumps(command).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            pass
        if "error" in answer:
            raise NotPrinted(f"Chromium refuses {method}: {answer['error']['message']}")
        return answer["result"]

    def _next(self) -> dict:
        while b"\0" not in self._read:
            if not select.select([self._in], [], [], SECONDS)[0]:
                raise NotPrinted(f"Chromium said nothing for {SECONDS} seconds")
            piece = os.read(self._in, 1 << 20)
            if not piece:
                raise NotPrinted("Chromium ended before the page was printed")
            self._read += piece
        message, _, self._read = self._read.partition(b"\0")
        return json.loads(message)


def _pipe() -> tuple[int, int]:
    """Reading and writing end, numbered above those that the shell hands over (3 and 4)."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends)
    for end in ends:
        os.close(end)
    return high
