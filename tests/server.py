"""Runs the real server as a process of its own, and talks to it as a program would."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A ``serve --demo`` process on its own folder; it can be killed and started again on the same data."""

    folder: Path
    port: int = field(default_factory=free_port)
    database: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self, wait: float = 60) -> None:
        """Starts the process and waits until it answers."""
        url = self.database or f"sqlite:///{self.folder / 'service.db'}"
        command = [
            sys.executable,
            "-m",
            "workflow_service.cli",
            "serve",
            "--demo",
            "--database",
            url,
            "--port",
            str(self.port),
        ]
        environment = {**os.environ, "WORKFLOW_DATA_DIR": str(self.folder), **self.environment}
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603  our own command
        self.wait_until_ready(wait)

    def wait_until_ready(self, seconds: float) -> None:
        """Waits until the server says it is ready; fails with its log when it does not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process is not None and self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.address}/readyz", timeout=2):  # noqa: S310  our own server
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "server.log").read_text()[-4000:])

    def kill(self) -> None:
        """Ends the process as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ends the process as an operator would."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def people(self) -> dict[str, dict[str, Any]]:
        """The demo people by account name, with their tokens."""
        listed = json.loads((self.folder / "demo-people.json").read_text(encoding="utf-8"))
        return {one["name"]: one for one in listed}


@dataclass(frozen=True)
class Answer:
    """A status and the JSON that came with it."""

    status: int
    body: Any


class Lost(Exception):
    """No answer came: the server may or may not have done it."""


def call(address: str, token: str, method: str, path: str, data: Any = None, **headers: str) -> Answer:  # noqa: PLR0913  a request is all of this
    """One request to the API; raises Lost when no whole answer comes back."""
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(f"{address}/api/v1{path}", body, method=method)  # noqa: S310  our own server
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Content-Type", "application/json")
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310  our own server
            return Answer(response.status, _json(response.read()))
    except urllib.error.HTTPError as error:
        return Answer(error.code, _json(error.read()))
    except (OSError, ValueError) as error:
        raise Lost from error


def _json(text: bytes) -> Any:
    return json.loads(text) if text else None
