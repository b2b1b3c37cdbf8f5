"""Finds the Chromium that drives the pages, or installs one; says in one sentence what it did."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
NONE_WORKS = (
    "找不到 Chromium，也无法安装：请安装 Debian 软件包 chromium，或让 chromium 出现在 PATH 中。"
    " No Chromium was found and none could be installed: install the package chromium or put chromium on PATH."
)


def find() -> str | None:
    """The Chromium on PATH, else the one that Playwright has downloaded, else None."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    return _downloaded()


def _downloaded() -> str | None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from playwright.sync_api import sync_playwright as start\n"
            "with start() as player: print(player.chromium.executable_path)",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    path = told.stdout.strip()
    return path if path and os.path.exists(path) else None


def main() -> int:
    """Prints what was found or installed; 3 when there is no Chromium in the end."""
    found = find()
    if found:
        print(f"浏览器测试使用 {found}。 The browser tests use {found}.")
        return 0
    for ways in (_debian(), [[sys.executable, "-m", "playwright", "install", "chromium"]]):
        if ways and all(_ran(command) for command in ways) and find():
            print(f"已安装 Chromium：{find()}。 Installed Chromium: {find()}.")
            return 0
    print(NONE_WORKS, file=sys.stderr)
    return 3


def _debian() -> list[list[str]]:
    """The commands that install Debian's package, none where that is not ours to do."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return []
    return [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]]


def _ran(command: list[str]) -> bool:
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, check=False, timeout=600).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    sys.exit(main())
