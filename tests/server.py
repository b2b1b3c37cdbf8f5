"""Runs the real server and real workers as processes of their own, and talks to them as a program would."""

import http.client
import json
import multiprocessing
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import handlers
from workflow_service.cli import main

STRANGE_HANDLERS = Path(__file__).parent / "chaos" / "strange"
"""Handlers that misbehave; a process started with ``strange=True`` knows them beside the city's own."""


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


FORKS = multiprocessing.get_context("forkserver")
"""Makes processes that have read the program before they begin, which is most of what a start costs."""
FORKS.set_forkserver_preload(
    [
        *("pytest", "tests.office", "workflow_service.__main__", "encodings.idna", "jinja2.ext"),
        *(f"handlers.{one.name}" for one in pkgutil.iter_modules(handlers.__path__)),
    ]
)


class Running(Protocol):
    """A process of ours, made either way."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


class _Fork:
    """A process that was forked, with the words of ``subprocess``."""

    def __init__(
        self, arguments: list[str], environment: dict[str, str], out: Path, err: Path, strange: bool = False
    ) -> None:
        self._process = FORKS.Process(target=_run, args=(arguments, environment, out, err, strange), daemon=True)
        self._process.start()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("workflow-service", timeout or 0)
        return self._process.exitcode


def _run(arguments: list[str], environment: dict[str, str], out: Path, err: Path, strange: bool) -> None:
    """What a forked process does: the program with its arguments, writing to files."""
    os.environ.update(environment)
    for number, path in ((1, out), (2, err)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), number)
    if strange:
        handlers.__path__.append(str(STRANGE_HANDLERS))
    sys.argv = ["workflow-service", *arguments]
    main()


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of ours, in a process that was forked, with a folder for its data; gives what it says and its code."""
    out, err = folder / "out.log", folder / "err.log"
    for path in (out, err):
        path.write_bytes(b"")
    code = _Fork([*arguments], {"WORKFLOW_DATA_DIR": str(folder)}, out, err).wait(timeout=300)
    return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())


@dataclass
class Process:
    """A ``workflow-service`` process on its own folder; it can be killed and started again on the same data.

    Args:
        strange: whether it knows the handlers that misbehave. fresh: whether a new interpreter reads the program.
    """

    folder: Path
    database: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    strange: bool = False
    fresh: bool = False
    process: Running | None = None

    def launch(self, *arguments: str, name: str) -> None:
        """Starts the process with a command and options; it writes to ``<name>.log``."""
        environment = {**os.environ, "WORKFLOW_DATA_DIR": str(self.folder), **self.environment}
        given, path = [*arguments, "--database", self.url], self.folder / f"{name}.log"
        path.touch()
        if not self.fresh:
            self.process = _Fork(given, environment, path, path, self.strange)
            return
        with path.open("ab") as log:
            self.process = subprocess.Popen([*self.command(), *given], env=environment, stdout=log, stderr=log)  # noqa: S603  our own command

    def command(self) -> list[str]:
        """What starts the program anew."""
        return [sys.executable, "-m", "workflow_service"]

    @property
    def url(self) -> str:
        return self.database or f"sqlite:///{self.folder / 'service.db'}"

    def wait_until(self, ready: Callable[[], bool], seconds: float, name: str) -> None:
        """Waits until the process is ready; fails with its log when it is not in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.is_alive():
            if ready():
                return
            time.sleep(0.005)
        raise AssertionError((self.folder / f"{name}.log").read_text()[-4000:])

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Ends the process as a power cut would."""
        self.signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Sends the process a signal."""
        assert self.process is not None
        if self.is_alive():
            os.kill(self.process.pid, number)

    def stop(self) -> int | None:
        """Ends the process as an operator would; gives its exit code."""
        if self.process is None or not self.is_alive():
            return None
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@dataclass
class Server(Process):
    """A ``serve`` process, with demo people unless others live in its database already."""

    port: int = field(default_factory=free_port)
    demo: bool = True

    def start(self, wait: float = 60) -> None:
        """Starts the process and waits until it answers."""
        self.launched()(wait)

    def launched(self) -> Callable[[float], None]:
        """Starts the process; what it gives waits, so many seconds at most, until it answers."""
        self.launch("serve", *(["--demo"] if self.demo else []), "--port", str(self.port), name="server")
        return self.wait_until_ready

    def wait_until_ready(self, seconds: float) -> None:
        """Waits until the server says it is ready; fails with its log when it does not."""
        self.wait_until(self._answers, seconds, "server")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=2):  # noqa: S310  our own server
                return True
        except OSError:
            return False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def people(self) -> dict[str, dict[str, Any]]:
        """The demo people by account name, with their tokens."""
        listed = json.loads((self.folder / "demo-people.json").read_text(encoding="utf-8"))
        return {one["name"]: one for one in listed}


@dataclass
class Worker(Process):
    """A ``work`` process on PostgreSQL."""

    name: str = "worker"

    def start(self, wait: float = 60) -> None:
        """Starts the process and waits until it works."""
        self.launched()(wait)

    def launched(self) -> Callable[[float], None]:
        """Starts the process; what it gives waits, so many seconds at most, until it works."""
        log = self.folder / f"{self.name}.log"
        before = log.read_text().count("已启动") if log.exists() else 0
        self.launch("work", name=self.name)
        return lambda wait: self.wait_until(lambda: log.read_text().count("已启动") > before, wait, self.name)


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
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Lost from error


def _json(text: bytes) -> Any:
    return json.loads(text) if text else None
