"""A backup is taken while people work: it holds all that was answered before it began, and a service restored from it goes on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import server
from tests.chaos import running
from workflow_service.storage import database, tables


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest) -> Callable[[Path], str]:
    """Gives the URL of an empty database of one kind."""
    if request.param == "sqlite":
        return lambda folder: f"sqlite:///{folder / 'service.db'}"
    make: Callable[[], str] = request.getfixturevalue("new_postgres")
    return lambda _folder: make()


@pytest.fixture
def service(new_url: Callable[[Path], str], tmp_path: Path) -> Iterator[running.Service]:
    (tmp_path / "old").mkdir()
    url = new_url(tmp_path / "old")
    one = running.make(tmp_path / "old", "" if url.startswith("sqlite") else url)
    one.start()
    yield one
    one.stop()


def _command(folder: Path, *arguments: str) -> None:
    done = server.run(folder, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def _moved(old: running.Service, folder: Path, url: str) -> running.Service:
    """The same installation on another database and folder."""
    moved = replace(old.server, folder=folder, database=url, port=server.free_port(), process=None)
    hands = [replace(one, folder=folder, database=url, process=None) for one in old.workers]
    return running.Service(moved, hands, old.tokens)


def _keeps(service: running.Service, promised: dict[str, list[str]]) -> None:
    """Every case that was promised is there, with every task that was answered as done."""
    db = service.open_database()
    with database.reading(db) as session:
        for number, done in promised.items():
            assert session.query(tables.Case).filter_by(number=number).count() == 1
            assert [session.get_one(tables.Task, task).status for task in done] == ["done"] * len(done)
    db.engine.dispose()


def test_a_backup_under_load_keeps_what_was_answered_and_its_service_goes_on(
    service: running.Service, new_url: Callable[[Path], str], full: bool, tmp_path: Path
) -> None:
    backups, cases, at_once = (20, 60, 8) if full else (1, 2, 2)
    crowd = running.Crowd(service, at_once)
    for n in range(backups):
        crowd.let_pass(2)
        promised = {one.number: list(one.acknowledged) for one in [*crowd.clients] if one.number}
        file, folder = tmp_path / f"{n}.zip", tmp_path / f"restored-{n}"
        folder.mkdir()
        _command(service.server.folder, "backup", str(file), "--database", service.server.url)
        url = new_url(folder)
        _command(folder, "restore", str(file), "--verify", "--database", url)
        assert promised
        _keeps(_moved(service, folder, url), promised)
    crowd.finish(cases)
    service.stop()
    if not full and not url.startswith("sqlite"):
        return  # as many processes again take long to start: at full size only

    restored = _moved(service, folder, url)
    restored.start()
    after = running.Crowd(restored, at_once, first=1000)
    after.finish(at_once)
    restored.stop()
    running.check(restored, after.clients)
    _keeps(restored, promised)
