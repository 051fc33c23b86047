"""What only the tests of pages need: Chromium and Chinese fonts, from Debian."""

import shutil
import subprocess

from infra.environments.shell import apt_install


def install_browser_and_fonts() -> None:
    wanted = []
    if not shutil.which("chromium"):
        wanted.append("chromium")
    if not has_chinese_font():
        wanted.append("fonts-noto-cjk")
    if wanted:
        apt_install(*wanted)


def has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], stdout=subprocess.PIPE, text=True).stdout.strip())
