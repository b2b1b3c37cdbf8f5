"""How processes begin and end: told to stop they stop; what keeps them from starting is said in one sentence."""

import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import office, server
from tests.chaos.conftest import with_service
from workflow_service import serving
from workflow_service.storage import database
from workflow_service.storage.migrations import upgrade as migrate


@pytest.fixture
def running(tmp_path: Path) -> Iterator[server.Server]:
    """A server on a small office."""
    one = server.Server(tmp_path, demo=False, fresh=True)
    db = database.open_database(one.url)
    migrate(db)
    office.make(db, datetime.now(UTC), with_service())
    db.engine.dispose()
    one.start(wait=120)
    yield one
    if one.is_alive():
        one.kill()


def _said(outcome: subprocess.CompletedProcess[str]) -> str:
    assert outcome.returncode == 3
    lines = outcome.stderr.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


def test_a_server_that_is_told_to_stop_stops(running: server.Server) -> None:
    assert running.stop() == 0
    assert "Traceback" not in (running.folder / "server.log").read_text()


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    serving.make_folder(f"sqlite:///{tmp_path / 'service.db'}")

    assert stat.S_IMODE((tmp_path / "service.db").stat().st_mode) == 0o600  # noqa: PLR2004  its owner alone


@pytest.mark.parametrize("seconds", [0.004, 1])
def test_a_worker_that_is_told_to_stop_stops(new_postgres: Callable[[], str], tmp_path: Path, seconds: float) -> None:
    """In its first moments its connections are still being made."""
    one = server.Worker(tmp_path, database=new_postgres(), fresh=True)
    one.start(wait=120)
    time.sleep(seconds)

    assert one.stop() == 0
    assert "Traceback" not in (tmp_path / "worker.log").read_text()


def test_a_second_server_on_the_same_file_is_refused(running: server.Server, tmp_path: Path) -> None:
    said = _said(server.run(tmp_path, "serve", "--database", running.url, "--port", str(server.free_port())))

    assert "正由另一个服务进程使用" in said
    assert running.is_alive()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = _said(server.run(tmp_path, "serve", "--database", f"sqlite:///{tmp_path / 'x.db'}", "--port", str(port)))

    assert f"端口 {port} 已被占用" in said


@pytest.mark.parametrize("folder", ["/proc/nowhere", "/dev/null/nowhere"])
def test_a_folder_that_cannot_be_written_is_named(folder: str, tmp_path: Path) -> None:
    said = _said(
        server.run(tmp_path, "serve", "--database", f"sqlite:///{folder}/x.db", "--port", str(server.free_port()))
    )

    assert folder in said


def test_a_database_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://nobody@127.0.0.1:{server.free_port()}/none"

    assert "数据库" in _said(server.run(tmp_path, "work", "--database", url))


def test_sqlite_has_no_workers_of_their_own(tmp_path: Path) -> None:
    assert "PostgreSQL" in _said(server.run(tmp_path, "work", "--database", f"sqlite:///{tmp_path / 'x.db'}"))
