"""Builds the wheel, installs it in a fresh environment, and sees the service start from it, away from the repository."""

import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import venv
from dataclasses import dataclass
from pathlib import Path

from tests import server

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Installed(server.Server):
    """A server started by the program that the wheel installed."""

    program: str = ""

    def command(self) -> list[str]:
        return [self.program]


def main() -> int:
    """Says what it does, and ends with 1 when a page or a shipped part is missing."""
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    _told(sys.executable, *pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(ROOT / "dist"), str(ROOT))
    wheel = next((ROOT / "dist").glob("*.whl"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "fresh", with_pip=True)
        python = str(folder / "fresh" / "bin" / "python")
        _told(python, *pip, "install", "--require-hashes", "-r", str(ROOT / "requirements" / "run.lock"))
        _told(python, *pip, "install", "--no-index", str(wheel))
        program = str(folder / "fresh" / "bin" / "workflow-service")
        one = Installed(folder, program=program, fresh=True)
        one.start(wait=120)
        try:
            for path in ("/signin", "/static/app.css"):
                with urllib.request.urlopen(one.address + path, timeout=10) as answer:  # noqa: S310  our own server
                    print(answer.status, path)
        finally:
            one.stop()
    print(f"dist/{wheel.name} works")
    return 0


def _told(*command: str) -> None:
    print(*command)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(command, check=True, env=environment)  # noqa: S603  our own commands


if __name__ == "__main__":
    sys.exit(main())
