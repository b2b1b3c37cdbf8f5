"""A backup holds everything of one moment; a service restored from it is the same, and sends nothing twice without saying so."""

import io
import json
import random
import stat
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from tests import office
from tests.chaos.conftest import with_service
from workflow_service import backups, cli, errors
from workflow_service.audit import oracle
from workflow_service.cases import jobs
from workflow_service.settings import Settings
from workflow_service.storage import archive, database, tables


@pytest.fixture
def desk(db: database.Database, now: datetime) -> office.Office:
    """An office in the middle of its work: a case at each station, one job in a worker's hands."""
    desk = office.make(db, now, with_service())
    done = desk.open("apply", "intake", matter="办结")
    desk.settle()
    desk.do("clerk1", desk.task(done, "review_it"), opinion="同意")
    desk.open("apply", "intake", matter="经办")
    desk.settle()
    desk.open("apply", "intake", matter="在途")
    with desk.work() as session:
        job_id = session.scalars(sa.select(tables.Job.id).where(tables.Job.status == "todo")).one()
        assert jobs.claim(session, desk.time, job_id, "busy", timedelta(seconds=60))
    return desk


@pytest.fixture
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Gives the URL of an empty database of a kind."""

    def make(kind: str) -> str:
        if kind == "postgresql":
            return str(request.getfixturevalue("new_postgres")())
        return f"sqlite:///{tmp_path / 'restored' / 'service.db'}"

    return make


def _settings(url: str, folder: Path) -> Settings:
    folder.mkdir(exist_ok=True)
    return Settings(database=url, data_dir=str(folder))


def _url(desk: office.Office) -> str:
    return desk.db.engine.url.render_as_string(hide_password=False)


def _quiet(_table: str, _done: int, _total: int) -> None:
    """Shows nothing."""


def _everything(db: database.Database) -> dict[str, list[tuple[object, ...]]]:
    with database.reading(db) as session:
        return {
            table.name: sorted(map(tuple, session.execute(sa.select(table))), key=repr)
            for table in archive.in_order()
            if table.name != "job"
        }


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_restored_service_has_every_row_and_goes_on(
    desk: office.Office, new_url: Callable[[str], str], kind: str, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "seal.key").write_text("secret")
    file = tmp_path / "backup.zip"
    kept = backups.backup(_settings(_url(desk), tmp_path / "old"), desk.clock, file, _quiet)

    target = _settings(new_url(kind), tmp_path / "new")
    restored = backups.restore(target, file, _quiet)

    assert (kept.cases, kept.files) == (restored.cases, restored.files) == (3, 1)
    assert (tmp_path / "new" / "seal.key").read_text() == "secret"
    assert stat.S_IMODE((tmp_path / "new" / "seal.key").stat().st_mode) == 0o600
    db = database.open_database(target.database)
    assert _everything(db) == _everything(desk.db)
    assert backups.examine(target, restored.taken_at, lambda: None) == []
    again = office.Office(db, desk.time, desk.safe)
    again.settle()
    number = again.open("apply", "intake", matter="新案")
    again.settle()
    assert again.task(number, "review_it")
    with again.look() as session:
        assert oracle.examine(session, again.time) == []
    db.engine.dispose()


def test_what_was_under_way_is_done_again_under_the_same_key(
    desk: office.Office, new_url: Callable[[str], str], tmp_path: Path
) -> None:
    with desk.look() as session:
        before = session.query(tables.Job).filter_by(status="run").one()
    backups.backup(_settings(_url(desk), tmp_path), desk.clock, tmp_path / "b.zip", _quiet)
    target = _settings(new_url("sqlite"), tmp_path / "new")

    backups.restore(target, tmp_path / "b.zip", _quiet)

    db = database.open_database(target.database)
    with database.reading(db) as session:
        after = session.get_one(tables.Job, before.id)
        assert (after.status, after.key, after.lease_owner, after.deaths) == ("todo", before.key, None, 0)
    office.Office(db, desk.time, desk.safe).settle()
    with database.reading(db) as session:
        assert session.query(tables.Notice).filter_by(key=before.key).count() == 2  # each clerk once
    db.engine.dispose()


def test_only_its_owner_can_read_a_backup_and_it_names_what_it_holds(desk: office.Office, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    backups.backup(_settings(_url(desk), tmp_path), desk.clock, file, _quiet)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as packed:
        manifest = json.loads(packed.read("manifest.json"))
    assert manifest["members"]["tables/case_file.jsonl"]["rows"] == 3
    assert all(len(one["sha256"]) == 64 for one in manifest["members"].values())


def test_every_table_is_in_a_backup(desk: office.Office) -> None:
    stored = {name for name in sa.inspect(desk.db.engine).get_table_names() if not name.startswith("procrastinate")}

    assert {table.name for table in archive.in_order()} == stored - {"alembic_version"}


def test_a_database_that_holds_something_is_never_overwritten(desk: office.Office, tmp_path: Path) -> None:
    chosen = _settings(_url(desk), tmp_path)
    backups.backup(chosen, desk.clock, tmp_path / "b.zip", _quiet)
    before = _everything(desk.db)

    with pytest.raises(errors.Conflict, match="不是空的"):
        backups.restore(chosen, tmp_path / "b.zip", _quiet)

    assert _everything(desk.db) == before


def test_a_key_that_is_there_already_is_never_overwritten(
    desk: office.Office, new_url: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "seal.key").write_text("old")
    backups.backup(_settings(_url(desk), tmp_path), desk.clock, tmp_path / "b.zip", _quiet)
    target = _settings(new_url("sqlite"), tmp_path / "new")
    (tmp_path / "new" / "seal.key").write_text("another")

    with pytest.raises(errors.Conflict, match=r"seal\.key"):
        backups.restore(target, tmp_path / "b.zip", _quiet)

    (tmp_path / "new" / "seal.key").unlink()
    assert backups.restore(target, tmp_path / "b.zip", _quiet).cases == 3  # nothing was written the first time


def test_a_damaged_backup_is_refused_and_nothing_is_written(
    desk: office.Office, new_url: Callable[[str], str], tmp_path: Path
) -> None:
    file = tmp_path / "b.zip"
    backups.backup(_settings(_url(desk), tmp_path), desk.clock, file, _quiet)
    whole = file.read_bytes()
    with zipfile.ZipFile(file) as packed:
        largest = max(packed.infolist(), key=lambda one: one.compress_size)
    inside = largest.header_offset + 30 + len(largest.filename) + largest.compress_size // 2
    target = _settings(new_url("sqlite"), tmp_path / "new")

    for damaged in (
        whole[: len(whole) // 2],  # cut off
        b"",
        b"no backup at all",
        whole[:inside] + bytes([whole[inside] ^ 1]) + whole[inside + 1 :],  # a flipped bit
    ):
        file.write_bytes(damaged)
        with pytest.raises((errors.Conflict, errors.Invalid)):
            backups.restore(target, file, _quiet)

    file.write_bytes(whole)
    assert backups.restore(target, file, _quiet).cases == 3


def test_a_bit_flipped_anywhere_is_refused_or_changes_nothing(desk: office.Office, tmp_path: Path) -> None:
    file, chance = tmp_path / "b.zip", random.Random(20261129)
    backups.backup(_settings(_url(desk), tmp_path), desk.clock, file, _quiet)
    whole, refused = file.read_bytes(), 0
    with zipfile.ZipFile(file) as packed:
        directory = packed.start_dir
    anywhere = [chance.randrange(len(whole)) for _ in range(300)]
    in_the_directory = [chance.randrange(directory, len(whole)) for _ in range(300)]

    for at in anywhere + in_the_directory:
        flipped = whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :]
        try:
            with archive.opened(io.BytesIO(flipped)) as packed:
                archive.prove(packed, archive.open_manifest(packed))
        except (errors.Conflict, errors.Invalid):
            refused += 1

    assert refused > 200


def test_a_changed_row_is_found_although_the_file_is_whole(
    desk: office.Office, new_url: Callable[[str], str], tmp_path: Path
) -> None:
    file, forged = tmp_path / "b.zip", tmp_path / "forged.zip"
    backups.backup(_settings(_url(desk), tmp_path), desk.clock, file, _quiet)
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(forged, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace("办结".encode(), "改动".encode()))

    with pytest.raises(errors.Conflict, match="与清单不符"):
        backups.restore(_settings(new_url("sqlite"), tmp_path / "new"), forged, _quiet)


def test_a_file_that_exists_is_not_overwritten(desk: office.Office, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("keep me")

    with pytest.raises(errors.Conflict, match="已存在"):
        backups.backup(_settings(_url(desk), tmp_path), desk.clock, tmp_path / "b.zip", _quiet)

    assert (tmp_path / "b.zip").read_text() == "keep me"


def test_a_folder_that_is_not_there_is_named(desk: office.Office, tmp_path: Path) -> None:
    with pytest.raises(errors.Unavailable, match="nowhere"):
        backups.backup(_settings(_url(desk), tmp_path), desk.clock, tmp_path / "nowhere" / "b.zip", _quiet)


def test_the_commands_say_what_they_did(desk: office.Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKFLOW_DATA_DIR", str(tmp_path))
    file, url = str(tmp_path / "b.zip"), f"sqlite:///{tmp_path / 'new.db'}"
    shell = CliRunner()

    taken = shell.invoke(cli.main, ["backup", file, "--database", _url(desk)])
    missing = shell.invoke(
        cli.main, ["backup", str(tmp_path / "c.zip"), "--database", f"sqlite:///{tmp_path / 'no.db'}"]
    )
    restored = shell.invoke(cli.main, ["restore", file, "--verify", "--database", url])
    again = shell.invoke(cli.main, ["restore", file, "--database", url])

    assert taken.exit_code == 0 and "已备份案件 3 件" in taken.output and "备份 entry：" in taken.output
    assert missing.exit_code == 3 and "没有数据库文件" in missing.output
    assert not (tmp_path / "no.db").exists()
    assert restored.exit_code == 0 and "已恢复案件 3 件" in restored.output
    assert again.exit_code == 3 and "不是空的" in again.output
